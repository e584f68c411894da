"""How many files and connections this process may have open at once: as many as the system grants."""

import sys
from contextlib import suppress
from typing import Final

ENOUGH: Final = 10_240
"""What macOS grants where it says that there is no limit (OPEN_MAX of its sys/syslimits.h)."""


def allow_files() -> None:
    """Raise the soft limit, which is 256 on macOS and 1024 on Linux, to the hard one; Windows has neither."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in (hard, ENOUGH):
        if soft == wanted:
            return
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            return
