"""Text for paper: what a page cannot show is an escape, long words find their breaks, columns their width."""

import unicodedata

import pytest

from probe.report.annex.blocks import Table
from probe.report.letters.printable import BREAK, DRAWN, breakable, drawable, printable, printable_lines
from probe.report.letters.widths import shares


def test_controls_are_escapes_and_french_spaces_stay() -> None:
    assert printable("a\x00\x1b[31m\u202eb\ud800\n") == "a\\x00\\x1b[31m\\u202eb\\ud800\\n"
    assert printable("«\u00a0oui\u202f»") == "«\u00a0oui\u202f»"
    assert printable("thin\u2009space") == "thin space"


def test_a_letter_and_its_mark_become_one_where_there_is_one() -> None:
    assert printable("и\u0306") == "й"
    assert drawable(printable("e\u0301 q\u0308")) == "é q\\u0308"


def test_what_is_cut_is_said() -> None:
    assert printable("x" * 12, 10) == "xxxxxxxxxx[+2]"
    assert printable_lines("ab\ncdef", 5) == "ab\ncd\n[+2]"


def test_lines_stay_lines_and_a_return_alone_is_an_escape() -> None:
    assert printable_lines("a\r\nb\tc\rd\u2028e") == "a\nb    c\\rd\\u2028e"


def test_letters_of_our_languages_are_drawn_and_pictographs_are_escapes() -> None:
    ours = "aZ09 éèêëàâçîïôœùûüÿæ«»’–—… абвгдеёжзийклмнопрстуфхцчшщъыьэюя ≤≥×± № €₽"
    assert drawable(ours) == ours
    assert drawable("\U0001f600 中") == "\\U0001f600 \\u4e2d"


def test_no_mark_that_must_combine_is_drawn() -> None:
    drawn = (chr(point) for first, last in DRAWN for point in range(first, last + 1))
    odd = [
        c for c in drawn if unicodedata.category(c)[0] == "M" or unicodedata.category(c) in {"Cc", "Cf", "Cs"}
    ]
    assert odd == []


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("short words stay", ["short words stay"]),
        ("www.example.org/a-long-path", ["www.", "example.", "org/", "a-", "long-", "path"]),
        ("неопределённость", ["неопределённость"]),
        ("w" * 34, ["wwww"] * 8 + ["ww"]),
    ],
)
def test_a_long_word_may_end_a_line_behind_its_punctuation_then_anywhere(
    text: str, pieces: list[str]
) -> None:
    assert breakable(text).split(BREAK) == pieces


def test_a_hash_may_end_a_line_every_fourth_digit() -> None:
    assert breakable("0123456789abcdef", code=True).split(BREAK) == ["0123", "4567", "89ab", "cdef"]


def test_columns_keep_the_widths_they_bring() -> None:
    assert shares(Table(head=("a", "b"), rows=(), widths=(1, 3))) == (0.25, 0.75)


@pytest.mark.parametrize(
    "widths", [(1.0,), (1.0, 0.0), (1.0, -1.0), (1.0, float("nan")), (float("inf"), 1.0)]
)
def test_widths_that_are_none_are_chosen_instead(widths: tuple[float, ...]) -> None:
    assert shares(Table(head=("a", "b"), rows=(), widths=widths)) == (0.5, 0.5)


def test_the_column_of_sentences_is_wider_and_none_starves() -> None:
    table = Table(head=("n", "why"), rows=(("1", "a sentence of words " * 40),))
    n, why = shares(table)
    assert n + why == pytest.approx(1)
    assert why > 4 * n
    assert n > 0.05


def test_an_address_is_not_broken_and_a_longer_one_is() -> None:
    assert breakable("at 203.0.113.250, and") == "at 203.0.113.250, and"
    assert breakable("2001:db8:1:2:3::4", code=True).split(BREAK) == ["2001:", "db8:", "1:", "2:", "3::", "4"]


def test_a_number_keeps_its_width_whatever_width_was_said() -> None:
    rows = (("a text", "0.013", "0.000244"),)
    text, ratio, p = shares(Table(head=("t", "r", "p"), rows=rows, widths=(98, 1, 1), right=(1, 2)))
    assert (ratio, p) == pytest.approx((0.075, 0.105))
    assert text + ratio + p == pytest.approx(1)
    assert p * 100 > len("0.000244")


def test_a_word_of_usual_length_is_not_broken_for_the_sake_of_a_wide_column() -> None:
    state, _why = shares(Table(head=("s", "w"), rows=(("заблокировано", "b"),), widths=(1, 20)))
    assert state == pytest.approx(0.155)


def test_more_numbers_than_a_page_holds_share_it_by_their_lengths() -> None:
    rows = (("1" * 20, "2" * 8) * 6,)
    found = shares(Table(head=("n",) * 12, rows=rows, right=tuple(range(12))))
    assert sum(found) == pytest.approx(1)
    assert found[0] / found[1] == pytest.approx(22.5 / 10.5)
