"""The trials over time as inline SVG: what each moved, and how fast each pair was, target and control.

One file is complete in itself: no script, no style sheet, nothing fetched. Colours read on light and dark
ground and are told apart by shape and dash too. The same trials give the same bytes.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from probe.locale import _, ngettext
from probe.report import svg
from probe.report.scale import nice_ceiling, scale_of
from probe.report.trial_words import ALONE, CAPTIONS, rate_text, summary

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from probe.report.trials import Pair, Series, TargetTrials, Trial

WIDTH: Final = 720
HEAD: Final = 56
ROW: Final = 224
TESTED: Final = "#d55e00"
CONTROL: Final = "#2a87c8"
"""Vermilion and blue: told apart without red and green, three to one at least on white and on black."""
MOST_TICKS: Final = 6
MOST_NUMBERS: Final = 16
"""Pairs that are numbered one by one; of more, every second or third."""


class Panel(Struct, frozen=True, kw_only=True):
    """A rectangle to draw in."""

    x: float
    y: float
    width: float
    height: float

    @property
    def bottom(self) -> float:
        """Where its lower axis lies."""
        return self.y + self.height


def trials_svg(trials: TargetTrials) -> str:
    """Return one picture of a target's trials, a row for each kind of arms."""
    n_rows = len(trials.series) + bool(trials.alone)
    height = HEAD + ROW * n_rows
    name = hashlib.sha256(trials.target_id.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    rows = "".join(
        [
            *(_series_row(series, HEAD + ROW * n) for n, series in enumerate(trials.series)),
            _alone_row(trials.alone, HEAD + ROW * len(trials.series)) if trials.alone else "",
        ]
    )
    title = _("Speed of {target} and of its control").format(target=trials.target_id)
    inside = "".join(
        (
            svg.element("title", svg.plain(title), id=f"t-{name}"),
            svg.element("desc", " ".join(map(svg.plain, described(trials))), id=f"d-{name}"),
            svg.words(title, 12, 20, size=14, bold=True),
            _legend(12, 40),
            rows,
        )
    )
    return svg.drawing(inside, WIDTH, height, labelled_by=f"t-{name} d-{name}")


def described(trials: TargetTrials) -> tuple[str, ...]:
    """Return what the picture shows in sentences, for who cannot see it."""
    said = [f"{_(CAPTIONS[series.arms])}{_(': ')}{summary(series)}." for series in trials.series]
    if trials.alone:
        n = len(trials.alone)
        said.append(ngettext("{n} trial without a limit.", "{n} trials without a limit.", n).format(n=n))
    return tuple(said)


def _legend(x: float, y: float) -> str:
    tested, control = _("the target's name"), _("control")
    after = x + 30 + 6 * len(tested)
    return "".join(
        (
            _mark(x + 5, y - 4, tested=True),
            svg.words(tested, x + 14, y),
            _mark(after + 5, y - 4, tested=False),
            svg.words(control, after + 14, y),
        )
    )


def _series_row(series: Series, y: float) -> str:
    curves = [trial for pair in series.pairs for trial in (pair.control, pair.tested)]
    moved = Panel(x=56, y=y + 42, width=270, height=130)
    rates = Panel(x=430, y=y + 42, width=278, height=130)
    return "".join(
        (
            svg.words(_(CAPTIONS[series.arms]), 12, y + 14, size=12, bold=True),
            svg.words(summary(series), 12, y + 30),
            *_moved(curves, moved),
            *_rates(series.pairs, rates),
        )
    )


def _alone_row(trials: Sequence[Trial], y: float) -> str:
    panel = Panel(x=56, y=y + 26, width=WIDTH - 68, height=146)
    return svg.words(_(ALONE), 12, y + 14, size=12, bold=True) + "".join(_moved(trials, panel))


def _moved(trials: Sequence[Trial], panel: Panel) -> Iterator[str]:
    """Yield bytes over time, a curve a trial."""
    seconds = nice_ceiling(max((t for trial in trials for t, _n in trial.moved), default=0.0))
    n_bytes = nice_ceiling(max((n for trial in trials for _t, n in trial.moved), default=0) / 1e3) * 1e3
    for n in range(5):
        y = panel.bottom - panel.height * n / 4
        yield svg.line(panel.x, y, panel.x + panel.width, y, stroke=svg.GRID, stroke_width=0.5, opacity=0.5)
        yield svg.words(f"{n_bytes / 1e3 * n / 4:g}", panel.x - 6, y + 4, anchor="end")
        x = panel.x + panel.width * n / 4
        yield svg.words(f"{seconds * n / 4:g}", x, panel.bottom + 15, anchor="middle")
    middle = panel.x + panel.width / 2
    yield svg.words(_("kB moved, by seconds since the request"), middle, panel.bottom + 31, anchor="middle")
    for trial in trials:
        points = [
            (panel.x + panel.width * t / seconds, panel.bottom - panel.height * b / n_bytes)
            for t, b in trial.moved
        ]
        dash = {} if trial.is_tested else {"stroke_dasharray": "4 2"}
        colour = TESTED if trial.is_tested else CONTROL
        if len(points) > 1:
            yield svg.path(points, stroke=colour, stroke_width=1.4, opacity=0.8, **dash)


def _rates(pairs: Sequence[Pair], panel: Panel) -> Iterator[str]:
    """Yield the rate of both arms of each pair, in order of time, on a scale of logarithms."""
    scale = scale_of(rate for p in pairs if p.counts for rate in (p.rates.tested_bps, p.rates.control_bps))
    for tick in scale.ticks(MOST_TICKS):
        y = panel.bottom - panel.height * scale.share(tick)
        yield svg.line(panel.x, y, panel.x + panel.width, y, stroke=svg.GRID, stroke_width=0.5, opacity=0.5)
        yield svg.words(rate_text(tick), panel.x - 6, y + 4, anchor="end")
    step = panel.width / max(len(pairs), 1)
    for n, pair in enumerate(pairs):
        x = panel.x + step * (n + 0.5)
        if n and pair.test != pairs[n - 1].test:
            edge = x - step / 2
            yield svg.line(edge, panel.y, edge, panel.bottom, stroke=svg.INK, stroke_dasharray="2 3")
            yield svg.words(_("confirmation"), edge + 4, panel.y - 4, size=10)
        if n % (len(pairs) // MOST_NUMBERS + 1) == 0:
            yield svg.words(str(n + 1), x, panel.bottom + 15, anchor="middle")
        if not pair.counts:
            yield svg.words("–", x, panel.y + panel.height / 2, anchor="middle")  # noqa: RUF001 - a dash
            continue
        both = (pair.rates.tested_bps, pair.rates.control_bps)
        low, high = (panel.bottom - panel.height * scale.share(rate) for rate in both)
        yield svg.line(x, low, x, high, stroke=svg.GRID, stroke_width=1)
        yield _mark(x, high, tested=False)
        yield _mark(x, low, tested=True)
    middle = panel.x + panel.width / 2
    yield svg.words(_("rate of each pair, in order of time"), middle, panel.bottom + 31, anchor="middle")


def _mark(x: float, y: float, *, tested: bool) -> str:
    """Return a filled circle for what is tested, an open square for its control."""
    if tested:
        return svg.element("circle", cx=x, cy=y, r=4, fill=TESTED)
    return svg.element(
        "rect", x=x - 3.5, y=y - 3.5, width=7, height=7, fill="none", stroke=CONTROL, stroke_width=1.8
    )
