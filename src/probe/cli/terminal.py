"""What the terminal at hand can show: encodings, colour, width, and whether somebody can be asked."""

import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console


def prepare_streams() -> None:
    """Let stdout and stderr escape what their encoding cannot hold, rather than fail in mid-table."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def can_show(text: str, stream: TextIO | None = None) -> bool:
    """Whether the stream's encoding (stdout's by default) holds every character of the text."""
    try:
        text.encode((stream or sys.stdout).encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def use_language(lang: str) -> None:
    """Use this language, else the locale's; English where the terminal lacks the letters.

    Raises LookupError for a language without a catalogue.
    """
    from probe import locale

    wanted = lang or locale.from_environment()
    if wanted == "ru" and not can_show("жЖёЁ"):
        wanted = "en"
    locale.use(wanted)


def somebody_is_there() -> bool:
    """Whether a question would be seen and could be answered."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def live_is_welcome() -> bool:
    """Whether stderr is a terminal that can redraw itself."""
    return sys.stderr.isatty() and os.environ.get("TERM", "") != "dumb"


def console(stream: TextIO) -> "Console":
    """Return a rich console that draws on the stream, plain where colour is unwanted or impossible.

    Markup, emoji codes and highlighting are off: text is shown as it is.
    """
    from rich.console import Console

    return Console(
        file=stream,
        markup=False,
        emoji=False,
        highlight=False,
        soft_wrap=False,
        no_color=bool(os.environ.get("NO_COLOR")) or None,
        force_terminal=None if stream.isatty() else False,
        safe_box=True,
        legacy_windows=False,
    )
