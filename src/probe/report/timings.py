"""How long the steps of each target took, as one drawing a service: resolving, connecting, TLS, first byte.

Medians over the tries that succeeded, on a scale of logarithms; each step has a shape beside its colour.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from probe.locale import N_, _, ngettext
from probe.report import svg
from probe.report.scale import scale_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from probe.model.verdict import Verdict
    from probe.report.scale import LogScale

WIDTH: Final = 720
LEFT: Final = 236
RIGHT: Final = 24
HEAD: Final = 66
ROW: Final = 22
FOOT: Final = 40
MOST_ROWS: Final = 40
LONGEST: Final = 36
"""Characters of an input that stand beside its row."""
MOST_TICKS: Final = 6
NS: Final = 1e6
"""Nanoseconds of a millisecond: in these the scale of rates goes from a microsecond to ten seconds."""
Step = tuple[str, str, str]
STEPS: Final[tuple[Step, ...]] = (
    ("dns_ms", N_("name resolution"), "#009e73"),
    ("connect_ms", N_("TCP connect"), "#2a87c8"),
    ("tls_ms", N_("TLS handshake"), "#d55e00"),
    ("ttfb_ms", N_("first byte of the answer"), "#b5569c"),
)
"""Field of a verdict, name, colour: three to one at least on white and on black."""


Naming = Callable[["Verdict"], str]
"""What stands beside a row."""
Rounding = Callable[[float | None], float | None]
"""What becomes of milliseconds before they are drawn."""


def timed(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Return the verdicts of which at least one step was timed."""
    return [
        v
        for v in verdicts
        if any(ms is not None and ms >= 0 for ms in (v.dns_ms, v.connect_ms, v.tls_ms, v.ttfb_ms))
    ]


def timings_svg(service: str, verdicts: Sequence[Verdict], naming: Naming, rounding: Rounding) -> str:
    """Return one drawing of a service's timed targets, a row each; of many, the first forty."""
    rows = [(naming(v), _times(v, rounding)) for v in verdicts[:MOST_ROWS]]
    scale = scale_of(ms * NS for _input, times in rows for ms in times if ms is not None)
    height = HEAD + ROW * len(rows) + FOOT
    name = hashlib.sha256(service.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    title = _("How long each step took: {service}").format(service=service)
    inside = "".join(
        (
            svg.element("title", svg.plain(title), id=f"tt-{name}"),
            svg.element("desc", svg.plain(described(verdicts)), id=f"td-{name}"),
            svg.words(title, 12, 20, size=14, bold=True),
            *_legend(12, 44),
            *_axis(scale, HEAD, HEAD + ROW * len(rows)),
            *(
                piece
                for n, (text, times) in enumerate(rows)
                for piece in _row(text, times, scale, HEAD + ROW * (n + 0.5))
            ),
        )
    )
    return svg.drawing(inside, WIDTH, height, labelled_by=f"tt-{name} td-{name}")


def described(verdicts: Sequence[Verdict]) -> str:
    """Return what the drawing shows in a sentence, for who cannot see it; the figures stand in the table."""
    n, shown = len(verdicts), min(len(verdicts), MOST_ROWS)
    said = ngettext(
        "Medians of {n} target over the tries that succeeded, in milliseconds.",
        "Medians of {n} targets over the tries that succeeded, in milliseconds.",
        n,
    ).format(n=n)
    if shown == n:
        return said
    return said + " " + _("The first {shown} are drawn.").format(shown=shown)


def _times(verdict: Verdict, rounding: Rounding) -> tuple[float | None, ...]:
    """Return the steps' times in the order of `STEPS`."""
    found = (rounding(getattr(verdict, field)) for field, _name, _colour in STEPS)
    return tuple(None if ms is None or ms < 0 else ms for ms in found)


def _x(scale: LogScale, ms: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * scale.share(ms * NS)


def _legend(x: float, y: float) -> Iterator[str]:
    for (_field, name, colour), mark in zip(STEPS, MARKS, strict=True):
        yield mark(x + 5, y - 4, colour)
        yield svg.words(_(name), x + 14, y)
        x += 34 + 6.2 * len(_(name))


def _axis(scale: LogScale, top: float, bottom: float) -> Iterator[str]:
    for tick in scale.ticks(MOST_TICKS):
        x = _x(scale, tick / NS)
        yield svg.line(x, top, x, bottom, stroke=svg.GRID, stroke_width=0.5, opacity=0.5)
        yield svg.words(ms_text(tick / NS), x, bottom + 16, anchor="middle")


def _row(text: str, times: Sequence[float | None], scale: LogScale, y: float) -> Iterator[str]:
    shown = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    yield svg.words(shown, LEFT - 10, y + 4, anchor="end")
    yield svg.line(LEFT, y, WIDTH - RIGHT, y, stroke=svg.GRID, stroke_width=0.5, opacity=0.3)
    for ms, (_field, _name, colour), mark in zip(times, STEPS, MARKS, strict=True):
        if ms is not None:
            yield mark(_x(scale, ms), y, colour)


def ms_text(ms: float) -> str:
    """Return a time with its unit, short."""
    if ms >= 1000:
        return _("{n} s").format(n=f"{ms / 1000:g}")
    return _("{n} ms").format(n=f"{ms:g}")


def _disc(x: float, y: float, colour: str) -> str:
    return svg.element("circle", cx=x, cy=y, r=4, fill=colour)


def _square(x: float, y: float, colour: str) -> str:
    return svg.element(
        "rect", x=x - 3.5, y=y - 3.5, width=7, height=7, fill="none", stroke=colour, stroke_width=1.8
    )


def _triangle(x: float, y: float, colour: str) -> str:
    return svg.element(
        "polygon", points=f"{x:.1f},{y - 5:.1f} {x + 5:.1f},{y + 4:.1f} {x - 5:.1f},{y + 4:.1f}", fill=colour
    )


def _diamond(x: float, y: float, colour: str) -> str:
    points = f"{x:.1f},{y - 5:.1f} {x + 5:.1f},{y:.1f} {x:.1f},{y + 5:.1f} {x - 5:.1f},{y:.1f}"
    return svg.element("polygon", points=points, fill="none", stroke=colour, stroke_width=1.8)


MARKS: Final = (_disc, _square, _triangle, _diamond)
"""In the order of `STEPS`: told apart without colours."""
