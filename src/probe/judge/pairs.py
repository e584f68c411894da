"""Transfers, read into tests: which pairs may be compared, at what rates, and what made the others unfit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct, field
from msgspec.structs import replace

from probe.judge.constants import FOREIGN_PAIRS, LEAST_CONTROL_BPS, PAIRS_AT_MOST, UNFIT_PAIRS
from probe.judge.decide import Decision, decide, is_over
from probe.judge.screen import SEGMENT_BYTES
from probe.judge.trial import broke_off, falls_silent, is_foreign, is_short, rates_of, same_object
from probe.model.words import ControlSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from probe.model.measurement import Measurement
    from probe.model.transfer import Arms, Transfer

EXPERIMENT: Final = "throughput"
SUSPECTS: Final[dict[str, Arms]] = {"T": "T/C1", "X": "X/C2"}
CONTROLS: Final[dict[str, Arms]] = {"C1": "T/C1", "C2": "X/C2"}

LIE: Final = "lie"
CONTROL: Final = "control"
SUSPECT: Final = "suspect"
MISMATCH: Final = "mismatch"
BACKGROUND: Final = "background"
SILENT: Final = "silent"
UNFINISHED: Final = "unfinished"
"""Why a pair gives no ratio."""


class Pair(Struct, frozen=True, kw_only=True):
    """One measurement of two arms. Rates in bit/s; `unfit` says why there are none."""

    uid: str
    number: int
    started_s: float
    ended_s: float
    """In seconds of the run."""
    suspect: Transfer | None
    control: Transfer | None
    unfit: str = ""
    rate_bps: float = 0.0
    control_bps: float = 0.0


class PairTest(Struct, frozen=True, kw_only=True):
    """All pairs of one kind and number of test, in order of time; without any it was not made."""

    arms: Arms = ""
    test: int = 0
    pairs: tuple[Pair, ...] = ()
    decision: Decision = field(default_factory=lambda: decide(()))
    link_passes: bool = False
    """Something else shows that this link carries enough for a control."""

    @property
    def fit(self) -> tuple[Pair, ...]:
        """Pairs with a ratio."""
        return tuple(p for p in self.pairs if not p.unfit)

    @property
    def rates(self) -> tuple[tuple[float, float], ...]:
        """Rates of both arms, pair by pair."""
        return tuple((p.rate_bps, p.control_bps) for p in self.fit)

    @property
    def next_number(self) -> int:
        """The number of the pair that would come next."""
        return max((p.number for p in self.pairs), default=-1) + 1

    @property
    def began_s(self) -> float:
        """When its first pair began, in seconds of the run."""
        return min((p.started_s for p in self.pairs), default=0.0)

    @property
    def ended_s(self) -> float:
        """When its last pair ended, in seconds of the run."""
        return max((p.ended_s for p in self.pairs), default=0.0)

    @property
    def source(self) -> ControlSource:
        """What it was held against: a helper's arms, or neutral names."""
        helped = any(p.control is not None and p.control.helper for p in self.pairs)
        return ControlSource.TEST_HELPER if helped else ControlSource.CROSS

    @property
    def control_name(self) -> str:
        """The name that its controls bore; empty where they bore several."""
        names = {p.control.server_name for p in self.fit if p.control is not None}
        return names.pop() if len(names) == 1 else ""

    def count(self, unfit: str) -> int:
        """Return how many pairs were unfit for this reason."""
        return sum(p.unfit == unfit for p in self.pairs)

    @property
    def has_no_control(self) -> bool:
        """The other name gets no handshake, another answer or another object: there is no such control."""
        return self._mostly(MISMATCH)

    @property
    def control_failed(self) -> bool:
        """The control's server said what cannot be, or mostly did not serve, or fell silent."""
        is_servers = self.is_dumb and (self.link_passes or self._stops_alike)
        return bool(self.count(LIE)) or self._mostly(CONTROL) or is_servers

    @property
    def is_drowned(self) -> bool:
        """Others moved too much meanwhile, more often than may be left out."""
        return self.count(BACKGROUND) > FOREIGN_PAIRS

    @property
    def is_dumb(self) -> bool:
        """A neutral server's transfers mostly fall silent under any name: by the server, or the link."""
        if self.arms != "X/C2" or self.decision.answer != "slow_link":
            return False
        return len(self._dumb) >= UNFIT_PAIRS and 2 * len(self._dumb) > len(self.fit)

    @property
    def _dumb(self) -> tuple[Transfer, ...]:
        return tuple(p.control for p in self.fit if p.control is not None and falls_silent(p.control))

    @property
    def _stops_alike(self) -> bool:
        """They all stopped within one segment of each other: a slow or dying link has no such place."""
        totals = [t.n_socket_bytes for t in self._dumb]
        return max(totals) - min(totals) < SEGMENT_BYTES

    def _mostly(self, unfit: str) -> bool:
        return self.count(unfit) >= UNFIT_PAIRS and self.count(unfit) > len(self.fit)

    @property
    def goes_on(self) -> bool:
        """Another pair may still tell something."""
        return (
            len(self.pairs) < PAIRS_AT_MOST
            and not self.has_no_control
            and not self.control_failed
            and not self.is_dumb
            and not self.is_drowned
            and not is_over(self.rates)
        )

    @property
    def is_silent(self) -> bool:
        """Both names' transfers fell silent, more often than not."""
        dumb = sum(
            p.suspect is not None
            and p.control is not None
            and falls_silent(p.suspect)
            and falls_silent(p.control)
            for p in self.pairs
        )
        return dumb >= UNFIT_PAIRS and 2 * dumb > len(self.pairs)

    @property
    def is_throttled(self) -> bool:
        """Its pairs say so, be it over or not."""
        return self.decision.answer == "throttled" and not self.control_failed and not self.is_drowned

    @property
    def is_clear(self) -> bool:
        """It ended, and nothing of threefold or more showed."""
        return not self.goes_on and self.decision.answer == "clear" and not self.control_failed


