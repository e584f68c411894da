"""The helper under load, in small: as `benchmarks/helper_load.py` does it in full."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from loopback.helping import a_nonce, ask, closed, connected, download, receipts, serving
from loopback.malformed import ENDPOINT_SEEDS, TRANSFER_SEEDS, malformed
from probe.helper.guard import Guard
from probe.helper.limits import Limits
from probe.helper.serve import Settings, open_helper
from probe.helper.transfer import TransferServer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import pytest

CLIENTS = 200


def address(client: int) -> str:
    return f"127.1.0.{client + 1}"


def test_two_hundred_clients_at_once_all_get_all_and_none_far_later_than_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # No deadline of the helper's ends here what a crowded machine draws out.
    monkeypatch.setattr("probe.helper.transfer.HANDSHAKE_S", 300.0)
    monkeypatch.setattr("probe.helper.visit.HEAD_S", 300.0)

    async def use(server: TransferServer) -> list[float]:
        begun = (
            time.process_time()
        )  # helper and clients are this process: what others of the machine do is out

        async def one(client: int) -> float:
            nonce = a_nonce()
            answer = await ask(server.port, download(131072, nonce), local=address(client))
            assert len(answer.body) == 131072
            took = time.process_time() - begun
            assert len(await receipts(server.port, nonce)) == 1
            return took

        took = await asyncio.gather(*(one(client) for client in range(CLIENTS)))
        assert server.counts == {"200": 2 * CLIENTS}
        return sorted(took)

    took = serving(use, limits=Limits(connections_per_client=CLIENTS, max_seconds=300.0))
    rates = [1 / seconds for seconds in took]
    assert sum(rates) ** 2 / (len(rates) * sum(rate**2 for rate in rates)) > 0.9


PATIENCE_S = 0.25
"""For a request that may never be answered, once a good one that was sent after it has its answer."""


async def send(port: int, data: bytes, local: str, others: asyncio.Event, *, tls: bool) -> str:
    """Send bytes, leave a moment after the others were answered; return the status that came, or nothing."""
    with contextlib.suppress(OSError):
        reader, writer = await connected(port, local=local, tls=tls)
        writer.write(data)
        came = asyncio.create_task(reader.read(100))
        patience = asyncio.create_task(_a_moment_after(others))
        try:
            await asyncio.wait({came, patience}, return_when=asyncio.FIRST_COMPLETED)
            return came.result()[:12].decode("latin-1") if came.done() else ""
        except OSError:
            return ""
        finally:
            for task in (came, patience):
                task.cancel()
            await asyncio.gather(came, patience, return_exceptions=True)
            writer.transport.abort()
            await closed(writer)
    return ""


async def _a_moment_after(others: asyncio.Event) -> None:
    await others.wait()
    await asyncio.sleep(PATIENCE_S)


async def a_batch(transfer_port: int, *sent: Callable[[asyncio.Event], Awaitable[str]]) -> list[str]:
    """Send all at once and a good request behind them; its answer is what patience is counted from."""
    answered = asyncio.Event()

    async def good() -> None:
        try:
            assert (await ask(transfer_port, download(1000, a_nonce()))).status == 200
        finally:
            answered.set()

    *came, _ = await asyncio.gather(*(one(answered) for one in sent), good())
    return [str(status) for status in came]


def test_a_thousand_malformed_requests_crash_nothing_and_the_next_good_one_is_served() -> None:
    rng = random.Random(7)

    async def main() -> Counter[str]:
        faults: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: faults.append(context))
        limits = Limits(connections_per_client=400, requests_per_minute=10**6)
        settings = Settings(port=0, transfer_port=0, limits=limits)
        got: Counter[str] = Counter()
        nowhere = Guard(only=frozenset())
        async with open_helper(settings, guard=nowhere) as running:
            assert running.transfers is not None
            for start in range(0, 1000, 50):
                batch = []
                for n in range(start, start + 50):
                    to_transfers = rng.random() < 0.5
                    port = running.transfers.port if to_transfers else running.port
                    data = malformed(TRANSFER_SEEDS if to_transfers else ENDPOINT_SEEDS, rng)
                    tls = to_transfers and rng.random() < 0.8
                    batch.append(partial(send, port, data, address(n % CLIENTS), tls=tls))
                got.update(await a_batch(running.transfers.port, *batch))
            answer = await ask(running.transfers.port, download(1000, a_nonce()))
            page = await ask(running.port, b"GET /health HTTP/1.0\r\n\r\n", tls=False)
            assert (answer.status, page.status) == (200, 200)
            assert running.transfers.counts["fault"] == 0
            assert [what for what in page.json["requests"] if what.endswith(" 500")] == []
        assert [fault for fault in faults if "Cancelled" not in str(fault)] == []
        return got

    got = asyncio.run(main())
    assert got["HTTP/1.1 400"] > 100
    assert set(got) <= {
        "",
        "HTTP/1.1 200",
        *(f"HTTP/1.1 {n}" for n in (100, 101, 400, 404, 405, 411, 413, 431)),
    }
