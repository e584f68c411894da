"""The cells of the wire grids: which scenario on which link, and in which states an honest run may end."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from probe.model.transfer import TRIAL_BYTES, TRIAL_SECONDS

if TYPE_CHECKING:
    from wire.scenario import Row, Scenario

ROOT: Final = Path(__file__).resolve().parent.parent
SEGMENT_BITS: Final = 1448 * 8
LEAST_BPS: Final = 300_000.0
"""Below that in the control's arm nobody is accused and nobody cleared."""
AMPLE: Final = 2.0
"""By how much a link must exceed what a rule needs before its finding is expected rather than allowed."""
SCATTER: Final = 2.0
"""By how much more where loss alone makes a name slow: what one trial gets of it is luck."""
DETECTED_BELOW: Final = 1 / 3
ROUND_TRIPS_S: Final = (0.02, 0.06, 0.15)
LOSSES: Final = (0.0, 0.01, 0.03, 0.05)
RATES_BPS: Final = (1e6, 8e6, 50e6)
BUFFER_S: Final = 0.1
ACCUSING: Final = frozenset({"throttled", "blocked"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One kind of link; loss is that of either way."""

    name: str
    rtt_s: float
    loss: float = 0.0
    rate_bps: float = 0.0
    """0 is without limit."""

    def shape(self) -> dict[str, float]:
        """Return what the copier is told of either way."""
        shape = {"delay_ms": self.rtt_s * 500, "loss": self.loss}
        if self.rate_bps:
            shape |= {
                "rate_bps": self.rate_bps,
                "buffer_bytes": max(30_000.0, self.rate_bps / 8 * BUFFER_S),
            }
        return shape

    def capacity_bps(self, *, more_rtt_s: float = 0.0, more_loss: float = 0.0) -> float:
        """Estimate what a trial gets: by rate, by slow start, and by Mathis' rule where there is loss."""
        rtt, loss = self.rtt_s + more_rtt_s, self.loss + more_loss
        flights = 5 * rtt  # 128 kB from a window of ten segments
        most = TRIAL_BYTES * 8 / max(flights, 1e-3)
        if loss:
            most = min(most, 1.22 * SEGMENT_BITS / (rtt * loss**0.5))
        return min(most, self.rate_bps or most)


def _named(rtt: float, loss: float, rate: float) -> Line:
    return Line(
        name=f"{rtt * 1000:.0f} ms, {loss:.0%}, {rate / 1e6:g} Mbit/s", rtt_s=rtt, loss=loss, rate_bps=rate
    )


SPEED_LINES: Final = tuple(_named(*cell) for cell in product(ROUND_TRIPS_S, LOSSES, RATES_BPS))
COVERING: Final = frozenset(
    _named(*cell).name
    for cell in (
        (0.02, 0.0, 8e6),
        (0.02, 0.03, 50e6),
        (0.06, 0.01, 1e6),
        (0.06, 0.05, 8e6),
        (0.15, 0.0, 50e6),
        (0.15, 0.01, 1e6),
    )
)
"""Every round trip, loss and rate at least once."""
EVERYWHERE: Final = frozenset(
    {
        *("policed-name", "policed-address", "shaped-name", "frozen-bytes", "frozen-packets"),
        *("far-name", "dropped-name"),
        *("slow-server", "rate-class", "slow-link", "lossy-link", "loaded-home", "black-hole"),
        *("black-hole-page", "short-object", "radio-stalls", "no-object", "helper-down"),
    }
)
"""Worlds of speed that meet every link, one of each kind; the others are variants and meet `COVERING`."""
BLOCKING_LINES: Final = (
    Line(name="60 ms", rtt_s=0.06),
    Line(name="200 ms, 1 Mbit/s", rtt_s=0.2, rate_bps=1e6),
    Line(name="60 ms, 3%", rtt_s=0.06, loss=0.03),
)
CENSOR_BPS: Final[Mapping[str, float]] = MappingProxyType(
    {
        # A bucket that lets so much through at once counts as well: bucket / trial + rate.
        "policed-name": 140_000 + 16_000 * 8 / TRIAL_SECONDS,
        "policed-video": 140_000 + 16_000 * 8 / TRIAL_SECONDS,
        "policed-address-known": 140_000 + 16_000 * 8 / TRIAL_SECONDS,
        "policed-pair-known": 140_000 + 16_000 * 8 / TRIAL_SECONDS,
        "frozen-address-known": 16_000 * 8 / TRIAL_SECONDS,
        "frozen-address": 16_000 * 8 / TRIAL_SECONDS,
        "policed-unhelped": 140_000 + 16_000 * 8 / TRIAL_SECONDS,
        "policed-bucket": 140_000 + 64_000 * 8 / TRIAL_SECONDS,
        "shaped-name": 300_000,
        "frozen-bytes": 16_000 * 8 / TRIAL_SECONDS,
        "frozen-packets": 25 * SEGMENT_BITS / TRIAL_SECONDS,
    }
)
"""What a trial of the struck name gets at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One run: a scenario on a link, with a seed for its losses."""

    grid: str
    scenario: "Scenario"
    line: Line
    seed: int

    @property
    def key(self) -> str:
        """Name the run: the same in every call, so that a cut grid can be carried on."""
        return f"{self.grid}/{self.scenario.name}/{self.line.name}/{self.seed}"

    @property
    def is_innocent(self) -> bool:
        """Say whether nobody interferes in the scenario, as far as its rows tell or its table says."""
        from wire.tables_throughput import INTERFERED

        told = any(row.state in ACCUSING for row in self.scenario.rows)
        return not told and self.scenario.name not in INTERFERED

    def allowed(self, row: "Row") -> frozenset[str]:
        """Return the states in which this row may end on this link."""
        if self.grid == "blocked":
            return frozenset({row.state} if self.line is BLOCKING_LINES[0] else {row.state, "inconclusive"})
        if row.subject == "network":
            return frozenset({"reachable", "inconclusive"})
        if row.state != "throttled":
            return frozenset({"reachable", "inconclusive"})
        control = self.line.capacity_bps()
        known = CENSOR_BPS.get(self.scenario.name)
        struck = known or self._spoiled_bps()
        ample = AMPLE if known else AMPLE * SCATTER
        if control > AMPLE * LEAST_BPS and struck / control * ample < DETECTED_BELOW:
            return frozenset({"throttled"})
        seen = struck / control < 1 / 2
        return frozenset(
            {"throttled", "inconclusive"} if seen else {"throttled", "inconclusive", "reachable"}
        )

    def _spoiled_bps(self) -> float:
        table = self.scenario.censors[0]
        return self.line.capacity_bps(
            more_rtt_s=2 * table.get("delay_ms", 0.0) / 1000,
            more_loss=table.get("loss_down", table.get("loss", 0.0)),
        )


def cells(grid: str, *, seed: int = 1) -> Iterator[Cell]:
    """Yield every cell of the grid `blocked` or `throughput`, in the order of the tables."""
    if str(ROOT / "tests") not in sys.path:
        sys.path.insert(0, str(ROOT / "tests"))
    from wire.tables import BLOCKING
    from wire.tables_throughput import CENSORED, KNOWN, SPED

    speed = (*CENSORED, *KNOWN, *SPED)
    table, lines = (BLOCKING.values(), BLOCKING_LINES) if grid == "blocked" else (speed, SPEED_LINES)
    for scenario in table:
        everywhere = grid == "blocked" or scenario.name in EVERYWHERE
        for line in lines if everywhere else [one for one in lines if one.name in COVERING]:
            yield Cell(grid=grid, scenario=scenario, line=line, seed=seed)
