"""The README's error table says what the full one says."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
FULL = (ROOT / "docs" / "throttling-errors.md").read_text()
CENSORS = ("none", "none", "policer 140k, 16 kB", "policer 140k, 64 kB", "1/10")
COLUMNS = ("throttled", "confirmed", "throttled", "throttled", "throttled")


def cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def headline() -> list[list[str]]:
    table = README.partition("<!-- throttling-headline")[2].partition("<!-- /throttling-headline")[0]
    return [cells(row) for row in table.splitlines() if row.startswith("| ")][1:]


def figure(line: str, censor: str, column: str) -> str:
    rows = [cells(row) for row in FULL.partition(f"**{line}**")[2].splitlines()[:20] if row.startswith("| ")]
    (found,) = (row for row in rows[1:] if row[0] == censor)
    return found[rows[0].index(column)]


def test_every_line_that_was_simulated_is_told() -> None:
    errors = FULL.partition("\n## Errors")[2].partition("\n## ")[0]
    simulated = re.findall(r"^\*\*([^*]+)\*\*$", errors, re.MULTILINE)
    assert [row[0] for row in headline()] == simulated


@pytest.mark.parametrize("row", headline(), ids=lambda row: row[0])
def test_a_figure_is_that_of_the_full_table(row: list[str]) -> None:
    assert row[1:] == [figure(row[0], c, column) for c, column in zip(CENSORS, COLUMNS, strict=True)]
