"""The language that a person chose for the whole system, where no variable says it."""

import sys


def of_the_desktop() -> str:
    """Return a language's code, as `ru`, or nothing; Windows sets no LANG."""
    if sys.platform != "win32":
        return ""
    import ctypes
    import locale

    number = ctypes.windll.kernel32.GetUserDefaultUILanguage()
    return locale.windows_locale.get(number, "").partition("_")[0]
