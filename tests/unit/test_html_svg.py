"""Drawings inside a page: ids of their own, known elements and attributes, nothing else gets in."""

import pytest

from probe.report.html_svg import inline
from probe.report.plots import trials_svg
from unit.some_trials import a_policed_run, drawn

OPEN = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">'


def test_ids_get_the_prefix_and_what_names_them_follows() -> None:
    svg = f"{OPEN.replace(' viewBox', chr(32) + 'aria-labelledby=' + chr(34) + 'a b' + chr(34) + ' viewBox')}"
    inside = inline(f'{svg}<title id="a">T</title><desc id="b">D</desc></svg>', "s1-f2")
    assert inside == (
        '<svg aria-labelledby="s1-f2-a s1-f2-b" viewBox="0 0 9 9">'
        '<title id="s1-f2-a">T</title><desc id="s1-f2-b">D</desc></svg>'
    )


def test_the_page_gives_a_drawing_its_width() -> None:
    sized = OPEN.replace(" viewBox", ' width="9" height="9" viewBox')
    assert inline(f'{sized}<rect width="1" height="2"></rect></svg>', "p") == (
        '<svg viewBox="0 0 9 9"><rect width="1" height="2"></rect></svg>'
    )


def test_words_stand_for_a_drawing_that_has_none_itself() -> None:
    assert inline(f"{OPEN}</svg>", "p", 'A "plot"') == (
        '<svg viewBox="0 0 9 9" role="img" aria-label="A &#34;plot&#34;"></svg>'
    )
    named = trials_svg(drawn(a_policed_run()))
    assert "aria-label=" not in inline(named, "p", "Other words")


def test_texts_are_escaped_again() -> None:
    svg = f"{OPEN}<text>&lt;script&gt;&amp;amp;</text><text>a<tspan>b</tspan>&lt;c</text></svg>"
    assert inline(svg, "p") == (
        '<svg viewBox="0 0 9 9"><text>&lt;script&gt;&amp;amp;</text><text>a<tspan>b</tspan>&lt;c</text></svg>'
    )


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        "<style>*{}</style>",
        '<image href="https://example.org/x.png"/>',
        '<a href="https://example.org/"><text>x</text></a>',
        '<use href="#x"/>',
        "<foreignObject><p>x</p></foreignObject>",
        '<rect style="fill:url(https://example.org/)"/>',
        '<rect onload="alert(1)"/>',
        '<g xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="#x"/>',
        '<rect xmlns="http://www.w3.org/1999/xhtml"/>',
        "<text>",
        "<!-- x -->",
        "<![CDATA[x]]>",
        "<?x y?>",
    ],
)
def test_what_a_drawing_does_not_need_gets_no_document_made(inside: str) -> None:
    with pytest.raises(ValueError, match="drawing"):
        inline(f"{OPEN}{inside}</svg>", "p")


@pytest.mark.parametrize(
    "svg", ["", "<p>x</p>", '<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>', "<svg></svg>"]
)
def test_what_is_no_drawing_is_refused(svg: str) -> None:
    with pytest.raises(ValueError, match="drawing"):
        inline(svg, "p")
