"""Drawings as they may stand inside a page: known elements and attributes only, ids of their own, no size."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Final

from markupsafe import Markup, escape

from probe.report.show import visible

SPACE: Final = "{http://www.w3.org/2000/svg}"
TAGS: Final = frozenset(
    ("svg", "g", "title", "desc", "text", "tspan", "line", "polyline", "polygon", "path", "rect", "circle")
)
ATTRIBUTES: Final = frozenset(
    (
        *("id", "role", "viewBox", "aria-label", "aria-labelledby", "aria-hidden"),
        *(
            "x",
            "y",
            "x1",
            "y1",
            "x2",
            "y2",
            "cx",
            "cy",
            "r",
            "rx",
            "dx",
            "dy",
            "width",
            "height",
            "points",
            "d",
        ),
        *("fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "fill-opacity", "transform"),
        *("font-size", "font-family", "font-weight", "text-anchor", "dominant-baseline"),
    )
)
"""None that fetches, links, styles or runs."""
_IDS: Final = ("id", "aria-labelledby")
_ITS_OWN_SIZE: Final = ("width", "height")


def inline(svg: str, prefix: str, alt: str = "") -> Markup:
    """Return a drawing of ours for a page: ids get the prefix, the page gives it its width.

    `alt` stands for a drawing that has no title and description itself.
    Raises ValueError for what is no drawing or holds more than a drawing may: no document is made of it.
    """
    if "<!" in svg or "<?" in svg:
        raise ValueError("a drawing that declares something")
    try:
        root = ET.fromstring(svg)  # noqa: S314  # no declaration, hence no entity
    except ET.ParseError as error:
        raise ValueError(f"no drawing: {error}") from None
    if root.tag != f"{SPACE}svg":
        raise ValueError(f"no drawing: {root.tag[:60]!r}")
    if alt and "aria-labelledby" not in root.attrib:
        root.attrib |= {"role": "img", "aria-label": visible(alt)}
    return Markup("").join(_written(root, prefix, is_root=True))  # every piece is escaped or a known word


def _written(element: ET.Element, prefix: str, *, is_root: bool = False) -> list[Markup]:
    name = element.tag.removeprefix(SPACE)
    if name not in TAGS:
        raise ValueError(f"a drawing with {name[:60]!r}")
    pieces = [Markup("<"), escape(name)]
    for key, value in element.attrib.items():
        if key not in ATTRIBUTES:
            raise ValueError(f"a drawing with the attribute {key[:60]!r}")
        if is_root and key in _ITS_OWN_SIZE:
            continue
        own = " ".join(f"{prefix}-{part}" for part in value.split()) if key in _IDS else value
        pieces += [Markup(' {}="{}"').format(key, own)]
    pieces.append(Markup(">"))
    pieces.append(escape(element.text or ""))
    for child in element:
        pieces += _written(child, prefix)
        pieces.append(escape(child.tail or ""))
    return [*pieces, Markup("</{}>").format(name)]
