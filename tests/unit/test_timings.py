"""Drawings of how long steps took: true to the figures, told apart without colours, safe, the same bytes."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from math import log10

import pytest

from probe import locale
from probe.model.verdict import Verdict
from probe.report.timings import LEFT, RIGHT, STEPS, WIDTH, described, ms_text, timed, timings_svg
from unit.a_run import a_verdict
from unit.test_plots import luminance

SVG = "{http://www.w3.org/2000/svg}"


def picture(verdicts: Sequence[Verdict]) -> str:
    return timings_svg("twitter", verdicts, lambda v: v.input, lambda ms: ms)


def drawn(verdicts: Sequence[Verdict]) -> ET.Element:
    return ET.fromstring(picture(verdicts))


def texts(root: ET.Element) -> list[str]:
    return [each.text or "" for each in root.iter(f"{SVG}text")]


def test_only_what_was_timed_is_drawn() -> None:
    verdicts = [a_verdict(), a_verdict(dns_ms=0.0), a_verdict(tls_ms=-1.0), a_verdict(ttfb_ms=3.0)]
    assert timed(verdicts) == [verdicts[1], verdicts[3]]


def test_a_mark_lies_where_the_scale_of_logarithms_has_its_time() -> None:
    root = drawn([a_verdict(dns_ms=10.0, connect_ms=31.6227766), a_verdict(dns_ms=100.0)])
    ends = [text for text in texts(root) if text.endswith(" ms")]
    assert (ends[0], ends[-1]) == ("10 ms", "100 ms")
    _legend, first, second = (float(each.get("cx", "")) for each in root.iter(f"{SVG}circle"))
    assert (first, second) == (LEFT, WIDTH - RIGHT)
    square = list(root.iter(f"{SVG}rect"))[1]
    middle = LEFT + (WIDTH - LEFT - RIGHT) * log10(3.16227766)
    assert float(square.get("x", "")) + 3.5 == pytest.approx(middle, abs=0.1)


def test_each_step_has_a_shape_of_its_own() -> None:
    root = drawn([a_verdict(dns_ms=10.0, connect_ms=20.0, tls_ms=30.0, ttfb_ms=40.0)])
    kinds = [(each.tag.removeprefix(SVG), each.get("fill") == "none") for each in root]
    marks = [kind for kind in kinds if kind[0] in {"circle", "rect", "polygon"}]
    assert marks[:4] == [("circle", False), ("rect", True), ("polygon", False), ("polygon", True)]
    assert marks[4:] == marks[:4]


def test_what_the_drawing_shows_is_said_in_words() -> None:
    root = drawn([a_verdict(dns_ms=1.0)])
    title, description = root[0], root[1]
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    assert title.text == "How long each step took: twitter"
    assert description.text == "Medians of 1 target over the tries that succeeded, in milliseconds."
    many = [a_verdict(dns_ms=1.0)] * 41
    assert described(many) == (
        "Medians of 41 targets over the tries that succeeded, in milliseconds. The first 40 are drawn."
    )


def test_of_many_targets_the_first_forty_are_drawn() -> None:
    root = drawn([a_verdict(dns_ms=1.0, input=f"https://{n}.example/") for n in range(100)])
    assert sum(text.endswith(".example/") for text in texts(root)) == 40


def test_a_time_beyond_the_scale_stands_at_its_edge() -> None:
    root = drawn([a_verdict(dns_ms=1e9), a_verdict(dns_ms=0.0)])
    _legend, slow, fast = (float(each.get("cx", "")) for each in root.iter(f"{SVG}circle"))
    assert (fast, slow) == (LEFT, WIDTH - RIGHT)


def test_what_came_from_outside_is_escaped_and_cut() -> None:
    verdict = a_verdict(dns_ms=1.0, input="<b>\x1b\u202e" + "x" * 99)
    svg = timings_svg("</title><script>", [verdict], lambda v: v.input, lambda ms: ms)
    assert "<script" not in svg
    assert "<b>" not in svg
    (shown,) = (text for text in texts(ET.fromstring(svg)) if text.startswith("<b>"))
    assert shown == "<b>\\x1b\\u202e" + "x" * 30 + "…"


@pytest.mark.parametrize("colour", [colour for _field, _name, colour in STEPS])
def test_colours_read_on_white_and_on_black(colour: str) -> None:
    assert 1.05 / (luminance(colour) + 0.05) >= 3.0
    assert (luminance(colour) + 0.05) / 0.05 >= 3.0


def test_times_are_written_shortly() -> None:
    assert [ms_text(ms) for ms in (0.001, 0.5, 20, 999, 1000, 5000)] == [
        "0.001 ms",
        "0.5 ms",
        "20 ms",
        "999 ms",
        "1 s",
        "5 s",
    ]


def test_the_same_verdicts_give_the_same_bytes() -> None:
    assert picture([a_verdict(dns_ms=1.5)]) == picture([a_verdict(dns_ms=1.5)])


def test_a_drawing_speaks_the_language_in_use() -> None:
    locale.use("ru")
    try:
        assert "TLS handshake" not in texts(drawn([a_verdict(dns_ms=1.0)]))
    finally:
        locale.use("en")
