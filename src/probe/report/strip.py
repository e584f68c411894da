"""The pairs of one target on a terminal: a line a pair, both rates on one scale of logarithms, the ratio."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.text import Text

from probe.locale import _
from probe.report.scale import scale_of
from probe.report.trial_words import CAPTIONS, not_counted, rate_text, ratio_text, summary

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from probe.report.scale import LogScale
    from probe.report.trials import Pair, Series, TargetTrials

MARKS: Final = ("●", "□", "─")
ASCII_MARKS: Final = ("x", "o", "-")
"""Tested, control, and what joins them."""
TESTED_STYLE: Final = "magenta"
CONTROL_STYLE: Final = "cyan"
NUMBER: Final = 4
RATIO: Final = 9
NARROWEST: Final = 16
WIDEST: Final = 64
COLUMNS_A_TICK: Final = 14


def strip(trials: TargetTrials, width: int, *, unicode: bool = True) -> Iterator[Text]:
    """Yield lines no wider than `width` that show every pair; nothing where no pair was made."""
    marks = MARKS if unicode else ASCII_MARKS
    for series in trials.series:
        yield Text(f"{_(CAPTIONS[series.arms])}{_(': ').rstrip(' ')}")
        yield from _drawn(series, width, marks)
        yield Text(f"{summary(series)}.", style="dim")


def _drawn(series: Series, width: int, marks: Sequence[str]) -> Iterator[Text]:
    room = min(width - NUMBER - RATIO, WIDEST)
    if room < NARROWEST:
        yield from _written(series.pairs)
        return
    scale = scale_of(r for p in series.counted for r in (p.rates.tested_bps, p.rates.control_bps))
    tested, control, _joined = marks
    legend = Text(" " * NUMBER)
    legend.append(tested, style=TESTED_STYLE).append(" " + _("the target's name") + "  ")
    yield legend.append(control, style=CONTROL_STYLE).append(" " + _("control"))
    yield Text(" " * NUMBER + _axis(scale, room), style="dim")
    for n, pair in enumerate(series.pairs):
        if n and pair.test != series.pairs[n - 1].test:
            yield Text(" " * NUMBER + _("confirmation"), style="dim")
        yield Text(f"{n + 1:>{NUMBER - 1}} ").append_text(_line(pair, scale, room, marks))


def _line(pair: Pair, scale: LogScale, room: int, marks: Sequence[str]) -> Text:
    if not pair.counts:
        return Text(not_counted(pair), style="dim")
    tested, control, joined = marks
    a, b = (round(scale.share(rate) * (room - 1)) for rate in _both(pair))
    cells = [joined if min(a, b) < x < max(a, b) else " " for x in range(room)]
    styles = {b: CONTROL_STYLE, a: TESTED_STYLE}
    cells[b], cells[a] = control, tested
    line = Text()
    for x, cell in enumerate(cells):
        line.append(cell, style=styles.get(x, "dim"))
    return line.append(f"  {ratio_text(pair.ratio)}")


def _axis(scale: LogScale, room: int) -> str:
    """Return the rates at the ticks, each beginning or ending where it lies, none over another."""
    cells = ""
    for tick in scale.ticks(max(room // COLUMNS_A_TICK, 2)):
        text = rate_text(tick)
        at = round(scale.share(tick) * (room - 1))
        begin = min(max(at - cell_len(text) // 2, 0), room - cell_len(text))
        if begin > cell_len(cells) or not cells:
            cells = cells.ljust(begin) + text
    return cells


def _written(pairs: Sequence[Pair]) -> Iterator[Text]:
    """Yield the pairs in numbers, where there is no room for a picture."""
    for n, pair in enumerate(pairs):
        rates = f"{' / '.join(map(rate_text, _both(pair)))} = {ratio_text(pair.ratio)}"
        yield Text(f"{n + 1}: {rates if pair.counts else not_counted(pair)}")


def _both(pair: Pair) -> tuple[float, float]:
    return pair.rates.tested_bps, pair.rates.control_bps
