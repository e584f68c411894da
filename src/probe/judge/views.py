"""Gather the controls of a target, and pick those that speak of one hop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from probe.judge.place import place_of
from probe.judge.view import ControlView, view_of_answer
from probe.judge.whole import is_of_object

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probe.judge.facts import RunFacts
    from probe.judge.place import Place
    from probe.judge.reading import Reading


def all_views(facts: RunFacts, reading: Reading) -> tuple[ControlView, ...]:
    """Return what every control saw of this target, in order of time, the baseline last."""
    views = [
        replace(
            view_of_answer(answer, uid=m.measurement_uid, started_s=m.started_s),
            before=reading.before(m),
            after=reading.after(m),
        )
        for m in reading.aside
        if not is_of_object(reading, m)
        for answer in m.controls
    ]
    if facts.baseline is not None and reading.own:
        from probe.judge.baseline import baseline_view

        found = baseline_view(facts, reading.target, reading.own[-1].measurement_start_time)
        views += [found] if found is not None else []
    return tuple(views)


def views_of_hop(views: Sequence[ControlView], place: Place, index: int) -> tuple[ControlView, ...]:
    """Return the views of this hop.

    Controls follow redirects by themselves, so one that was asked for the first hop may still show a page to
    compare with, or that the whole fails. Where it was led is not known, so that it got through carries
    nothing here; its addresses are those of another name and are left out.
    """
    found: list[ControlView] = []
    for view in views:
        # Of a zone controls are asked by the name of something below it.
        named = view.url and place.scheme != "zone"
        same = place_of(view.url).host.lower() == place.host.lower() if named else index == 0
        if same:
            found.append(view)
        elif index > 0:
            found.append(
                replace(view, addresses=frozenset(), asns=frozenset(), dns_failure=None, earlier=True)
            )
    return tuple(found)
