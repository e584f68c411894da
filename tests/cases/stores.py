"""Golden cases: what a shop said of an app, by a page or by its interface, one answer a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probe.model import failure as f
from probe.model.appstore import StoreAnswer

if TYPE_CHECKING:
    from cases.script import When

LISTED = {"listed": True, "gone": False}


def a_store_answer(who: str, said: str, extra: dict[str, str], when: When) -> StoreAnswer:
    """`store page|api listed|gone|unclear|timeout [front=us] [control=1]`; asked is storefront ru."""
    return StoreAnswer(
        t0=when.t0,
        t=when.t,
        failure=f.TIMEOUT if said == "timeout" else None,
        ip="17.1.1.1",
        status_code=None if said == "timeout" else 200,
        said_by="api" if who == "api" else "page",
        storefront=extra.get("front", "ru"),
        app="324715238" if "control" in extra else "686449807",
        is_control="control" in extra,
        listed=LISTED.get(said),
    )
