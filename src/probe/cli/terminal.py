"""What the terminal at hand can show: encodings, colour, width, and whether somebody can be asked."""

import gettext
import io
import os
import sys
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TextIO

from probe.system.console import takes_escapes
from probe.system.signs import PLAINLY

if TYPE_CHECKING:
    from rich.console import Console

LETTERS: Final = {"ru": "жЖёЁ", "fr": "éÀœ«"}
"""What a terminal must be able to show of a language, or it is spoken to in English."""


class Patient(io.TextIOWrapper):
    """A stderr that nobody may read: what cannot be written is dropped, never a reason to end a run."""

    def write(self, text: str) -> int:
        """Write, or drop."""
        try:
            return super().write(text)
        except (OSError, ValueError):
            return len(text)

    def flush(self) -> None:
        """Flush, or drop."""
        with suppress(OSError, ValueError):
            super().flush()


def prepare_streams() -> None:
    """Make the three streams usable whatever they are: closed, full, or of an encoding without the letters.

    A closed one becomes the null device, so that no file of ours gets its number and no module meets None.
    """
    while (spare := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(spare)
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123 - open until the end
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - as above
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - as above
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors=PLAINLY)
    if (
        isinstance(sys.stderr, io.TextIOWrapper) and sys.stderr is sys.__stderr__
    ):  # which keeps the buffer open
        sys.stderr = Patient(
            sys.stderr.buffer, encoding=sys.stderr.encoding, errors=PLAINLY, line_buffering=True
        )


def let_go_of_stdout() -> None:
    """Keep the interpreter from failing at its very end over results that nobody takes."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def language_typed(arguments: list[str]) -> str:
    """Return the language of `--lang X` or `--lang=X`, for the help, which is made before options are read.

    One that is not known is left to the option itself to refuse.
    """
    from probe import locale

    for here, following in pairwise([*arguments, ""]):
        name, _equals, value = here.partition("=")
        if name == "--lang" and (value or following) in locale.LANGUAGES:
            return value or following
    return ""


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
    if not can_show(LETTERS.get(wanted, "")):
        wanted = "en"
    locale.use(wanted)
    # The library that parses options looks up its own few words in the process's catalogue.
    gettext.bindtextdomain("probe", locale.FOLDER)
    gettext.textdomain("probe")
    os.environ["LANGUAGE"] = wanted


def somebody_is_there() -> bool:
    """Whether a question would be seen and could be answered."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def live_is_welcome() -> bool:
    """Whether stderr is a terminal that can redraw itself."""
    return sys.stderr.isatty() and os.environ.get("TERM", "") != "dumb" and takes_escapes(sys.stderr)


def console(stream: TextIO) -> "Console":
    """Return a rich console that draws on the stream, plain where colour is unwanted or impossible.

    Markup, emoji codes and highlighting are off: text is shown as it is.
    """
    from rich.console import Console

    class Plain(Console):
        def on_broken_pipe(self) -> None:
            """Leave a closed pipe to whoever gives exit codes; the library would end with 1."""
            raise BrokenPipeError

    columns = os.environ.get("COLUMNS", "")
    return Plain(
        file=stream,
        markup=False,
        emoji=False,
        highlight=False,
        soft_wrap=False,
        no_color=bool(os.environ.get("NO_COLOR")) or None,
        force_terminal=None if stream.isatty() and takes_escapes(stream) else False,
        width=80 if columns.isdigit() and not int(columns) else None,  # the library would show nothing
        safe_box=True,
        legacy_windows=False,
    )
