"""Every hostile peer of the corpus: its exact failure string, in time, in little memory, nobody harmed."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from loopback.hostile_trial import a_hostile_lab, meet
from probe.lab.hostile import ADDRESSES, CORPUS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from probe.lab import Lab
    from probe.lab.hostile.records import Misbehaviour


@pytest.fixture(scope="module")
def world() -> Iterator[tuple[asyncio.Runner, Lab]]:
    """The hostile world, open for all rows, and the loop that it lives in."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        lab = runner.run(stack.enter_async_context(a_hostile_lab()))
        yield runner, lab
        runner.run(stack.aclose())


@pytest.mark.parametrize("row", CORPUS, ids=lambda row: row.name)
def test_a_hostile_peer_gets_its_own_name_a_deadline_and_little_memory_and_harms_nobody(
    row: Misbehaviour, world: tuple[asyncio.Runner, Lab]
) -> None:
    runner, lab = world
    assert runner.run(meet(lab, row)).faults() == []


def test_every_row_has_a_name_an_address_and_a_sentence_of_its_own() -> None:
    for of in ("name", "does", "host"):
        assert len({getattr(row, of) for row in CORPUS}) == len(CORPUS)
    assert len(set(ADDRESSES.values())) == len(CORPUS) + 1
    assert [row.name for row in CORPUS if not row.does.endswith(".")] == []
