"""What a dry run announces is all that a run contacts, as the servers and the network of the lab saw it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from probe.lab import open_lab
from probe.model.options import RunOptions
from probe.pipeline.folder import open_run
from probe.pipeline.request import Prepared, RunRequest, prepare
from probe.pipeline.run import concluded, measure
from probe.targets import read_catalogue

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from probe.lab.world import World


class Nobody:
    """An observer who does not watch."""

    def __getattr__(self, _name: str) -> Any:
        return lambda *_args, **_kwargs: None


class Seen:
    """The names and addresses that a world was asked for."""

    def __init__(self, world: World) -> None:
        self.names: set[str] = set()
        self.addresses: set[str] = set()
        self._watch(world, "on_query", lambda name, *_: self.names.add(name.rstrip(".").lower()))
        self._watch(world, "on_hello", lambda _place, name: self.names.add((name or "").lower()))
        self._watch(world, "on_request", lambda _place, host, **_: self.names.add(host.lower()))
        self._watch(world, "on_syn", lambda place: self.addresses.add(place.address))

    def _watch(self, world: World, name: str, look: Callable[..., object]) -> None:
        inner = getattr(world, name)

        def seen(*args: Any, **words: Any) -> Any:
            look(*args, **words)
            return inner(*args, **words)

        setattr(world, name, seen)


async def _run(scenario: str, results: Path, **options: Any) -> tuple[Prepared, Seen, set[str]]:
    """Measure a scenario; return what was announced, what was seen, and the announced names' addresses."""
    catalogue = read_catalogue()
    async with AsyncExitStack() as stack:
        lab = await stack.enter_async_context(open_lab(scenario, catalogue))
        seen = Seen(lab.network.world)
        wanted: dict[str, Any] = {"controls": lab.controls, **lab.options, **options}
        request = RunRequest(
            services=lab.services,
            urls=lab.urls,
            results=results,
            options=replace(RunOptions(), **wanted),
            vantage=lab.vantage,
        )
        prepared = prepare(request, catalogue=catalogue)
        opened = open_run(prepared, lab.network, simulated=True)
        stack.enter_context(opened.folder)
        record = await measure(prepared, lab.network, Nobody(), opened)
        concluded(opened.folder, record, Nobody())
        told = {contact.host.lower() for contact in prepared.contacts}
        lead = {a for name in told for a in lab.network.world.true_addresses(name)}
        return prepared, seen, told | lead | set(lab.network.system_resolvers())


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["clean", "tls-reset-sni"])
def test_a_run_of_the_lab_goes_nowhere_that_was_not_announced(scenario: str, tmp_path: Path) -> None:
    _prepared, seen, announced = asyncio.run(_run(scenario, tmp_path, rounds=1))
    assert len(seen.names) > 20
    assert len(seen.addresses) > 20
    assert sorted(seen.names - announced) == []
    assert sorted(seen.addresses - announced) == []
