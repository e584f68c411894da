"""Whether a terminal obeys escape sequences: Windows' does when it is asked to, since Windows 10."""

import sys
from typing import Final, TextIO

_OBEY: Final = 0x4
"""ENABLE_VIRTUAL_TERMINAL_PROCESSING (wincon.h)."""


def takes_escapes(stream: TextIO) -> bool:
    """Say whether colours and redrawing work on a terminal; on Windows, switch them on first."""
    if sys.platform != "win32":
        return True
    import ctypes
    import msvcrt

    mode = ctypes.c_uint32()
    try:
        handle = ctypes.c_void_p(msvcrt.get_osfhandle(stream.fileno()))
        kernel32 = ctypes.windll.kernel32
        known = kernel32.GetConsoleMode(handle, ctypes.byref(mode))
        return bool(known and kernel32.SetConsoleMode(handle, mode.value | _OBEY))
    except (OSError, ValueError):  # closed, or no file below
        return False
