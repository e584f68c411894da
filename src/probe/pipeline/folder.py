"""Where a run is kept: a new folder with its first `run.json`, or an interrupted one taken up again."""

import hashlib
import platform
import secrets
import statistics
import sys
from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from probe import __version__
from probe.judge import RULES_VERSION, NetworkHistory
from probe.judge.fingerprints import notice_addresses
from probe.model.network import Network
from probe.model.options import RunRecord
from probe.pipeline.inputs import Inputs, inputs_of, read_inputs, write_inputs
from probe.pipeline.request import Prepared, UsageError
from probe.pipeline.whereabouts import Standing
from probe.store import OwnValues, Redactor, RunFolder, StoreError, encode_baseline

SCHEMA_VERSION = "0.1.0"
TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
MOST_HISTORY = 50
NETWORK_IS_FINE = "network.none"
ROOM = 1_000_000
ROOM_PER_TARGET = 4_000


class Opened(Struct, frozen=True, kw_only=True):
    """A run folder that is ready for measurements."""

    folder: RunFolder
    record: RunRecord
    inputs: Inputs
    started: float
    """The network's counter when the run began; for one taken up again, when it would have begun."""
    first_uid: int
    """Above all numbers that are taken: a run that was killed wrote them in the order of ending."""
    n_before: int
    """Measurements that lay there already."""
    resumed: bool


def open_run(
    prepared: Prepared, network: Network, *, simulated: bool = False, standing: Standing | None = None
) -> Opened:
    """Make a run's folder, or take up the one that `--resume` names. Raises StoreError, UsageError.

    `standing` is what was found out of the vantage point; without it, that is as it was declared.
    """
    if prepared.request.resume is not None:
        return _take_up(prepared, network, prepared.request.resume)
    record = _first_record(prepared, network, standing, simulated=simulated)
    folder = RunFolder.create(
        prepared.request.results, record.run_id, redactor=_redactor(network, _allowed(prepared))
    )
    inputs = inputs_of(
        prepared.services,
        prepared.catalogue,
        prepared.baseline,
        _history(prepared.request.results, record),
    )
    write_inputs(folder, inputs, prepared.catalogue.files)
    folder.write_run(record)
    folder.hold_back(_room_for(inputs))
    return Opened(
        folder=folder,
        record=record,
        inputs=inputs,
        started=network.clock.counter(),
        first_uid=0,
        n_before=0,
        resumed=False,
    )


def _redactor(network: Network, allowed: Collection[str]) -> Redactor:
    return Redactor(OwnValues.of_this_machine(resolvers=network.system_resolvers()), allowed=allowed)


def _allowed(prepared: Prepared) -> frozenset[str]:
    """Return the literal addresses that are measured on purpose, the controls' too, and those of notices."""
    measured = prepared.catalogue.literals() | {contact.host for contact in prepared.contacts}
    return measured | notice_addresses()


def _first_record(
    prepared: Prepared, network: Network, standing: Standing | None, *, simulated: bool
) -> RunRecord:
    now = network.clock.utc()
    found = standing.vantage if standing else prepared.request.vantage
    vantage = replace(found, software=f"interference-probe {__version__}")
    table = prepared.asn_table
    trust = network.trust()
    return RunRecord(
        schema_version=SCHEMA_VERSION,
        run_id=f"{now:%Y%m%dT%H%M%SZ}-{vantage.probe_asn}-{secrets.token_hex(2)}",
        software_version=__version__,
        rules_version=RULES_VERSION,
        python_version=".".join(map(str, sys.version_info[:3])),
        platform=platform.system(),
        options=prepared.options,
        seed=secrets.randbits(32),
        services=tuple(service.service for service in prepared.services),
        lists=prepared.lists,
        vantage=vantage,
        trust_source=trust.source,
        trust_sha256=trust.sha256,
        started_utc=now.strftime(TIME_FORMAT),
        baseline_sha256=_sha256(encode_baseline(prepared.baseline)) if prepared.baseline else "",
        bytes_sent=standing.spent.bytes_sent if standing else 0,
        bytes_received=standing.spent.bytes_received if standing else 0,
        asn_table_sha256=table.sha256,
        asn_table_dated=str(table.dated or ""),
        asn_table_is_stale=table.is_stale(now.date()),
        simulated=simulated,
    )


