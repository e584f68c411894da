"""What holds for a whole run while its targets are judged: options, vantage point, neutrals, the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from probe.judge.bench import Bench

if TYPE_CHECKING:
    from collections.abc import Mapping

    from probe.judge.digest import ControlDigest
    from probe.judge.network import NetworkFinding
    from probe.judge.screen import PageRate
    from probe.model.baseline import Baseline
    from probe.model.measurement import VantagePoint
    from probe.model.options import RunOptions
    from probe.model.target import Target

EMPTY_BENCH: Final = Bench(())


class RunFacts(Struct, frozen=True, kw_only=True):
    """Everything but the target's own measurements; the same for every target of a run."""

    options: RunOptions
    vantage: VantagePoint
    neutrals: tuple[Target, ...] = ()
    network_targets: tuple[Target, ...] = ()
    ranges: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """CIDRs by the name of their owner (google, meta, …)."""
    resolvers: tuple[Target, ...] = ()
    """Comparison resolvers of the catalogue."""
    baseline: Baseline | None = None
    home: str = ""
    """The country in which the domestic neutrals stand; empty when they do not say."""
    digests: tuple[ControlDigest, ...] = ()
    stopped: str = ""
    """"" while running or when it ran to its end; else interrupted, bytes or time."""
    clock_offset_s: float | None = None
    """True time minus this machine's; None when too few neutrals agreed on it."""
    finding: NetworkFinding | None = None
    resolver_true: bool = False
    """The system's resolver was seen to answer neutral names truly."""
    resolver_fails: bool = False
    """It was asked for neutral names and never answered one truly."""
    resolver_log: tuple[tuple[float, bool], ...] = ()
    """When it told the truth of a neutral name, or was asked for one and did not (seconds of the run)."""
    untrusted_issuers: frozenset[str] = frozenset()
    """Issuers of certificates under no known authority that neutrals showed."""
    neutral_pages: tuple[PageRate, ...] = ()
    """What neutrals' pages moved, at most 512 of them: what a target's own page is held against."""
    bench: Bench = EMPTY_BENCH
    """The witnesses of all digests, sorted."""
