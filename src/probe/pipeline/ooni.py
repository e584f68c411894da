"""`probe judge FILE.jsonl`: OONI measurements become runs, and are judged by our rules.

What belongs together is one run: one AS and country, within a day, of one program's run where the record
names it. Several measurements of one target in it are its rounds. There are no neutrals in OONI's records:
what has to be counted between successes of neutrals is never counted, and says so.
"""

import hashlib
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from probe import __version__
from probe.judge import RULES_VERSION, NetworkHistory
from probe.judge.constants import BASELINE_FRESH_S
from probe.judge.fingerprints import notice_addresses
from probe.judge.imported import Claim
from probe.model.measurement import Measurement, VantagePoint
from probe.model.options import RunOptions, RunRecord
from probe.model.target import Service, Target
from probe.model.words import Risk
from probe.pipeline.finish import finish
from probe.pipeline.folder import SCHEMA_VERSION, TIME_FORMAT
from probe.pipeline.inputs import CLAIMS, inputs_of, write_inputs
from probe.pipeline.ooni_groups import UNKNOWN, Line, groups_of, line_of
from probe.pipeline.ooni_read import SERVICE, TESTS, Book, Part, claims_of, parts_of
from probe.pipeline.request import UsageError
from probe.pipeline.run import RunResult, result_of
from probe.store import OwnValues, Redactor, RunFolder, StoreError
from probe.store.ooni import HINT, Record, read_ooni, read_ooni_at
from probe.targets import Catalogue, read_catalogue

MOST_RUNS: Final = 1_000
LONGEST_NAME: Final = 80


class Source(Struct, frozen=True, kw_only=True):
    """A file of records, and what they are read by."""

    path: Path
    digest: str
    catalogue: Catalogue
    book: Book


class Imported(Struct, frozen=True, kw_only=True):
    """What a file gave."""

    results: tuple[RunResult, ...]
    n_records: int
    skipped: Mapping[str, int]
    """Records of tests that nothing is made of, by test; texts of a stranger."""


def is_ooni_file(path: Path) -> bool:
    """Say whether `probe judge` was given a file rather than a run."""
    return path.is_file() and path.suffix != ".zip"


def judge_ooni(path: Path, results: Path, *, catalogue: Catalogue | None = None) -> Imported:
    """Make a run of every group of records in the file, below `results`, and judge it.

    The whole file is read before anything is written. A run's name follows from what it holds: the same file
    gives the same runs, and is refused where they lie already. Raises StoreError, UsageError.
    """
    catalogue = catalogue or read_catalogue()
    book = Book(catalogue)
    lines: list[Line] = []
    skipped: dict[str, int] = {}
    for number, offset, record in read_ooni(path):
        if record.test_name not in TESTS or not _parts(path, number, record, book):
            name = record.test_name[:40]
            skipped[name] = skipped.get(name, 0) + 1
            continue
        _claims(path, number, record)
        lines.append(line_of(number, offset, record))
    groups = list(groups_of(lines))
    if not groups:
        raise StoreError(path, 0, "no record in it can be judged", HINT)
    if len(groups) > MOST_RUNS:
        raise UsageError(f"{path} would become more than {MOST_RUNS} runs.", "Split the file by network.")
    source = Source(path=path, digest=_digest(path), catalogue=catalogue, book=book)
    made = tuple(_run(source, group, results) for group in groups)
    return Imported(results=made, n_records=len(lines), skipped=dict(sorted(skipped.items())))


def _run(source: Source, group: Sequence[Line], results: Path) -> RunResult:
    first = group[0]
    mark = hashlib.sha256(f"{source.digest} {first.number}".encode()).hexdigest()[:4]
    run_id = f"{first.started:%Y%m%dT%H%M%SZ}-{first.asn}-{mark}"
    allowed = source.catalogue.literals() | notice_addresses()
    with RunFolder.create(
        results, run_id, redactor=Redactor(OwnValues.of_this_machine(), allowed=allowed)
    ) as folder:
        writer = _Writer(folder=folder, began=first.started)
        for line in group:
            record = read_ooni_at(source.path, line.offset, line.number)
            writer.write(record, _parts(source.path, line.number, record, source.book))
            writer.claims |= {c.input: c for c in _claims(source.path, line.number, record)}
        folder.sync()
        services = tuple(_services(writer.targets, source.book))
        inputs = inputs_of(services, source.catalogue, None, NetworkHistory())
        write_inputs(folder, inputs, source.catalogue.files)
        claims = [writer.claims[t] for t in sorted(writer.claims)]
        folder.write_inputs({CLAIMS: msgspec.json.encode(claims) + b"\n"} if claims else {})
        record_of_run = _record(run_id, group, source.digest, writer, services)
        folder.write_run(record_of_run)
        return result_of(folder.path, finish(folder, record_of_run), interrupted=False)