def _take_up(prepared: Prepared, network: Network, path: Path) -> Opened:
    """Open an interrupted run: what `prepare` read of it holds."""
    folder = RunFolder.open(path, append=True, redactor=_redactor(network, _allowed(prepared)))
    record = folder.read_run()
    if record.simulated:
        folder.close()
        raise UsageError(f"{path} was made in the lab.", "Start it anew: probe demo")
    if record.imported_from:
        folder.close()
        raise UsageError(f"{path} was measured by another program.", "Start a run of your own: probe run")
    inputs = read_inputs(folder)
    n_before, first_uid, last_s = 0, 0, 0.0
    for measurement in folder.measurements():
        n_before += 1
        first_uid = max(first_uid, _number(measurement.measurement_uid) + 1)
        last_s = max(last_s, measurement.started_s + measurement.runtime_s)
    # The counter of the first process is gone. The wall clock bridges the gap, but never backwards:
    # whatever is measured now came after all that was measured then.
    offset = max((network.clock.utc() - began_utc(record)).total_seconds(), last_s + 1.0)
    # If this process is killed too, the run has not ended, whatever it said of an end before.
    record = replace(record, options=prepared.options, resumed=record.resumed + 1, stopped="", ended_utc="")
    folder.write_run(record)
    folder.hold_back(_room_for(inputs))
    return Opened(
        folder=folder,
        record=record,
        inputs=inputs,
        started=network.clock.counter() - offset,
        first_uid=first_uid,
        n_before=n_before,
        resumed=True,
    )


def began_utc(record: RunRecord) -> datetime:
    """Return when a run began, by the clock of then, aware; whole seconds."""
    return datetime.strptime(record.started_utc, TIME_FORMAT).replace(tzinfo=UTC)


def _room_for(inputs: Inputs) -> int:
    """Return the bytes that measurements in flight, verdicts and tables may need on a disk that is full."""
    return ROOM + ROOM_PER_TARGET * len(inputs.targets())


def _number(uid: str) -> int:
    """Return the number at the end of a measurement's name; -1 where it has none."""
    number = uid.rpartition("-")[2]
    return int(number) if number.isdecimal() and number.isascii() else -1


def _history(results: Path, record: RunRecord) -> NetworkHistory:
    """Sum up what earlier runs found on this network: same declared AS, access type and network name."""
    good = [earlier for _, earlier in earlier_here(results, record)]
    rates = [r.network_success_rate for r in good if r.network_success_rate is not None]
    times = [r.network_handshake_ms for r in good if r.network_handshake_ms is not None]
    links = [r.network_kbps for r in good if r.network_kbps is not None]
    return NetworkHistory(
        n_good=len(good),
        success_rate=statistics.median(rates) if rates else None,
        handshake_ms=statistics.median(times) if times else None,
        link_kbps=statistics.median(links) if links else None,
    )


def earlier_here(results: Path, record: RunRecord) -> Iterator[tuple[RunFolder, RunRecord]]:
    """Yield the newest other runs on this network that were complete and found it fine, newest first.

    The same network is the same declared AS, access type and network name. A damaged run is no history;
    whoever judges it is told.
    """
    if not results.is_dir():
        return
    folders = sorted((f for f in results.iterdir() if (f / "run.json").is_file()), reverse=True)
    for path in folders[:MOST_HISTORY]:
        with suppress(StoreError):
            folder = RunFolder.open(path)
            earlier = folder.read_run()
            if (
                earlier.run_id != record.run_id
                and _network_of(earlier) == _network_of(record)
                and _was_good(earlier, record)
            ):
                yield folder, earlier


def _was_good(earlier: RunRecord, now: RunRecord) -> bool:
    return (
        bool(earlier.ended_utc)
        and earlier.network_mechanism == NETWORK_IS_FINE
        and earlier.simulated == now.simulated
    )


def _network_of(record: RunRecord) -> tuple[str, str, str]:
    at_first = record.run_id.split("-")[1:2]  # receipts may tell the AS later
    return "".join(at_first), record.vantage.access_type, record.vantage.probe_network_name


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
