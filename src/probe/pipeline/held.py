"""Records of a bag held against each other: their spelling, times, counts, the catalogue, loose files."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from probe.evidence.guide import guide
from probe.evidence.manifest import GUIDE, PAYLOAD
from probe.evidence.read import SMALL, text_of
from probe.pipeline.folder import TIME_FORMAT
from probe.pipeline.inputs import BASELINE, CLAIMS, CONTROLS, LOCAL, SERVICES
from probe.pipeline.selftest import FILE as SELF_TEST
from probe.pipeline.selftest import Errors
from probe.pipeline.tunnels import with_stun
from probe.store import codec
from probe.store.journal import read_with_lines
from probe.targets import CatalogueError, read_catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from probe.evidence.fault import Faults
    from probe.evidence.verify import Checked
    from probe.model.measurement import Measurement
    from probe.model.options import RunRecord
    from probe.pipeline.inputs import Inputs

RUN: Final = f"{PAYLOAD}/run.json"
JOURNAL: Final = f"{PAYLOAD}/measurements.jsonl"
LAB: Final = "lab"
"""The source of the lab's authorities, whose servers only the lab has."""
LAB_HOSTS: Final = ".probe-lab.example"
"""Where the lab's helpers stand: no public authority vouches for one."""
SLACK: Final = timedelta(hours=1)
"""A clock may be set while a run lasts."""
PUBLIC: Final = "certifi"
TRUST: Final = frozenset({LAB, PUBLIC, "SSL_CERT_FILE"})
MOST_RESUMED: Final = 10_000
STOPS: Final = frozenset({"", "interrupted", "bytes", "time"})
ASN_SOURCES: Final = frozenset({"declared", "helper", "detected", "none"})
KEPT: Final = frozenset({SERVICES, CONTROLS, BASELINE, CLAIMS})
_CATALOGUE: Final = f"{PAYLOAD}/inputs/catalogue/"
_BLOBS: Final = f"{PAYLOAD}/blobs/"
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_IMPORTED: Final = re.compile(r"OONI measurements, SHA-256 of the file [0-9a-f]{64}")
_NAMED: Final = re.compile(rb'"([0-9a-f]{64})"')
_HEX: Final = re.compile(r"[0-9a-f]{64}|")


class DoubledError(ValueError):
    """An object has a key twice: two readers may see two things."""


class Heard(Struct):
    """What the measurements of a run come to."""

    n: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    first: datetime | None = None
    last: datetime | None = None
    blobs: set[str] = field(default_factory=set)
    odd: dict[str, int] = field(default_factory=dict)
    """Key and line of what does not fit its run; the first of each."""

    def hear(self, measurement: Measurement, line: bytes, record: RunRecord) -> None:
        """Take in a measurement and its line."""
        self.n += 1
        self.bytes_sent += measurement.bytes_sent
        self.bytes_received += measurement.bytes_received
        self.blobs.update(_named(line))
        at = measurement.measurement_start_time
        if at.tzinfo is None or not 1970 < at.year < 9000:
            self.odd.setdefault("measurement_start_time", self.n)
        else:
            self.first = min(at, self.first or at)
            self.last = max(at, self.last or at)
        if not record.imported_from and not measurement.measurement_uid.startswith(f"{record.run_id}-"):
            self.odd.setdefault("measurement_uid", self.n)


def _named(line: bytes) -> Iterable[str]:
    """Return the hashes that a line of the journal names, but for that of the line before."""
    return (name.decode() for name in _NAMED.findall(line.partition(b",")[2]))


def blobs_named(journal: Path) -> set[str]:
    """Return the blobs that measurements name; others are what a crash left. Raises OSError, StoreError."""
    return {name for _measurement, line in read_with_lines(journal) for name in _named(line)}


def spelled(line: bytes, record: object, *, exact: bool) -> bool:
    """Whether a line of JSON is a record as this program writes it.

    Of another version (not `exact`) no key may be doubled or unknown; its order and its gaps are its own.
    """
    again = msgspec.json.encode(record)
    if exact:
        return line == again
    try:
        return _known(_plain(line), json.loads(again))
    except (ValueError, RecursionError):
        return False


