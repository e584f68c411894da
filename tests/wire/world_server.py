"""Serves the world of a wire scenario in the server's namespace; the servers themselves are the lab's.

`python -m wire.world_server SCENARIO FOLDER` prints the lab's line of readiness and serves until SIGTERM.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

from probe.lab import ca, pages
from probe.lab.ca import Authority
from probe.lab.records import Scenario as LabScenario
from probe.lab.serve import readiness, serve_world
from probe.lab.tunnels import write_files
from probe.lab.world import World
from probe.targets import read_catalogue
from wire.standin import serve_flood
from wire.tables import SCENARIOS

if TYPE_CHECKING:
    from wire.scenario import Scenario


def make_world(scenario: Scenario, folder: Path) -> World:
    """Build the lab's world from the wire's table."""
    more = dict(scenario.world)
    lab = LabScenario(
        name=scenario.name,
        title=scenario.about,
        sites=scenario.sites,
        rules=scenario.rules,
        urls=(
            *scenario.urls,
            *more.pop("urls", ()),
            *(f"https://{name}/" for name in scenario.sites if not name.startswith("@")),
        ),
        **more,
    )
    world = World(lab, read_catalogue(), Authority(folder))
    world.censored = bool(scenario.rules)
    write_files(folder)
    return world


async def serve(scenario: Scenario, folder: Path) -> None:
    """Serve until told to stop."""
    world = make_world(scenario, folder)
    if scenario.background:
        serve_flood()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with serve_world(world):
        ready = readiness(world)
        kinds = {address: world.true_syn(address) for address in ready["refusing"]}
        ready["unreachable"] = [address for address, kind in kinds.items() if kind == "unreachable"]
        ready["refusing"] = [address for address, kind in kinds.items() if kind == "reset"]
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        await stop.wait()


def main() -> None:
    """Serve, by another clock where the scenario says so."""
    scenario, ahead = SCENARIOS[sys.argv[1]], timedelta(days=SCENARIOS[sys.argv[1]].clock_days)

    class Shifted(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]  # the lab only asks for UTC
            return datetime.fromtimestamp(time.time(), UTC) + ahead

    def date(*, usegmt: bool = True) -> str:
        return format_datetime(Shifted.now(UTC), usegmt=usegmt)

    with mock.patch.object(ca, "datetime", Shifted), mock.patch.object(pages, "formatdate", date):
        asyncio.run(serve(scenario, Path(sys.argv[2])))


if __name__ == "__main__":
    main()
