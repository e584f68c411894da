"""How single things are said on a terminal: paragraphs, labels, reasons, what was compared with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from rich.text import Text

from probe.locale import _, say
from probe.model.words import State
from probe.report import words
from probe.report.show import encodable, visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console
    from rich.table import Table

    from probe.model.verdict import ServiceVerdict, Verdict

STYLES: Final = {
    "blocked": "bold red",
    "throttled": "bold magenta",
    "geoblocked": "yellow",
    "down": "yellow",
    "inconclusive": "cyan",
    "reachable": "green",
}
ACCUSING: Final = (State.BLOCKED, State.THROTTLED)
WIDEST: Final = 120
"""Columns used at most: longer lines are hard to read."""
LONGEST: Final = 8000
"""Characters of one paragraph."""
_STUCK: Final = re.compile(r"[ \u202f](?=[;:!?%»](?:\W|$))|(?<=«)[ \u202f]")
"""Where French writes a space and no line may end."""
_HOLD: Final = "\ue000"
"""Stands for such a space while lines are made: of private use, one column wide, escaped by `visible`."""


def paragraph(console: Console, text: str | Text, style: str, width: int, indent: int = 0) -> None:
    """Print a paragraph wrapped at the width, every line indented, none padded.

    Plain text is made safe once more here, whatever the caller forgot.
    """
    whole = text if isinstance(text, Text) else Text(visible(text, LONGEST), style=style)
    if not console.encoding.lower().startswith("utf"):  # escapes are wider than letters: before wrapping
        whole = Text(encodable(whole.plain, console.encoding), style=style)
    whole.plain = stuck(whole.plain)
    for line in whole.wrap(console, max(width - indent, 20), overflow="fold"):
        line.rstrip()
        line.plain = line.plain.replace(_HOLD, " ")
        console.print(Text(" " * indent).append_text(line), soft_wrap=True)


def stuck(text: str) -> str:
    """Return a text in which no line can end before a sign that French sets apart by a space."""
    return _STUCK.sub(_HOLD, text)


def unpadded(console: Console, table: Table, width: int | None = None) -> None:
    """Print a table without the spaces that the library fills its lines with: they spoil what is copied."""
    options = console.options.update(width=width or console.width)
    for line in console.render_lines(table, options, pad=False):
        text = Text.assemble(*((segment.text.replace(_HOLD, " "), segment.style or "") for segment in line))
        text.rstrip()
        console.print(text, soft_wrap=True)


def label_of(found: Verdict | ServiceVerdict) -> str:
    """Return what was found in a few words: the mechanism where there is one, else the reason code."""
    if found.mechanism:
        return words.mechanism(found.mechanism)
    if found.reason_code and found.reason_code in words.REASONS:
        return _(words.REASONS[found.reason_code])
    return ""


def reason(found: Verdict) -> str:
    """Return the reason in the language in use, safe to look at, without the input that stands above it."""
    said = say(found).removeprefix(f"{found.input}: ").removeprefix(f"{found.input}\u202f: ")
    code_first = "_" in said.partition(" ")[0]
    return visible(said if code_first else f"{said[:1].upper()}{said[1:]}", 1200)


def compared(verdicts: Iterable[Verdict]) -> str:
    """Return what the verdicts were compared with, each kind once."""
    found = list(verdicts)
    sources = dict.fromkeys(str(source) for verdict in found for source in verdict.control_source)
    named = [source for source in sources if source != "none"]
    if not named and found and all(verdict.confirmed for verdict in found):
        return _("nothing: what came settles it")
    named = named or ["none"]
    return ", ".join(_(words.CONTROLS[source]) for source in named)


def confirmation(found: Verdict | ServiceVerdict) -> str:
    """Return whether an accusation is confirmed."""
    return _("confirmed") if found.confirmed else _("not confirmed")


def located(found: Verdict | ServiceVerdict) -> str:
    """Return where the evidence locates an accusation."""
    return _(words.LOCATED[words.place(found.located, found.mechanism)])
