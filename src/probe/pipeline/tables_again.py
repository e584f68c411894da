"""Tables of a bag made again from its verdicts, and compared cell for cell."""

from __future__ import annotations

import csv
import hashlib
from typing import TYPE_CHECKING, Final

from probe.evidence.manifest import PAYLOAD
from probe.evidence.read import hash_of
from probe.pipeline.finish import rolled_up, service_of_network
from probe.report.csv import write_services_csv, write_verdicts_csv
from probe.report.datapackage import encode_datapackage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from probe.evidence.fault import Faults
    from probe.evidence.verify import Checked
    from probe.model.options import RunRecord
    from probe.model.verdict import Verdict
    from probe.pipeline.inputs import Inputs
    from probe.store import RunFolder

NETWORK: Final = "network"
VERDICTS: Final = "verdicts.jsonl"
TABLES: Final = ("verdicts.csv", "services.csv")
DESCRIPTION: Final = "datapackage.json"
_LONGEST_ROW: Final = 1 << 20


def tables_fit(
    folder: RunFolder,
    place: Path,
    record: RunRecord,
    inputs: Inputs,
    verdicts: Sequence[Verdict],
    *,
    found: Checked,
    faults: Faults,
    exact: bool,
) -> None:
    """Make the tables again from the bag's verdicts, and compare."""
    network = [verdict for verdict in verdicts if verdict.service == NETWORK]
    judged = [verdict for verdict in verdicts if verdict.service != NETWORK]
    wanted = sorted(target.target_id for target in inputs.targets())
    if len(network) != 1 or sorted(verdict.target_id for verdict in judged) != wanted:
        faults.add("verdict_order", f"{PAYLOAD}/{VERDICTS}")
        return
    services = (
        *rolled_up((service_of_network(network[0]),), network),
        *rolled_up(inputs.judged(), judged),
    )
    # They are thrown away: the disk need not hold them for good.
    run_id, vantage, simulated = record.run_id, record.vantage, record.simulated
    write_verdicts_csv(place / TABLES[0], run_id, verdicts, vantage, simulated=simulated, sync=False)
    write_services_csv(place / TABLES[1], run_id, services, vantage, sync=False)
    for name in TABLES:
        if f"{PAYLOAD}/{name}" not in found.sha256:
            continue  # that it is missing has been told
        if line := _first_difference(folder.path / name, place / name, exact=exact):
            faults.add("table", f"{PAYLOAD}/{name}", line)
    told = found.sha256.get(f"{PAYLOAD}/{DESCRIPTION}")
    if exact and told and hashlib.sha256(encode_datapackage(record)).hexdigest() != told:
        faults.add("described", f"{PAYLOAD}/{DESCRIPTION}")


def _first_difference(told: Path, made: Path, *, exact: bool) -> int:
    """Return the first line in which two tables differ; 0 where there is none.

    Of a table by another version (not `exact`) those columns are compared that it has: others came later.
    """
    if exact:
        if hash_of(told) == hash_of(made):
            return 0
        with told.open("rb") as left, made.open("rb") as right:
            number = 1
            while (line := left.readline(_LONGEST_ROW)) == right.readline(_LONGEST_ROW) and line:
                number += 1
            return number
    with told.open(encoding="utf-8", newline="") as left, made.open(encoding="utf-8", newline="") as right:
        try:
            rows = csv.DictReader(left, strict=True)
            head = rows.fieldnames or ()
            mine = csv.DictReader(right)
            if len(set(head)) != len(head) or not set(head) <= set(mine.fieldnames or ()):
                return 1
            others = list(mine)
            for number, row in enumerate(rows, 2):
                if (
                    number - 2 >= len(others)
                    or None in row
                    or any(others[number - 2].get(key) != row[key] for key in head)
                ):
                    return rows.line_num
            return 0 if rows.line_num and len(others) == rows.line_num - 1 else max(1, rows.line_num)
        except (csv.Error, UnicodeDecodeError):
            return rows.line_num + 1
