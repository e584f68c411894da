"""The annex's findings: every counted verdict that is an interference, an outage, or consistent with one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from probe.model.words import ControlSource, Layer, State
from probe.report.annex import series
from probe.report.annex.disclosure import minutes_removed, uid
from probe.report.annex.gather import why_not
from probe.report.annex.records import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from probe.model.verdict import Verdict
    from probe.report.annex.gather import Named
    from probe.report.told import Told

ARTEFACTS: Final = frozenset(
    ("dns.bogon", "dns.blockpage", "dns.injected", "tls.mitm", "http.blockpage", "http.redirect")
)
"""Mechanisms that an artefact shows: a page, an address, a certificate, an answer that was kept."""
ELSEWHERE: Final = frozenset(
    (
        ControlSource.CROSS,
        ControlSource.RESOLVER,
        ControlSource.TEST_HELPER,
        ControlSource.PROXY,
        ControlSource.BASELINE,
    )
)
"""Controls that can tell that a target is not down everywhere."""


def findings(runs: Sequence[Named], *, full: bool) -> Iterator[Finding]:
    """Yield every counted verdict that found something, or is consistent with it, numbered."""
    number = 0
    for name, one in runs:
        for verdict in one.verdicts:
            told = verdict.state in series.FOUND or (
                verdict.state is State.INCONCLUSIVE and verdict.mechanism
            )
            if why_not(one, verdict) or not told:
                continue
            number += 1
            yield _finding(number, name, one, verdict, full=full)


def _finding(number: int, name: str, one: Told, verdict: Verdict, *, full: bool) -> Finding:
    def shown(text: str) -> str:
        return text if full else minutes_removed(text)

    return Finding(
        number=number,
        run=name,
        asn=one.record.vantage.probe_asn,
        target_id=verdict.target_id,
        service=verdict.service,
        input=verdict.input,
        state=str(verdict.state),
        mechanism=verdict.mechanism,
        layer=str(verdict.layer),
        located=str(verdict.located),
        confirmed=verdict.confirmed,
        wording=_wording(verdict),
        elsewhere="ruled_out" if set(verdict.control_source) & ELSEWHERE else "untested",
        rule_id=verdict.rule_id,
        rules_version=verdict.rules_version,
        control_source=tuple(map(str, verdict.control_source)),
        because=shown(verdict.because),
        template=verdict.template,
        params=tuple((key, shown(value)) for key, value in verdict.params),
        failure=shown(verdict.failure or ""),
        caveats=tuple(map(str, verdict.caveats)),
        measurement_uids=tuple(
            one_uid if full else uid(name, one_uid) for one_uid in verdict.measurement_uids
        ),
    )


def _wording(verdict: Verdict) -> str:
    if verdict.state is State.INCONCLUSIVE:
        return "consistent_with"
    what = ".".join(verdict.mechanism.split(".")[:2])
    return "confirmed_by_artefact" if verdict.confirmed and what in ARTEFACTS else "observed"


def dns_findings(found: Iterable[Finding]) -> frozenset[int]:
    """Return the numbers of findings that rest on what a resolver said."""
    return frozenset(one.number for one in found if one.layer == Layer.DNS)
