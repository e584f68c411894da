"""Every rule of judging a target has a golden case: a scripted run and the verdict that it must give."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cases.debts import measurements_of
from cases.script import a_target
from cases.world import facts_of
from probe.judge import judge_target
from probe.judge.rules import ALL_RULES
from probe.model.target import Debt
from probe.model.words import MECHANISMS, Owed

FOLDER = Path(__file__).parent / "judge"


def _rows() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(FOLDER.glob("*.toml")):
        for number, row in enumerate(tomllib.loads(path.read_text(encoding="utf-8"))["case"]):
            yield f"{path.stem}-{number}-{row['name'].replace(' ', '-')}", row


CASES = dict(_rows())


@pytest.mark.parametrize("case", CASES)
def test_the_scripted_run_gives_the_written_verdict(case: str) -> None:
    row = CASES[case]
    target = a_target(row)
    judged = judge_target(facts_of(row, target), target, measurements_of(row, target))
    v = judged.verdict
    said = {
        "rule": v.rule_id,
        "state": v.state.value,
        "mechanism": v.mechanism,
        "located": v.located.value,
        "confirmed": v.confirmed,
        "reason": v.reason_code.value if v.reason_code else "",
        "layer": v.layer.value,
        "sources": [s.value for s in v.control_source],
        "failure": v.failure or "",
        "debts": [d.what.value for d in judged.debts],
        "caveats": [c.value for c in v.caveats],
        "notes": [_told(note, row["expect"].get("notes", [])) for note in v.notes],
        "because": _told(v.because, [row["expect"].get("because", "")]),
        "urls": [d.url for d in judged.debts],
        "transfers": [_transfer(d) for d in judged.debts if d.what is Owed.TRANSFER],
        "ratio": v.goodput_ratio,
        "p_value": round(float(dict(v.params).get("p_value", "1")), 6),
    }
    wanted = row["expect"]
    assert {key: said[key] for key in wanted} == wanted, v
    assert v.mechanism in {"", *MECHANISMS}
    assert "{" not in v.because
    assert v.because == v.template.format(**dict(v.params))


def _told(text: str, wanted: list[str]) -> str:
    """Return what is wanted where the text is that, but for what its ellipsis stands for."""
    for one in wanted:
        begin, dots, end = one.partition("…")
        if dots and text.startswith(begin) and text.endswith(end):
            return one
    return text


def _transfer(debt: Debt) -> str:
    """Return a debt in short; when a confirmation is due is tested apart."""
    size = f" {debt.n_bytes} bytes" if debt.n_bytes else ""
    later = " later" if debt.not_before_s else ""
    return f"{debt.arms} {debt.purpose} {debt.test}.{debt.number}{size}{later}"


def test_every_rule_of_judging_a_target_has_a_case() -> None:
    assert {rule.rule_id for rule in ALL_RULES} == {row["expect"]["rule"] for row in CASES.values()}


def test_rule_ids_are_unique_where_their_rules_differ() -> None:
    by_id: dict[str, set[str]] = {}
    for rule in ALL_RULES:
        by_id.setdefault(rule.rule_id, set()).add(rule.because)
    assert {rule_id for rule_id, words in by_id.items() if len(words) > 1} == set()
