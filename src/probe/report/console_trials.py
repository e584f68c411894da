"""The pairs behind a verdict of speed, drawn under the reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from probe.locale import _
from probe.report.console_text import paragraph
from probe.report.show import visible
from probe.report.strip import strip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from probe.report.trials import TargetTrials


def speeds(console: Console, trials: Sequence[TargetTrials], width: int) -> None:
    """Print the pairs of each target; nothing where there are none."""
    drawn = [one for one in trials if one.series]
    if not drawn:
        return
    console.print()
    console.print(Text(_("Speeds compared"), style="bold"))
    in_utf = console.encoding.lower().startswith("utf")
    for one in drawn:
        console.print()
        paragraph(console, f"{visible(one.target_id, 120)}  {visible(one.input, 200)}", "bold", width, 2)
        for line in strip(one, width - 4, unicode=in_utf):
            paragraph(console, line, "", width, 4)
