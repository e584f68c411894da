"""The words that every stage speaks: frozen records and the Network protocol; no behaviour, no I/O."""
