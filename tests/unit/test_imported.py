"""What is left of a verdict on another program's records beside what that program said of them itself."""

from __future__ import annotations

import pytest

from probe.judge.imported import Claim, as_imported
from probe.model.words import Located, State
from unit.a_run import a_verdict

OURS = {"state": State.BLOCKED, "mechanism": "tls.reset.sni", "located": Located.PATH, "confirmed": True}


@pytest.mark.parametrize(
    ("theirs", "left"),
    [("tls.reset.sni", "tls.reset.sni"), ("tls.reset", "tls.reset"), ("tls.timeout.sni", ""), ("", "")],
)
def test_a_mechanism_stands_as_far_as_both_say_it(theirs: str, left: str) -> None:
    claim = Claim(state="blocked", mechanism=theirs, located="path", confirmed=True)
    verdict = as_imported(a_verdict(**OURS), claim)
    assert (verdict.state, verdict.mechanism, verdict.confirmed) == (State.BLOCKED, left, True)


def test_what_the_program_did_not_confirm_or_place_is_neither_here() -> None:
    verdict = as_imported(a_verdict(**OURS), Claim(state="blocked", mechanism="tls.reset.sni"))
    assert (verdict.confirmed, verdict.located) == (False, Located.UNKNOWN)


def test_where_it_claims_nothing_the_records_speak_alone() -> None:
    verdict = a_verdict(**OURS)
    assert as_imported(verdict, None) is verdict