def pair_tests(
    measurements: Iterable[Measurement], *, link_passes: bool = False
) -> dict[tuple[str, int], PairTest]:
    """Return the tests that a target's measurements hold, by (arms, test); their order does not matter.

    `link_passes` says that pages of this run came faster than a control has to.
    """
    found: dict[tuple[str, int], dict[int, Pair]] = {}
    certificates = _helper_certificates(ms := sorted(measurements, key=_order))
    for m in ms:
        for arms in ("T/C1", "X/C2"):
            pair = _pair(m, arms, certificates)
            if pair is not None:
                test = (pair.suspect or pair.control).test  # type: ignore[union-attr]  # one of them is there
                found.setdefault((arms, test), {}).setdefault(pair.number, pair)
    tests = {key: _test(key, tuple(pairs.values())) for key, pairs in found.items()}
    passes = link_passes or any(p.control_bps >= LEAST_CONTROL_BPS for t in tests.values() for p in t.fit)
    return {key: replace(test, link_passes=passes) for key, test in tests.items()}


def _test(key: tuple[str, int], pairs: Sequence[Pair]) -> PairTest:
    """Decide over the pairs; an arm that never answered counts only where others of its name did."""
    answered = any(not p.unfit and p.suspect is not None and p.suspect.status_code for p in pairs)
    heard = tuple(replace(p, unfit="") if p.unfit == SILENT and answered else p for p in pairs)
    rates = [(p.rate_bps, p.control_bps) for p in heard if not p.unfit]
    arms: Arms = "T/C1" if key[0] == "T/C1" else "X/C2"
    return PairTest(arms=arms, test=key[1], pairs=heard, decision=decide(rates))


def _order(m: Measurement) -> tuple[float, str]:
    return m.started_s, m.measurement_uid


def _helper_certificates(measurements: Sequence[Measurement]) -> frozenset[tuple[str, str]]:
    """Return (helper, certificate) of every helper that showed more than one in this run."""
    shown: dict[str, set[str]] = {}
    for m in measurements:
        for t in m.transfers:
            if t.helper and t.certificate_sha256:
                shown.setdefault(t.helper, set()).add(t.certificate_sha256)
    return frozenset((helper, one) for helper, seen in shown.items() if len(seen) > 1 for one in seen)


def _pair(m: Measurement, arms: str, certificates: frozenset[tuple[str, str]]) -> Pair | None:
    ours = [t for t in m.transfers if t.purpose == "pair"]
    suspect = next((t for t in ours if SUSPECTS.get(t.arm) == arms), None)
    control = next((t for t in ours if CONTROLS.get(t.arm) == arms), None)
    some = suspect or control
    if m.experiment != EXPERIMENT or some is None:
        return None
    unfit = UNFINISHED
    rates = (0.0, 0.0)
    if suspect is not None and control is not None:
        rates = rates_of(suspect, control)
        unfit = _unfit(suspect, control, rates[1], certificates)
    return Pair(
        uid=m.measurement_uid,
        number=some.number,
        started_s=m.started_s + min(t.t0 for t in ours),
        ended_s=m.started_s + max(t.t for t in ours),
        suspect=suspect,
        control=control,
        unfit=unfit,
        rate_bps=rates[0],
        control_bps=rates[1],
    )


def _unfit(
    suspect: Transfer, control: Transfer, control_bps: float, certificates: frozenset[tuple[str, str]]
) -> str:
    """Say why the pair gives no ratio; empty where it does. The first reason that holds."""
    both = (suspect, control)
    same_server = suspect.arm == "T"
    checks = (
        (LIE, any(_lies(t) or (t.helper, t.certificate_sha256) in certificates for t in both)),
        (CONTROL, any(t.stage == "helper" for t in both)),
        (MISMATCH if same_server else CONTROL, control.requested is None),
        (SUSPECT, suspect.requested is None),
        (CONTROL, broke_off(control)),
        (SUSPECT, broke_off(suspect)),
        (MISMATCH if same_server else CONTROL, (control.status_code or 0) // 100 != 2),
        (MISMATCH if same_server else CONTROL, is_short(control)),
        (MISMATCH, not same_object(suspect, control, same_server=same_server)),
        (BACKGROUND, any(is_foreign(t, control_bps) for t in both)),
        (SILENT, suspect.status_code is None),
    )
    return next((reason for reason, holds in checks if holds), "")


def _lies(t: Transfer) -> bool:
    """Say whether a helper's receipt does not hold, or tells of bytes that cannot be.

    It may have sent more than arrived, but not more than it was asked for, and not less than arrived.
    """
    told = t.receipt
    if not t.helper or told is None:
        return False
    most = max(t.max_bytes, t.declared_length or 0)
    return not told.is_valid or not t.n_bytes <= told.n_bytes <= most