def spelled_document(content: bytes, record: object, *, exact: bool) -> bool:
    """Whether a JSON document holds exactly the keys of a record, each once, however it is indented."""
    try:
        told, ours = _plain(content), json.loads(msgspec.json.encode(record))
    except (ValueError, RecursionError):
        return False
    return bool(told == ours) if exact else _known(told, ours)


def _plain(content: bytes) -> Any:
    return json.loads(content, object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise DoubledError
    return found


def _known(told: object, ours: object) -> bool:
    """Whether every key that is told is one of ours."""
    if isinstance(told, dict) and isinstance(ours, dict):
        return all(key in ours and _known(value, ours[key]) for key, value in told.items())
    if isinstance(told, list) and isinstance(ours, list):
        return len(told) == len(ours) and all(map(_known, told, ours))
    return True


def run_fits(record: RunRecord, inputs: Inputs, heard: Heard, found: Checked, faults: Faults) -> None:
    """Hold run.json against the inputs, the measurements and itself."""
    for key in sorted(set(_odd(record)) | set(_odd_beside(record, inputs, heard, found))):
        faults.add("fits", RUN, key=key)
    for key, line in sorted(heard.odd.items()):
        faults.add("fits", JOURNAL, line, key=key)


def _odd(record: RunRecord) -> Iterable[str]:
    """Yield the keys of run.json that contradict each other."""
    vantage, at_first = record.vantage, record.run_id.split("-")[1:2]
    imported = bool(record.imported_from)
    told_later = at_first == ["AS0"] and vantage.asn_source == "helper"
    strayed = record.trust_source == PUBLIC and any(LAB_HOSTS in each for each in record.options.controls)
    checks = {
        "simulated": imported or (record.simulated == (record.trust_source == LAB) and not strayed),
        "imported_from": not imported or bool(_IMPORTED.fullmatch(record.imported_from)),
        "stopped": record.stopped in STOPS,
        "resumed": 0 <= record.resumed <= MOST_RESUMED,
        "trust_source": imported or record.trust_source in TRUST,
        "lists": all(_SHA256.fullmatch(each) for each in record.lists),
        "trust_sha256": bool(_HEX.fullmatch(record.trust_sha256)),
        "asn_table_sha256": bool(_HEX.fullmatch(record.asn_table_sha256)),
        "vantage.asn_source": vantage.asn_source in ASN_SOURCES,
        "vantage.probe_asn": at_first == [vantage.probe_asn] or told_later,
        "vantage.software": imported or vantage.software == f"interference-probe {record.software_version}",
        "started_utc": record.run_id.startswith(record.started_utc.replace("-", "").replace(":", "") + "-"),
    }
    return (key for key, holds in checks.items() if not holds)


def _odd_beside(record: RunRecord, inputs: Inputs, heard: Heard, found: Checked) -> Iterable[str]:
    """Yield the keys of run.json that the inputs or the measurements contradict."""
    baseline = found.sha256.get(f"{PAYLOAD}/inputs/{BASELINE}", "")
    counted = not record.resumed and not record.imported_from  # a run that was killed never told its bytes
    checks = {
        "simulated": inputs.baseline is None or inputs.baseline.simulated == record.simulated,
        "services": record.services == tuple(each.service for each in inputs.services),
        "baseline_sha256": record.baseline_sha256 == baseline,
        "rules_version": record.rules_version == inputs.controls.rules_version,
        "bytes_sent": not counted or record.bytes_sent >= heard.bytes_sent,
        "bytes_received": not counted or record.bytes_received >= heard.bytes_received,
    }
    if heard.first is not None and heard.last is not None:
        earliest, latest = _written(heard.first - SLACK), _written(heard.last + SLACK)
        checks["started_utc"] = record.started_utc <= _written(heard.first + SLACK)
        checks["ended_utc"] = _written(heard.last - SLACK) <= record.ended_utc
        if not record.resumed and not record.imported_from:
            checks["started_utc"] = checks["started_utc"] and earliest <= record.started_utc
            checks["ended_utc"] = checks["ended_utc"] and record.ended_utc <= latest
    return (key for key, holds in checks.items() if not holds)


def _written(moment: datetime) -> str:
    return moment.strftime(TIME_FORMAT)


def inputs_fit(data: Path, inputs: Inputs, found: Checked, faults: Faults, *, exact: bool) -> None:
    """Hold what judging used against the catalogue that lies beside it, and look for loose files."""
    _spelled_inputs(data, inputs, faults, exact=exact)
    name = f"{PAYLOAD}/inputs/{CONTROLS}"
    try:
        catalogue = read_catalogue(data / "inputs" / "catalogue")
    except (CatalogueError, OSError, ValueError, ArithmeticError, LookupError, RecursionError):
        faults.add("fits", name, key="catalogue")
        return
    controls = inputs.controls
    told: Mapping[str, tuple[object, object]] = {
        "catalogue": (catalogue.digest, controls.catalogue),
        "neutrals": (catalogue.neutrals, controls.neutrals),
        "network": ((*catalogue.network, LOCAL), controls.network),
        "resolvers": (catalogue.resolvers, controls.resolvers),
        "ranges": (catalogue.ranges, controls.ranges),
        "ranges_dated": (catalogue.ranges_dated, controls.ranges_dated),
    }
    for key, (ours, theirs) in told.items():
        if ours != theirs and (exact or key == "catalogue"):
            faults.add("fits", name, key=key)
    catalogue = replace(catalogue, services=with_stun(catalogue.services, catalogue))
    services = {each.service: each for each in catalogue.services}
    targets = {each.target_id: each for each in catalogue.targets()}
    for line, service in enumerate(inputs.services if exact else (), 1):
        ours_too = services.get(service.service, service)
        heads = [(each.title, each.rule, each.risk, each.default) for each in (service, ours_too)]
        odd = [each for each in service.targets if targets.get(each.target_id, each) != each]
        if heads[0] != heads[1] or odd:
            faults.add("fits", f"{PAYLOAD}/inputs/{SERVICES}", line, key=service.service[:100])
    known = {_CATALOGUE + each for each, _content in catalogue.files}
    known |= {f"{PAYLOAD}/inputs/{each}" for each in KEPT}
    for each in found.sha256:
        if each.startswith(f"{PAYLOAD}/inputs/") and each not in known:
            faults.add("unexpected", each)


def _spelled_inputs(data: Path, inputs: Inputs, faults: Faults, *, exact: bool) -> None:
    hint = ""
    content = codec.read_bounded(data / "inputs" / CONTROLS, hint)
    if not spelled_document(content, inputs.controls, exact=exact):
        faults.add("spelled", f"{PAYLOAD}/inputs/{CONTROLS}")
    lines = codec.read_bounded(data / "inputs" / SERVICES, hint).splitlines()
    for number, (line, service) in enumerate(zip(lines, inputs.services, strict=True), 1):
        if not spelled(line, service, exact=exact):
            faults.add("spelled", f"{PAYLOAD}/inputs/{SERVICES}", number)


def loose_files(bag: Path, record: RunRecord, heard: Heard, found: Checked, faults: Faults) -> None:
    """Tell of blobs that nothing names, of a self-test that is none, and of another text for VERIFY.txt."""
    for name in found.sha256:
        if name.startswith(_BLOBS) and name.removeprefix(_BLOBS) not in heard.blobs:
            faults.add("blob_loose", name)
    if f"{PAYLOAD}/{SELF_TEST}" in found.sha256:
        try:
            content = text_of(bag / PAYLOAD / SELF_TEST)
            errors = msgspec.json.decode(content, type=Errors)
            fits = spelled_document(content, errors, exact=True) and errors.run_id == record.run_id
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            fits = False
        if not fits:
            faults.add("spelled", f"{PAYLOAD}/{SELF_TEST}")


def guide_fits(bag: Path, found: Checked) -> bool:
    """Whether VERIFY.txt is the text that this program writes."""
    return text_of(bag / GUIDE, SMALL) == guide(found.run_id, found.n_files)
