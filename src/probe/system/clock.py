"""Seconds that are never stepped, and that pass while the machine sleeps.

Behind a closed lid Linux stops the counter that Python takes by default: what was asked before the night
would look as if it had been asked just before what was asked in the morning.
"""

import sys
import time
from typing import Final

if sys.platform == "linux":
    SLEEPS_TOO: Final = time.CLOCK_BOOTTIME

    def counter() -> float:
        """Return seconds since the machine was started."""
        return time.clock_gettime(SLEEPS_TOO)

else:

    def counter() -> float:
        """Return seconds since some moment; Windows counts sleep, of macOS nobody has tried it."""
        return time.perf_counter()
