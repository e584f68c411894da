"""`visible` leaves nothing that a terminal obeys, and leaves readable text alone."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.report.show import encodable, visible


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Доступ ограничен", "Доступ ограничен"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\x00b", r"a\x00b"),
        ("\x9b2J", r"\x9b2J"),
        ("line\r\nnext\ttab", r"line\r\nnext\ttab"),
        ("\u202egpj.exe", r"\u202egpj.exe"),
        ("a\u2066b\u2069", r"a\u2066b\u2069"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("\U000e0001tag", r"\U000e0001tag"),
        ("\ud800", r"\ud800"),
        ("a\u2028b", r"a\u2028b"),
        ("no\u00a0break", "no break"),
        ("\u00e9\u0301\u0301", "\u00e9\u0301\u0301"),
    ],
)
def test_controls_become_escapes_and_letters_stay(text: str, expected: str) -> None:
    assert visible(text) == expected


def test_a_flood_of_combining_marks_keeps_three() -> None:
    shown = visible("a" + "\u0308" * 200)
    assert shown.startswith("a" + "\u0308" * 3 + r"\u0308")
    assert shown.count("\u0308") == 3


def test_marks_are_counted_for_each_letter_anew() -> None:
    assert visible("\u00e9\u0301\u00e9\u0301") == "\u00e9\u0301\u00e9\u0301"


def test_long_text_is_cut_and_says_by_how_much() -> None:
    assert visible("x" * 1000, limit=10) == "x" * 10 + "[+990]"


@given(st.text(max_size=400))
def test_whatever_comes_nothing_is_left_to_obey(text: str) -> None:
    shown = visible(text)
    assert not any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} for c in shown)
    assert len(shown) <= 10 * 400 + 20


def test_what_the_encoding_lacks_is_escaped() -> None:
    assert encodable("Ж", "ascii") == r"\u0416"
