"""The threat model names files and tests that exist, and for each of its adversaries at least one."""

import ast
import re
from functools import lru_cache
from pathlib import Path
from typing import Final

import pytest
from benchmarks.defences import DEFENCES, Defence

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "security.md").read_text()
NAMED = re.findall(r"`((?:unit|loopback|property|cli|cases|wire)/test_\w+\.py)::(test_\w+)`", TEXT)
PLACES = sorted(set(re.findall(r"`((?:src|tools|requirements)/[\w./-]+)`", TEXT)))
ADVERSARIES: Final = (
    "The censor",
    "The operator with flow logs",
    "A malicious target",
    "A malicious helper",
    "A malicious list, baseline or table",
    "A malicious bag, and a sender of forged ones",
    "The thief of the laptop",
    "The curious coalition",
    "Whoever supplies the parts",
)


@lru_cache
def named_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / "tests" / file).read_text())
    found = (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(node.name for node in found)


@pytest.mark.parametrize(("file", "name"), sorted(set(NAMED)))
def test_every_test_that_the_threat_model_names_exists(file: str, name: str) -> None:
    assert (ROOT / "tests" / file).is_file(), file
    assert name in named_in(file)


def test_no_mention_of_a_test_escapes_this_check() -> None:
    assert TEXT.count("::test_") == len(NAMED)
    assert len(set(NAMED)) > 60


@pytest.mark.parametrize("place", PLACES)
def test_every_file_that_the_threat_model_names_exists(place: str) -> None:
    assert (ROOT / place).exists()


@pytest.mark.parametrize("adversary", ADVERSARIES)
def test_every_adversary_has_a_chapter_with_tests_and_every_row_says_what_stands_against_it(
    adversary: str,
) -> None:
    chapter = TEXT.partition(f"\n## {adversary}\n")[2].partition("\n## ")[0]
    rows = [line.split(" | ") for line in chapter.splitlines() if line.startswith("| ")]
    rows = [row for row in rows if row[0] != "| can"]
    assert rows
    for row in rows:
        assert len(row) == 5, row
        untested = not row[4].strip(" |")
        assert not untested or "**nothing" in row[2], row


@pytest.mark.parametrize("one", DEFENCES, ids=lambda one: f"{one.file} {one.weakened[:20]}")
def test_each_defence_that_is_taken_out_on_trial_is_there_and_named_in_the_threat_model(one: Defence) -> None:
    """Or `python -m benchmarks.defences` would try nothing."""
    assert one.there in (ROOT / "src" / "probe" / one.file).read_text()
    assert f"`{one.test}`" in TEXT


def test_the_two_promises_that_nobody_can_make_are_not_made() -> None:
    """What a run cannot hide and what a bag cannot prove stand there in bold."""
    bold = re.findall(r"\*\*([^*]+)\*\*", TEXT)
    assert "nothing" in bold
    assert "a bag that verifies" in bold
    assert "one subscriber" in bold
