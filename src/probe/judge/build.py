"""Make the facts of a run from its options, its neutrals' digests and its baseline."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

from msgspec.structs import astuple

from probe.judge.bench import Bench
from probe.judge.facts import RunFacts
from probe.judge.network import network_finding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from probe.judge.digest import ControlDigest
    from probe.judge.network import NetworkHistory
    from probe.model.baseline import Baseline
    from probe.model.measurement import VantagePoint
    from probe.model.options import RunOptions
    from probe.model.target import Target


MAX_PAGES: Final = 512
"""Neutrals' pages that are compared with: a run hears its neutrals thousands of times."""


def build_facts(
    *,
    options: RunOptions,
    vantage: VantagePoint,
    neutrals: Sequence[Target] = (),
    network_targets: Sequence[Target] = (),
    resolvers: Sequence[Target] = (),
    ranges: Mapping[str, tuple[str, ...]] | None = None,
    baseline: Baseline | None = None,
    history: NetworkHistory | None = None,
    digests: Sequence[ControlDigest] = (),
    stopped: str = "",
) -> RunFacts:
    """Return what every target of a run is judged with; the order of the digests does not matter."""
    finding = network_finding(digests, history) if digests else None
    domestic = sorted(t.country for t in neutrals if t.neutral_group.startswith("domestic") and t.country)
    return RunFacts(
        options=options,
        vantage=vantage,
        neutrals=tuple(neutrals),
        network_targets=tuple(network_targets),
        resolvers=tuple(resolvers),
        ranges=ranges or {},
        home=domestic[0] if domestic else "",
        baseline=baseline,
        digests=tuple(digests),
        stopped=stopped,
        clock_offset_s=finding.clock_offset_s if finding is not None else None,
        finding=finding,
        resolver_true=any(n.is_true for d in digests for n in d.names),
        resolver_fails=finding is not None and finding.resolver_fails,
        resolver_log=tuple(
            sorted((n.t_s if n.is_true else n.t0_s, n.is_true) for d in digests for n in d.names)
        ),
        untrusted_issuers=finding.untrusted_issuers if finding is not None else frozenset(),
        neutral_pages=tuple(sorted(chain.from_iterable(d.pages for d in digests), key=astuple)[:MAX_PAGES]),
        bench=Bench(w for d in digests for w in d.witnesses),
    )
