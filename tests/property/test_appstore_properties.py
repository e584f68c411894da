"""What holds whatever a shop says: it is reached, and an app is called gone on one kind of evidence only."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cases.debts import measurements_of
from cases.script import a_target
from cases.world import facts_of
from probe.judge import judge_target
from probe.model.measurement import Measurement
from probe.model.words import State

TRIES = settings(max_examples=150, deadline=None)
PAGES = {
    "apple": "https://apps.apple.com/ru/app/id686449807",
    "google": "https://play.google.com/store/apps/details?id=org.one&hl=en&gl=RU",
}
PAGE = ("dns system 104.16.1.1 name={host}", "tcp 104.16.1.1 ok", "tls 104.16.1.1 ok name={host}")
ANSWERS = st.builds(
    "store {} {} {}".format,
    st.sampled_from(("page", "api")),
    st.sampled_from(("gone", "gone", "gone", "listed", "unclear", "timeout")),
    st.sampled_from(("front=ru", "front=ru control=1", "front=us", "front=us control=1")),
)


@st.composite
def rows(draw: st.DrawFn) -> dict[str, Any]:
    """Return rounds of an app's page that came, with any answers of the shop beside it."""
    shop = draw(st.sampled_from(tuple(PAGES)))
    host = PAGES[shop].split("/")[2]
    status = draw(st.sampled_from(("404", "404", "200", "429")))
    rounds = [
        [
            *(op.format(host=host) for op in PAGE),
            f"http 104.16.1.1 {status}",
            *draw(st.lists(ANSWERS, max_size=6)),
        ]
        for _ in range(draw(st.integers(1, 3)))
    ]
    target = {"input": PAGES[shop], "experiment": "store", "control_app": "x", "elsewhere": "us"}
    return {"target": target, "rounds": rounds}


def heard(made: list[Measurement], front: str, *, is_control: bool) -> set[bool | None]:
    """Return what answers over a certificate that holds said of one app in one storefront."""
    answers = (a for m in made for a in m.store_answers if a.failure is None)
    return {a.listed for a in answers if a.storefront == front and a.is_control is is_control}


@TRIES
@given(rows())
def test_an_app_is_gone_only_where_all_here_say_so_and_others_are_found(row: dict[str, Any]) -> None:
    target = a_target(row)
    made = list(measurements_of(row, target))
    verdict = judge_target(facts_of(row, target), target, made).verdict
    assert verdict.state is State.REACHABLE
    assert verdict.rule_id.startswith("store.")
    assert judge_target(facts_of(row, target), target, made[::-1]).verdict == verdict
    here, control = heard(made, "ru", is_control=False), heard(made, "ru", is_control=True)
    assert (verdict.rule_id == "store.offered") is (True in here)
    if verdict.mechanism == "store.delisted":
        assert False in here
        assert True not in here
        assert True in control
        assert False not in control
        assert True in heard(made, "us", is_control=False)
        assert sum(False in heard([m], "ru", is_control=False) for m in made) >= 2
