"""Names of files and folders that mean the same on every system."""

from typing import Final

_DEVICE: Final = r"(?i:con|prn|aux|nul|com\d|lpt\d)(?![A-Za-z0-9_-])"
"""Whatever follows a dot: on Windows `aux.toml` is no file."""
PLAIN: Final = rf"(?!{_DEVICE})[A-Za-z0-9_-](?:[A-Za-z0-9._-]{{0,98}}[A-Za-z0-9_-])?"
"""One part of a path: 100 characters at most, not hidden, no dot at the end, which Windows drops."""
