"""What holds for a whole run while its targets are judged: options, vantage point, neutrals, the network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from probe.judge.network import ControlDigest
    from probe.model.baseline import Baseline
    from probe.model.measurement import VantagePoint
    from probe.model.options import RunOptions
    from probe.model.target import Target
    from probe.model.words import ReasonCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One success at a neutral, a witness that this link, family, port and side worked just then.

    On 443 a TLS handshake with a valid certificate, on 80 an HTTP answer, on 53 a true answer to a
    neutral's name. `t0` and `t` are seconds since the run began.
    """

    t0: float
    t: float
    family: int
    """4 or 6; for 53 that of the resolver's address, 4 where it is not known."""
    port: int
    """443, 80 or 53."""
    is_domestic: bool
    uid: str
    resolver: str = ""
    """For 53: the resolver's address without port, or "system"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkFinding:
    """What judging a target needs of the network's own verdict (`network.py` makes it)."""

    rule_id: str
    reason_code: ReasonCode | None = None
    """None when the network is fine enough to judge targets on it."""
    mechanism: str = ""
    udp53_intercepted: bool = False
    """A DNS query to an address where nothing lives was answered."""
    resolver_fails: bool = False
    """The system's resolver failed for neutrals too."""
    untrusted_issuers: frozenset[str] = frozenset()
    """Issuers of certificates under no known authority that neutrals showed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """Everything but the target's own measurements; the same for every target of a run."""

    options: RunOptions
    vantage: VantagePoint
    neutrals: tuple[Target, ...] = ()
    network_targets: tuple[Target, ...] = ()
    ranges: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """CIDRs by the name of their owner (google, meta, …)."""
    ranges_owner: Mapping[str, str] = field(default_factory=dict)
    baseline: Baseline | None = None
    history: tuple[object, ...] = ()
    digests: tuple[ControlDigest, ...] = ()
    stopped: str = ""
    """"" while running or when it ran to its end; else interrupted, bytes or time."""
    clock_offset_s: float | None = None
    """True time minus this machine's; None when too few neutrals agreed on it."""
    finding: NetworkFinding | None = None
    passes: tuple[Pass, ...] = ()
    """Of all digests."""
