"""How long a run will take and what it will move, said before anything is sent."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from probe.model.options import RunOptions
from probe.model.target import Target
from probe.model.transfer import TRIAL_BYTES

BYTES_PER_FIRST_ROUND: Mapping[str, int] = {
    "web": 80_000,
    "store": 120_000,
    "quic": 60_000,
    "tcp": 400,
    "http_any": 1_500,
    "dns": 1_000,
    "dns+tls": 6_000,
    "dns+quic": 8_000,
    "doh": 12_000,
    "zone": 60_000,
    "vpn": 25_000,
    "portal": 3_000,
    "sinkhole": 700,
}
"""What one first round moves at the socket, both ways: rounded up from runs in the lab; a home page, which
comes compressed and is cut at 256 KiB, is taken for 80 kB with its redirects."""

BYTES_PER_LATER_ROUND: Mapping[str, int] = {
    **BYTES_PER_FIRST_ROUND,
    "web": 14_000,
    "store": 40_000,
    "quic": 14_000,
}
BYTES_OF_FACTS: Mapping[str, int] = {"registry": 60_000, "path": 8_000}
"""What gives facts is measured once: two answers with their handshakes; thirty hops, each tried twice."""
SECONDS_PER_TRY = 1.2
"""On a link of 60 ms, all steps of one web try; failures take up to `--timeout` instead."""
HEARTBEAT_BYTES_PER_S = 6_000
PAIRS_WHEN_CLEAR = 2
"""A test of a target that is not slowed ends after so many pairs of transfers."""
SECONDS_PER_PAIR = 2.5
"""Two trials of 128 kB at some megabit a second, their handshakes, and the pause between two of one name."""


class Estimate(Struct, frozen=True, kw_only=True):
    """Seconds and bytes when nothing is blocked, and the ceilings that hold in any case."""

    seconds: float
    n_bytes: int
    max_seconds: float
    max_bytes: int


def _kind(target: Target) -> str:
    """Return the row of a target: its experiment, or its scheme where that has a row of its own."""
    scheme = target.input.partition("://")[0]
    return scheme if scheme in BYTES_PER_FIRST_ROUND else target.experiment


def estimate(
    targets: Sequence[Target], neutrals: Sequence[Target], options: RunOptions, *, trials: int = 0
) -> Estimate:
    """Return what a run over these targets will likely cost, with so many trials of a self-test."""
    everything = (*(t for t in targets if t.experiment not in BYTES_OF_FACTS), *neutrals)
    later = max(options.rounds - 1, 0)
    n_bytes = sum(
        BYTES_PER_FIRST_ROUND.get(_kind(t), 1_000) + later * BYTES_PER_LATER_ROUND.get(_kind(t), 1_000)
        for t in everything
    )
    paired = sum(bool(t.paired) for t in targets) if options.throughput else 0
    pairs = paired * PAIRS_WHEN_CLEAR + trials / 2
    n_bytes += int(pairs * 2 * TRIAL_BYTES)
    n_bytes += sum(BYTES_OF_FACTS.get(t.experiment, 0) for t in targets)
    busy = len(everything) * options.rounds * SECONDS_PER_TRY / max(options.concurrency, 1)
    seconds = max(busy, later * options.round_gap_s + 3 * SECONDS_PER_TRY)
    n_bytes += int(seconds * HEARTBEAT_BYTES_PER_S)
    return Estimate(
        seconds=min(seconds + pairs * SECONDS_PER_PAIR, options.max_seconds),
        n_bytes=min(n_bytes, options.max_bytes),
        max_seconds=options.max_seconds,
        max_bytes=options.max_bytes,
    )