class _Writer:
    """Appends measurements, and keeps what all of them come to."""

    def __init__(self, *, folder: RunFolder, began: datetime) -> None:
        self._folder = folder
        self._began = began
        self._rounds: dict[str, int] = {}
        self.n = 0
        self.targets: dict[str, Target] = {}
        self.claims: dict[str, Claim] = {}
        self.software: dict[str, None] = {}
        self.network_names: dict[str, None] = {}
        self.resolver_asns: dict[str, None] = {}
        self.ended = began

    def write(self, record: Record, parts: Sequence[Part]) -> None:
        """Append what a record holds of each target; its control is a measurement of its own."""
        started = record.started()
        runtime = min(max(record.test_runtime or 0.0, 0.0), BASELINE_FRESH_S)
        self.software[_plain(f"{record.software_name} {record.software_version}")] = None
        self.network_names[_plain(record.probe_network_name or "")] = None
        self.resolver_asns[record.resolver_asn or UNKNOWN] = None
        self.ended = max(self.ended, started + timedelta(seconds=runtime))
        for part in parts:
            target = part.target
            self.targets[target.target_id] = target
            is_own = part.experiment == target.experiment
            number = self._rounds.get(target.target_id, 0)
            self._rounds[target.target_id] = number + is_own
            m = Measurement(
                measurement_uid=self._uid(),
                target_id=target.target_id,
                service=target.service,
                input=target.input,
                experiment=part.experiment,
                round=number,
                is_control=False,
                measurement_start_time=started,
                started_s=(started - self._began).total_seconds(),
                runtime_s=runtime,
                queries=part.observed.queries,
                tcp_connect=part.observed.tcp_connect,
                tls_handshakes=part.observed.tls_handshakes,
                requests=part.observed.requests,
                quic_handshakes=part.observed.quic_handshakes,
            )
            self._folder.append(m, sync=False)
            if part.control is not None:
                self._folder.append(
                    replace(
                        m,
                        measurement_uid=self._uid(),
                        experiment="control",
                        controls=(part.control,),
                        queries=(),
                        tcp_connect=(),
                        tls_handshakes=(),
                        requests=(),
                        quic_handshakes=(),
                    ),
                    sync=False,
                )

    def _uid(self) -> str:
        self.n += 1
        return f"o{self.n:06d}"


def _services(targets: Mapping[str, Target], book: Book) -> Iterator[Service]:
    """Yield the services of what was tried.

    What a service's rule asks for and no record holds has its row too: it was not measured.
    """
    for name in sorted({t.service for t in targets.values()} - {SERVICE}):
        service = book.services[name]
        needed = [
            t for t in service.targets if t.target_id in targets or service.rule != "essential" or t.essential
        ]
        yield replace(service, targets=tuple(needed))
    others = tuple(t for t in targets.values() if t.service == SERVICE)
    if others:
        yield Service(service=SERVICE, title=SERVICE, rule="any", risk=Risk.LOW, targets=others)


def _record(
    run_id: str, group: Sequence[Line], digest: str, writer: _Writer, services: Sequence[Service]
) -> RunRecord:
    first = group[0]
    told = tuple(filter(None, writer.software))[:4]
    resolvers = set(writer.resolver_asns)
    names = [name for name in writer.network_names if name]
    return RunRecord(
        schema_version=SCHEMA_VERSION,
        run_id=run_id,
        software_version=__version__,
        rules_version=RULES_VERSION,
        python_version=".".join(map(str, sys.version_info[:3])),
        platform=platform.system(),
        options=RunOptions(throughput=False),
        seed=0,
        services=tuple(service.service for service in services),
        lists=(),
        vantage=VantagePoint(
            probe_asn=first.asn,
            asn_source="none" if first.asn == UNKNOWN else "detected",
            probe_cc=first.cc,
            probe_network_name=names[0] if len(names) == 1 else "",
            resolver_asn=resolvers.pop() if len(resolvers) == 1 and UNKNOWN not in resolvers else "",
            software=", ".join(told),
        ),
        trust_source="",
        trust_sha256="",
        started_utc=first.started.strftime(TIME_FORMAT),
        ended_utc=writer.ended.strftime(TIME_FORMAT),
        n_measurements=writer.n,
        simulated=first.simulated,
        imported_from=f"OONI measurements, SHA-256 of the file {digest}",
    )


def _parts(path: Path, number: int, record: Record, book: Book) -> tuple[Part, ...]:
    try:
        return parts_of(record, book)
    except ValueError as error:
        raise StoreError(path, number, f"cannot be judged: {error}", HINT) from None


def _claims(path: Path, number: int, record: Record) -> tuple[Claim, ...]:
    try:
        return claims_of(record)
    except ValueError as error:
        raise StoreError(path, number, f"cannot be judged: {error}", HINT) from None


def _plain(text: str) -> str:
    """Return a stranger's word without signs that nobody sees."""
    return " ".join("".join(sign for sign in text if sign.isprintable()).split())[:LONGEST_NAME]


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
