"""Little pieces of SVG: escaped, with attributes in the order given and numbers of fixed form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape, quoteattr

from probe.report.show import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

INK: Final = "#767676"
"""Grey that reads on white and on black alike (4.5:1 on both)."""
GRID: Final = "#8a8a8a"


def element(name: str, inside: str = "", /, **attributes: float | str) -> str:
    """Return an element; `stroke_width` becomes `stroke-width`, numbers have one digit behind the point."""
    written = "".join(f" {key.replace('_', '-')}={quoteattr(_value(v))}" for key, v in attributes.items())
    return f"<{name}{written}>{inside}</{name}>" if inside else f"<{name}{written}/>"


def drawing(inside: str, width: float, height: float, *, labelled_by: str) -> str:
    """Return a whole picture of so many pixels; `labelled_by` are the ids of its title and description."""
    return element(
        "svg",
        inside,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        role="img",
        font_family="sans-serif",
        aria_labelledby=labelled_by,
    )


def words(text: str, x: float, y: float, *, anchor: str = "start", size: int = 11, bold: bool = False) -> str:
    """Return text that a reader sees: safe to look at, at a place."""
    weight = {"font_weight": "bold"} if bold else {}
    return element("text", plain(text), x=x, y=y, text_anchor=anchor, font_size=size, fill=INK, **weight)


def plain(text: str) -> str:
    """Return text escaped for XML, without what no document may hold."""
    return escape(visible(text, 300))


def line(x1: float, y1: float, x2: float, y2: float, **attributes: float | str) -> str:
    """Return a straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, **attributes)


def path(points: Iterable[tuple[float, float]], **attributes: float | str) -> str:
    """Return a line through points that is not filled."""
    joined = " ".join(f"{_number(x)},{_number(y)}" for x, y in points)
    return element("polyline", points=joined, fill="none", **attributes)


def _value(value: float | str) -> str:
    return value if isinstance(value, str) else _number(value)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0").replace("-0", "-0" if abs(value) >= 0.05 else "0")
