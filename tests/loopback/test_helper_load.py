"""The helper under load, in small: as `benchmarks/helper_load.py` does it in full."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter

from loopback.helping import a_nonce, ask, closed, connected, download, receipts, serving
from loopback.malformed import ENDPOINT_SEEDS, TRANSFER_SEEDS, malformed
from probe.helper.guard import Guard
from probe.helper.limits import Limits
from probe.helper.serve import Settings, open_helper
from probe.helper.transfer import TransferServer

CLIENTS = 200


def address(client: int) -> str:
    return f"127.1.0.{client + 1}"


def test_two_hundred_clients_at_once_all_get_all_and_none_far_later_than_the_others() -> None:
    async def use(server: TransferServer) -> list[float]:
        loop = asyncio.get_running_loop()
        begun = loop.time()

        async def one(client: int) -> float:
            nonce = a_nonce()
            answer = await ask(server.port, download(131072, nonce), local=address(client))
            assert len(answer.body) == 131072
            took = loop.time() - begun
            assert len(await receipts(server.port, nonce)) == 1
            return took

        took = await asyncio.gather(*(one(client) for client in range(CLIENTS)))
        assert server.counts == {"200": 2 * CLIENTS}
        return sorted(took)

    took = serving(use, limits=Limits(connections_per_client=CLIENTS))
    rates = [1 / seconds for seconds in took]
    assert sum(rates) ** 2 / (len(rates) * sum(rate**2 for rate in rates)) > 0.9


PATIENCE_S = 0.25
"""For a request that may never be answered; long enough that a crowded machine answers the others."""


async def send(port: int, data: bytes, local: str, *, tls: bool) -> str:
    """Send bytes, leave after a moment; return the status that came, or nothing."""
    with contextlib.suppress(OSError):
        reader, writer = await connected(port, local=local, tls=tls)
        try:
            writer.write(data)
            async with asyncio.timeout(PATIENCE_S):
                return (await reader.read(100))[:12].decode("latin-1")
        except (TimeoutError, OSError):
            return ""
        finally:
            writer.transport.abort()
            await closed(writer)
    return ""


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
                    batch.append(send(port, data, address(n % CLIENTS), tls=tls))
                got.update(await asyncio.gather(*batch))
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
