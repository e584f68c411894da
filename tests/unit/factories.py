"""Records for tests, with everything that a test does not care about filled in."""

from dataclasses import replace
from typing import Any

from probe.model.target import Debt, Target
from probe.model.words import Owed


def a_target(target_id: str = "twitter/web", **changes: Any) -> Target:
    service = target_id.partition("/")[0]
    plain = Target(
        target_id=target_id, service=service, input=f"https://{service}.example/", experiment="web"
    )
    return replace(plain, **changes)


def a_neutral(name: str, group: str, **changes: Any) -> Target:
    return a_target(
        f"neutral/{name}",
        input=f"https://{name}/",
        is_control=True,
        neutral_group=group,
        **changes,
    )


def a_debt(what: Owed, **changes: Any) -> Debt:
    return replace(Debt(target_id="twitter/web", what=what, why="because"), **changes)
