"""Statement 21: what the letter asks of whom, and when an operator may be asked at all."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from probe.report.annex.findings import dns_findings
from probe.report.annex.records import Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from probe.report.annex.known import Known
    from probe.report.annex.letter import Addressee, Letter
    from probe.report.annex.records import Finding, Run

ITEMS: Final[Mapping[str, tuple[str, ...]]] = {
    "operator": (
        "reason",
        "legal_basis",
        "copy_of_the_order",
        "date_of_lifting",
        "preservation_of_logs",
        "deadline",
        "tariff_rule",
        "whose_equipment",
        "disclose_disruptions",
    ),
    "government": ("end", "repeal", "publish"),
    "service": ("keep_access_open", "resist", "disclose", "transparency_report"),
}
MADE: Final = "made"
SIMULATED: Final = "SIMULATED"
NO_FINDING: Final = "NO_FINDING"
UNCERTAIN: Final = "OPERATOR_UNCERTAIN"
MOST_DAYS: Final = 90
LINES: Final = frozenset(("fixed", "mobile"))
UNKNOWN: Final = "AS0"
INTERFERED: Final = frozenset(("blocked", "throttled"))
REFUSED: Final = INTERFERED | {"geoblocked"}
"""States of findings that an operator or a government may be asked about, and a company."""

AS_UNKNOWN: Final = "AS_UNKNOWN"
AS_TABLE_OLD: Final = "AS_TABLE_OLD"
NAME_UNFIT: Final = "NAME_UNFIT"
ACCESS_UNKNOWN: Final = "ACCESS_UNKNOWN"
BYPASS: Final = "BYPASS_ACTIVE"
RESOLVER_UNFIT: Final = "RESOLVER_NOT_OPERATORS"
NOT_MEASURED: Final = "OPERATOR_NOT_MEASURED"
CAUSES: Final = (
    NOT_MEASURED,
    AS_UNKNOWN,
    AS_TABLE_OLD,
    NAME_UNFIT,
    ACCESS_UNKNOWN,
    BYPASS,
    RESOLVER_UNFIT,
)
"""In the order in which they are printed."""


def requests_of(
    letter: Letter,
    known: Known,
    runs: Sequence[Run],
    found: Sequence[Finding],
    *,
    simulated: bool = False,
) -> Iterator[Request]:
    """Yield what is asked of each addressee; nothing where the letter asks for nothing.

    A run of the lab is evidence of nothing: nothing is asked.
    """
    if not letter.requests:
        return
    for addressee in letter.addressees:
        if simulated:
            yield _request(addressee, SIMULATED)
        else:
            yield _ASKS[addressee.kind](addressee, known, runs, found)


def causes_of(run: Run) -> tuple[str, ...]:
    """Return why it is not certain whose network a run was made on; nothing where it is."""
    causes = {
        AS_UNKNOWN: run.asn == UNKNOWN,
        AS_TABLE_OLD: not _is_fresh(run),
        NAME_UNFIT: not run.network_name_fits,
        ACCESS_UNKNOWN: run.access_type not in LINES,
        BYPASS: bool(run.bypass),
    }
    return tuple(cause for cause, holds in causes.items() if holds)


def _is_fresh(run: Run) -> bool:
    """Say whether the table that knows the AS was made less than 90 days before the run, or after it."""
    try:
        made, began = date.fromisoformat(run.as_table_dated), date.fromisoformat(run.started_utc[:10])
    except ValueError:
        return False
    return abs(began - made) < timedelta(days=MOST_DAYS)


def _operator(addressee: Addressee, known: Known, runs: Sequence[Run], found: Sequence[Finding]) -> Request:
    """Ask an operator about findings on its network, as far as it is certain that it is its network."""
    asns = {addressee.asn} if addressee.asn else {one.asn for one in known.called(addressee.name)}
    ours = {run.name: run for run in runs if run.asn in asns}
    about = [one for one in found if one.run in ours and one.state in INTERFERED]
    if not any(run.asn in asns for run in runs):
        return _request(addressee, UNCERTAIN, causes=(NOT_MEASURED if asns else AS_UNKNOWN,))
    if not about:
        return _request(addressee, NO_FINDING)
    by_resolver = dns_findings(about)
    certain: list[int] = []
    causes_met: set[str] = set()
    for one in about:
        causes = set(causes_of(ours[one.run]))
        if one.number in by_resolver and not _is_operators(ours[one.run]):
            causes.add(RESOLVER_UNFIT)
        causes_met |= causes
        if not causes:
            certain.append(one.number)
    if certain:
        return _request(addressee, MADE, findings=tuple(certain))
    return _request(addressee, UNCERTAIN, causes=tuple(c for c in CAUSES if c in causes_met))


def _is_operators(run: Run) -> bool:
    """Say whether the resolver that was used is the operator's own."""
    return run.resolver_class == "operator" and run.resolver_asn in ("", run.asn)


def _government(addressee: Addressee, known: Known, runs: Sequence[Run], found: Sequence[Finding]) -> Request:
    """Ask a government about what was found in its country; where none was named, about everything."""
    del known
    where = {run.name: run.country for run in runs}
    country = addressee.name if len(addressee.name) == 2 else ""
    about = tuple(
        one.number
        for one in found
        if one.state in INTERFERED and where[one.run] in (country or where[one.run], "ZZ")
    )
    return _request(addressee, MADE if about else NO_FINDING, findings=about)


def _service(addressee: Addressee, known: Known, runs: Sequence[Run], found: Sequence[Finding]) -> Request:
    """Ask a service company: about findings on its own services where the name is one, else about all."""
    del known, runs
    name = addressee.name.casefold()
    about = [one for one in found if one.state in REFUSED]
    own = [
        one for one in about if one.service.casefold() == name or name in one.service.casefold().split("-")
    ]
    numbers = tuple(one.number for one in own or about)
    return _request(addressee, MADE if numbers else NO_FINDING, findings=numbers)


def _request(
    addressee: Addressee, status: str, *, causes: tuple[str, ...] = (), findings: tuple[int, ...] = ()
) -> Request:
    return Request(
        kind=addressee.kind,
        name=addressee.name,
        status=status,
        causes=causes,
        items=ITEMS[addressee.kind] if status == MADE else (),
        findings=findings,
    )


_ASKS: Final = {"operator": _operator, "government": _government, "service": _service}
