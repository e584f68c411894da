"""Worlds made for one test, opened as a lab."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar
from unittest import mock

from loopback.lab_clients import catalogue
from probe.lab import Lab, open_lab
from probe.lab import lab as lab_module
from probe.lab.records import Scenario

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")


def in_world(use: Callable[[Lab], Awaitable[T]], **more: Any) -> T:
    """Open a world made for one test, on a link as fast as loopback where nothing else is said."""
    made = Scenario(name="x", title="x", **{"link": None, **more})

    async def run() -> T:
        with mock.patch.object(lab_module, "scenario_named", return_value=made):
            async with open_lab("x", catalogue(), rtt_s=0.001) as lab:
                return await use(lab)

    return asyncio.run(run())
