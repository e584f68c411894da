"""How many files and connections this process may have open at once, and one more for when all are taken."""

import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from errno import EMFILE, ENFILE
from typing import Final

ENOUGH: Final = 10_240
"""What macOS grants where it says that there is no limit (OPEN_MAX of its sys/syslimits.h)."""
_PATIENCE_S: Final = (0.0, 0.02, 0.1, 0.3)
"""In a thread: the event loop may be quicker to take what was given back, and its connections end."""
_TOO_MANY: Final = (EMFILE, ENFILE)


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


class Spare:
    """A descriptor that is held back, so that a file can be written when connections took all others."""

    def __init__(self) -> None:
        """Hold nothing yet; any thread may ask for help."""
        self._lock = threading.Lock()
        self._held: int | None = None

    def hold(self) -> None:
        """Hold one from now on, if there is one."""
        with self._lock:
            if self._held is None:
                with suppress(OSError):
                    self._held = os.open(os.devnull, os.O_RDONLY)

    def help(self, act: Callable[[], None]) -> None:
        """Do what opens a file; where too many are open, do it again in the place of the one held back.

        Raises what `act` raises.
        """
        in_loop = threading.current_thread() is threading.main_thread()
        for patience_s in _PATIENCE_S[:1] if in_loop else _PATIENCE_S:
            try:
                act()
            except OSError as error:
                if error.errno not in _TOO_MANY:
                    raise
                self.give_back()
                time.sleep(patience_s)
            else:
                break
        else:
            act()
        self.hold()

    def give_back(self) -> None:
        """Hold it no longer."""
        with self._lock:
            held, self._held = self._held, None  # its number may be another file's as soon as it is closed
            if held is not None:
                os.close(held)
