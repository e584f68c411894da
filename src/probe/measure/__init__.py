"""Measuring: the only package that opens a socket as a client; it says what happened, not what it means."""
