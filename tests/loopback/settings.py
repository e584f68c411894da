"""Sessions and targets with defaults that make tests quick."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import structs

from probe.measure.runner import Session
from probe.model.options import RunOptions
from probe.model.target import Target

if TYPE_CHECKING:
    from probe.model.network import Network

QUICK = RunOptions(timeout_s=1.0, max_seconds=300.0)


def a_session(network: Network, *, options: RunOptions = QUICK, **more: Any) -> Session:
    return Session(network, options=options, run_id="test", started=network.clock.counter(), **more)


def a_target(input_: str, **more: Any) -> Target:
    blank = Target(target_id=f"test/{input_}", service="test", input=input_, experiment="web")
    return structs.replace(blank, **more)
