"""The helper under load: many clients at once, fairly, in flat memory, and ten thousand bad requests.

    python -m benchmarks.helper_load [--clients 200] [--rounds 10] [--bad 10000] [--seed 1]

`probe helper serve` runs as a process of its own on loopback, with its default limits; each client has an
address of its own (127.1.x.y), for the limits are by address. All fetch 128 kB at once, round after round.
Fair: Jain's index of the clients' rates over the whole run is at least 0.9, and nobody got less than a third
of the median. Flat: resident memory at the end is at most 8 MB above that after the first round. Bad requests
go to both ports, by TLS, in clear, and as bytes instead of a ClientHello; after each thousand a good one must
be served, no fault may have been counted, and memory at the end is at most 16 MB above that after the first
thousand. Nothing leaves the machine.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from loopback.helping import Answer, a_nonce, ask, closed, connected, download, parsed  # noqa: E402  # below their path
from loopback.malformed import ENDPOINT_SEEDS, TRANSFER_SEEDS, malformed  # noqa: E402  # as above

N_BYTES = 131_072
FAIR, LEAST, FLAT_MB, BAD_FLAT_MB = 0.9, 1 / 3, 8.0, 16.0
AT_ONCE = 100
PATIENCE_S = 1.0
"""For an answer to a bad request; the server itself waits longer for the rest of half a head."""


@dataclass(frozen=True, slots=True)
class Helper:
    """The process that serves."""

    pid: int
    port: int
    transfer_port: int

    def resident_mb(self) -> float:
        """Return what it holds in memory."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024


@contextlib.contextmanager
def a_helper(*more: str) -> Iterator[Helper]:
    """Serve in a process of its own until the block ends."""
    words = ("helper", "serve", "--port", "0", "--transfer-port", "0", "--ephemeral", *more)
    here = str(Path("/proc/thread-self/ns/net").readlink())
    guard = {"PYTHONPATH": str(ROOT / "tests" / "guard"), "PROBE_TEST_HOME_NETNS": here}
    # As in the tests: what would leave the machine is refused, whatever a changed byte asks for.
    env = os.environ | {"LC_ALL": "C.UTF-8"} | guard
    with subprocess.Popen(
        (sys.executable, "-m", "probe", *words), stdout=subprocess.PIPE, text=True, env=env
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(2)]
        try:
            port, transfer_port = (int(re.findall(r"\d+", line)[-1]) for line in lines)
            yield Helper(process.pid, port, transfer_port)
        finally:
            process.send_signal(signal.SIGTERM)
            ended = process.wait(20)
        assert ended == 0, f"the helper ended with {ended}"


def address(client: int) -> str:
    """Return the source address of a client, of loopback."""
    return f"127.1.{client // 250}.{client % 250 + 1}"


async def fetch(helper: Helper, client: int) -> int:
    """Fetch 128 kB once; return the bytes of the body that came."""
    try:
        answer = await ask(helper.transfer_port, download(N_BYTES, a_nonce()), local=address(client))
    except (OSError, IndexError, ValueError):
        return 0
    return len(answer.body) if answer.status == 200 else 0


async def load(helper: Helper, clients: int, rounds: int) -> bool:
    """Let all fetch at once, round after round; print; return whether the promises are kept."""
    moved, spent = [0] * clients, [0.0] * clients
    memory = [helper.resident_mb()]
    begun = time.perf_counter()

    async def one(client: int) -> bool:
        t0 = time.perf_counter()
        got = await fetch(helper, client)
        spent[client] += time.perf_counter() - t0
        moved[client] += got
        return got == N_BYTES

    completed = 0
    for _ in range(rounds):
        completed += sum(await asyncio.gather(*(one(client) for client in range(clients))))
        memory.append(helper.resident_mb())
    wall = time.perf_counter() - begun
    rates = [n / s for n, s in zip(moved, spent, strict=True)]
    middle = statistics.median(rates)
    jain = sum(rates) ** 2 / (clients * sum(rate**2 for rate in rates))
    slowest, fastest = min(rates) / middle, max(rates) / middle
    mbps = sum(moved) * 8 / wall / 1e6
    wanted = clients * rounds
    print(f"completed: {completed} of {wanted} transfers of {N_BYTES} bytes, {wall:.1f} s, {mbps:.0f} Mbit/s")
    print(f"fairness: Jain's index {jain:.3f}; slowest {slowest:.2f}, fastest {fastest:.2f} of the median")
    first, last, peak = memory[1], memory[-1], max(memory)
    print(f"memory: {memory[0]:.0f} MB, after one round {first:.0f}, at the end {last:.0f}, peak {peak:.0f}")
    return completed == wanted and jain >= FAIR and slowest >= LEAST and last - first <= FLAT_MB


