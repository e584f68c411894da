"""Which of OONI's records belong together: the runs that `probe judge FILE.jsonl` makes of a file."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from probe.judge.constants import BASELINE_FRESH_S
from probe.store.ooni import Record

WINDOW: Final = timedelta(seconds=BASELINE_FRESH_S)
"""Measurements further apart are no rounds of one another: a day is how long a baseline speaks of now."""
_AS: Final = re.compile(r"AS(\d{1,10})", re.ASCII)
_COUNTRY: Final = re.compile(r"[A-Z]{2}", re.ASCII)
UNKNOWN: Final = "AS0"


class Line(Struct, frozen=True, kw_only=True):
    """Where a record stands in the file, and what it is grouped by."""

    number: int
    offset: int
    started: datetime
    asn: str
    cc: str
    whose: str
    """The run or report that the record names; empty where its AS is all there is to go by."""
    simulated: bool


def line_of(number: int, offset: int, record: Record) -> Line:
    """Read what a record is grouped by."""
    asn = record.probe_asn if _AS.fullmatch(record.probe_asn) else UNKNOWN
    whose = record.annotation("x_run_id")
    if asn == UNKNOWN and not whose:  # nobody knows whether two of these stood in one network
        whose = record.report_id or f"line {number}"
    return Line(
        number=number,
        offset=offset,
        started=record.started(),
        asn=asn,
        cc=record.probe_cc if _COUNTRY.fullmatch(record.probe_cc) else "ZZ",
        whose=whose,
        simulated=record.annotation("x_simulated") == "true",
    )


def groups_of(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Yield the lines of each run, by time."""
    by_network: dict[tuple[str, str, str, bool], list[list[Line]]] = {}
    for line in sorted(lines, key=lambda line: (line.started, line.number)):
        windows = by_network.setdefault((line.asn, line.cc, line.whose, line.simulated), [])
        if not windows or line.started - windows[-1][0].started > WINDOW:
            windows.append([])
        windows[-1].append(line)
    for _, windows in sorted(by_network.items()):
        yield from windows
