"""The control server that others may host: it looks at a target from elsewhere, and serves transfers."""