async def bad(helper: Helper, number: int, seed: int) -> bool:
    """Send bad requests to both ports; print how they ended; return whether the helper is unharmed."""
    rng = random.Random(seed)
    outcomes: Counter[str] = Counter()
    gate = asyncio.Semaphore(AT_ONCE)
    memory = [helper.resident_mb()]

    async def one(client: int, way: str, data: bytes) -> None:
        async with gate:
            outcomes[f"{way}: {await outcome(helper, way, data, address(client))}"] += 1

    ways = ("transfers", "transfers", "no TLS", "endpoint", "endpoint")
    good = 0
    for start in range(0, number, 1000):
        batch = []
        for n in range(start, min(number, start + 1000)):
            way = rng.choice(ways)
            batch.append(
                one(n % 200, way, malformed(TRANSFER_SEEDS if way == "transfers" else ENDPOINT_SEEDS, rng))
            )
        await asyncio.gather(*batch)
        good += await fetch(helper, 240) == N_BYTES and (await health(helper)).status == 200
        memory.append(helper.resident_mb())
    said = (await health(helper)).json
    faults = said["transfers"].get("fault", 0) + sum(
        n for what, n in said["requests"].items() if what.endswith(" 500")
    )
    for what, count in sorted(outcomes.items()):
        print(f"  {count:6} {what}")
    print(f"bad requests: {sum(outcomes.values())}, faults {faults}, good ones served in between {good}")
    print(
        f"memory after each thousand: {' '.join(f'{mb:.0f}' for mb in memory[1:])} MB, {memory[0]:.0f} before"
    )
    print("transfer port counts", json.dumps(said["transfers"]))
    return (
        memory[-1] - memory[1] <= BAD_FLAT_MB
        and faults == 0
        and good == len(range(0, number, 1000))
        and sum(outcomes.values()) == number
    )


async def outcome(helper: Helper, way: str, data: bytes, local: str) -> str:
    """Send bytes and say in a word what came of it."""
    port = helper.port if way == "endpoint" else helper.transfer_port
    try:
        reader, writer = await connected(port, local=local, tls=way == "transfers")
    except OSError:
        return "no connection"
    try:
        writer.write(data)
        if way != "transfers":
            writer.write_eof()
        async with asyncio.timeout(PATIENCE_S):
            got = await reader.read(65536)
        return str(parsed(got).status) if got.startswith(b"HTTP/1.1 ") else "bytes" if got else "closed"
    except TimeoutError:
        return "waits for more"
    except OSError:
        return "reset"
    finally:
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await closed(writer)


async def health(helper: Helper) -> Answer:
    """Return the health page; a helper whose connections are all taken is asked again for a while."""
    asked = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    for _ in range(20):
        with contextlib.suppress(OSError, IndexError):
            return await ask(helper.port, asked, tls=False, local=address(241))
        await asyncio.sleep(0.5)
    raise TimeoutError


def main() -> int:
    """Print both parts; return 1 when a promise is broken."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--bad", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with a_helper() as helper:
        kept = [asyncio.run(load(helper, asked.clients, asked.rounds))]
    with a_helper("--client-requests", "1000000") as helper:
        kept.append(asyncio.run(bad(helper, asked.bad, asked.seed)))
    print("kept" if all(kept) else "BROKEN")
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
