"""What is printed in French keeps its signs on the line of the word that they belong to."""

import io
from collections.abc import Iterator

import pytest
from rich.console import Console

from probe import locale
from probe.model.words import State
from probe.report.console_details import details
from probe.report.console_overview import overview
from probe.report.console_text import paragraph, reason, unpadded
from unit import translations
from unit.outcomes import a_blocked_verdict, a_service


@pytest.fixture(autouse=True)
def french() -> Iterator[None]:
    locale.use("fr")
    yield
    locale.use("en")


def lines(console: Console) -> list[str]:
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue().splitlines()


def a_console(width: int) -> Console:
    return Console(file=io.StringIO(), width=width, color_system=None)


def alone(shown: list[str]) -> list[str]:
    """Return the lines that begin with a sign set apart by a space, or end with an opening quotation mark."""
    return [line for line in shown if line.strip()[:1] in tuple(";:!?%»") or line.endswith("«")]


@pytest.mark.parametrize("width", range(31, 84, 7))
def test_no_line_of_any_sentence_begins_with_a_sign(width: int) -> None:
    for message in translations.read("fr"):
        if message.id and isinstance(message.string, str) and len(message.string) > width:
            console = a_console(width)
            paragraph(console, message.string, "", width)
            shown = lines(console)
            assert alone(shown) == []
            assert " ".join(shown).replace(" ", "") == message.string.replace(" ", "").replace("\u202f", "")


@pytest.mark.parametrize("width", [60, 80, 100])
def test_no_line_of_a_table_or_of_details_begins_with_a_sign(width: int) -> None:
    verdict = a_blocked_verdict()
    console = a_console(width)
    unpadded(
        console,
        overview([a_service("twitter", State.BLOCKED, mechanism="tls.reset.sni")], [verdict], width),
        width,
    )
    details(console, [verdict], asn="AS12389", width=width, common=())
    shown = lines(console)
    assert alone(shown) == []
    assert not any("\ue000" in line for line in shown)
    assert any(" ; " in line for line in shown)


def test_a_reason_stands_without_the_input_above_it() -> None:
    verdict = a_blocked_verdict(
        input="https://x.example/", template="{name}: it answered.", params=(("name", "https://x.example/"),)
    )
    assert reason(verdict) == "Une réponse est venue."
