"""What a bag holds, held against itself: the chain, the counts, the tables, and verdicts judged again."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from probe import __version__
from probe.evidence.handling import Handling, custody_csv
from probe.evidence.manifest import GUIDE, PAYLOAD
from probe.evidence.read import hash_of, text_of
from probe.judge import RULES_VERSION
from probe.judge.fingerprints import FINGERPRINTS_VERSION
from probe.pipeline import held, receipts
from probe.pipeline.finish import judged_stored
from probe.pipeline.inputs import read_inputs
from probe.pipeline.tables_again import VERDICTS, tables_fit
from probe.store import RunFolder, StoreError, codec
from probe.store.journal import read_with_lines
from probe.store.run_folder import MEASUREMENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from probe.evidence.fault import Faults
    from probe.evidence.verify import Checked
    from probe.model.measurement import Measurement
    from probe.model.options import RunRecord
    from probe.model.verdict import Verdict

CUSTODY: Final = "custody.csv"
LONGEST_CUSTODY: Final = 1024
_SHOWN: Final = 120
"""Characters of a stranger's text in a fault."""


class Judging(Struct, frozen=True, kw_only=True):
    """What judging again came to."""

    run_id: str
    simulated: bool
    rules_version: int
    """Of the bag."""
    again: bool
    """Whether this program has the rules that the bag was judged by: only then a difference is a fault."""
    same_version: bool = True
    """Whether this very version wrote run and bag: only then texts and tables are compared to the byte."""
    software: str = ""
    """Of the run, where that is another."""
    differences: tuple[str, ...] = ()
    """Where the rules are others: a line a target of which this program's would say something else."""
    problem: str = ""
    """Why this program's rules cannot judge it, where they are others."""
    n_verdicts: int = 0
    """Verdicts that were judged again: those that no measurement bears out are not among them."""


def judged_again(bag: Path, found: Checked, faults: Faults) -> Judging | None:
    """Hold what a bag holds against itself; None where it cannot be read. Raises OSError."""
    try:
        with RunFolder.open(bag / PAYLOAD) as folder:
            return _held_against_itself(folder, found, faults)
    except StoreError as error:
        _unreadable(bag, error, faults)
    except (ValueError, ArithmeticError, RecursionError) as error:
        # A stranger's numbers can be sound JSON and still be none that anybody measured.
        faults.add("unreadable", held.JOURNAL, problem=f"cannot be judged: {error}"[:300])
    return None


def _held_against_itself(folder: RunFolder, found: Checked, faults: Faults) -> Judging | None:
    record = folder.read_run()
    inputs = read_inputs(folder)
    if found.run_id and record.run_id != found.run_id:
        faults.add("run_id", "bag-info.txt", found=found.run_id)
    _custody(folder, record, found, faults)
    exact = record.software_version == __version__
    heard = _heard(folder, record, found, faults, exact=exact)
    if heard.n != record.n_measurements:
        faults.add("count", held.JOURNAL, found=str(heard.n), told=str(record.n_measurements))
    verdicts = tuple(_verdicts(folder, faults, exact=exact))
    content = codec.read_bounded(folder.path / "run.json", "")
    if (exact and content != codec.document(record)) or not held.spelled_document(
        content, record, exact=exact
    ):
        faults.add("spelled", held.RUN)
    bag = folder.path.parent
    held.run_fits(record, inputs, heard, found, faults)
    held.inputs_fit(folder.path, inputs, found, faults, exact=exact)
    held.loose_files(bag, record, heard, found, faults)
    same_program = found.software == f"interference-probe {__version__}"
    ours = (
        record.rules_version == inputs.controls.rules_version == RULES_VERSION
        and inputs.controls.fingerprints_version == FINGERPRINTS_VERSION
    )
    with TemporaryDirectory(prefix="probe-judged-") as place:
        tables_fit(folder, Path(place), record, inputs, verdicts, found=found, faults=faults, exact=exact)
    differences: tuple[str, ...] = ()
    problem, n_again = "", 0
    try:
        finished = judged_stored(folder, record, inputs)
    except StoreError as error:
        if ours:
            raise
        problem = str(error)
    else:
        packed = finished.all_verdicts()
        again = tuple(packed)
        n_again = len({each.target_id for each in verdicts} & {each.target_id for each in again})
        if ours:
            if not (exact and hash_of(folder.path / VERDICTS) == _hash_of(packed.lines())):
                _compare(verdicts, again, faults, exact=exact)
            _record(record, finished.record, faults)
        else:
            differences = tuple(_differences(verdicts, again))
    # It tells the number of files: where one was added or removed, that has been told.
    if same_program and not faults.n and not held.guide_fits(bag, found):
        faults.add("guide_other", GUIDE)
    return Judging(
        run_id=record.run_id,
        simulated=record.simulated,
        rules_version=record.rules_version,
        again=ours,
        same_version=exact and same_program,
        software=record.software_version[:_SHOWN],
        differences=differences,
        problem=problem,
        n_verdicts=n_again,
    )


def _heard(
    folder: RunFolder, record: RunRecord, found: Checked, faults: Faults, *, exact: bool
) -> held.Heard:
    """Read every measurement, its chain, its spelling, and the blobs that it names."""
    heard = held.Heard()
    nonces: set[str] = set()
    for measurement, line in read_with_lines(folder.path / MEASUREMENTS):
        heard.hear(measurement, line, record)
        _references(measurement, found, faults)
        receipts.hold(measurement, heard.n, nonces, held.JOURNAL, faults)
        if not held.spelled(b"{" + line.partition(b",")[2], measurement, exact=exact):
            faults.add("spelled", held.JOURNAL, heard.n)
    return heard


def _verdicts(folder: RunFolder, faults: Faults, *, exact: bool) -> Iterator[Verdict]:
    """Yield the verdicts, their spelling looked at."""
    with (folder.path / VERDICTS).open("rb") as lines:
        for number, verdict in enumerate(folder.read_verdicts(), 1):
            if not held.spelled(lines.readline(codec.LONGEST_LINE).rstrip(b"\n"), verdict, exact=exact):
                faults.add("spelled", f"{PAYLOAD}/{VERDICTS}", number)
            yield verdict


def _custody(folder: RunFolder, record: RunRecord, found: Checked, faults: Faults) -> None:
    """Hold who had the run in hand against what run.json and bag-info.txt say of the times."""
    name = f"{PAYLOAD}/{CUSTODY}"
    if not found.generated_utc or name not in found.sha256:
        return  # what is wrong there has been told
    told = text_of(folder.path / CUSTODY, LONGEST_CUSTODY)
    moments = (utc_of(record.started_utc), utc_of(record.ended_utc))
    if None in moments or told != custody_csv(custody_of(record, found.generated_utc)):
        faults.add("custody", name)


def custody_of(record: RunRecord, sealed_utc: str) -> tuple[Handling, ...]:
    """Return who had a run in hand until it was sealed."""
    return (
        Handling(utc=record.started_utc, role="volunteer", action="measurement_began"),
        Handling(utc=record.ended_utc, role="volunteer", action="measurement_ended"),
        Handling(utc=sealed_utc, role="holder", action="sealed"),
    )


def _references(measurement: Measurement, found: Checked, faults: Faults) -> None:
    """Tell of blobs that a measurement names and the bag does not hold."""
    named = {each.sha256 for tls in measurement.tls_handshakes for each in tls.certificates}
    named |= {each.sha256 for quic in measurement.quic_handshakes for each in quic.certificates}
    for sha256 in sorted(named):
        name = f"{PAYLOAD}/blobs/{sha256[:64]}"
        if sha256 and name not in found.sha256:
            faults.add("blob_gone", name, uid=measurement.measurement_uid[:_SHOWN])


def _hash_of(lines: Iterable[bytes]) -> str:
    """Return the SHA-256 of a file that would hold these lines."""
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line)
    return digest.hexdigest()


def _compare(verdicts: Sequence[Verdict], again: Sequence[Verdict], faults: Faults, *, exact: bool) -> None:
    """Hold the bag's verdicts against those judged again by the same rules."""
    file = f"{PAYLOAD}/{VERDICTS}"
    before = faults.n
    ours = {verdict.target_id: verdict for verdict in again}
    seen: set[str] = set()
    for line, verdict in enumerate(verdicts, 1):
        seen.add(verdict.target_id)
        other = ours.get(verdict.target_id)
        target = verdict.target_id[:_SHOWN]
        if other is None:
            faults.add("verdict_added", file, line, target=target)
        elif _headline(verdict) != _headline(other):
            told, judged = _headline(verdict), _headline(other)
            faults.add("verdict", file, line, target=target, found=told, again=judged)
        elif changed := _changed(verdict, other):
            faults.add("verdict_bytes", file, line, target=target, fields=changed)
    for target_id in ours:
        if target_id not in seen:
            faults.add("verdict_gone", file, target=target_id[:_SHOWN])
    if faults.n == before and (exact or [v.target_id for v in verdicts] != [v.target_id for v in again]):
        faults.add("verdict_order", file)


def _headline(verdict: Verdict) -> str:
    mechanism = f" ({verdict.mechanism[:_SHOWN]})" if verdict.mechanism else ""
    return f"{verdict.state}{mechanism}, {'confirmed' if verdict.confirmed else 'unconfirmed'}"


def _changed(verdict: Verdict, other: Verdict) -> str:
    names = verdict.__struct_fields__
    return ", ".join(name for name in names if getattr(verdict, name) != getattr(other, name))


def _differences(verdicts: Sequence[Verdict], again: Sequence[Verdict]) -> Iterator[str]:
    """Yield what other rules would say, every field compared: worth knowing, and no fault of the bag."""
    ours = {verdict.target_id: verdict for verdict in again}
    for verdict in verdicts:
        target = verdict.target_id[:_SHOWN]
        other = ours.get(verdict.target_id)
        if other is None:
            yield f"{target}: {_headline(verdict)} -> -"
        elif changed := _changed(verdict, other):
            head = f"{_headline(verdict)} -> {_headline(other)}; "
            yield f"{target}: {head if _headline(verdict) != _headline(other) else ''}{changed}"
    told = {verdict.target_id for verdict in verdicts}
    for other in again:
        if other.target_id not in told:
            yield f"{other.target_id[:_SHOWN]}: - -> {_headline(other)}"


def _record(told: RunRecord, again: RunRecord, faults: Faults) -> None:
    """Hold what run.json says of the network and the place against what judging says."""
    for name in told.__struct_fields__:
        if getattr(told, name) != getattr(again, name):
            faults.add("record", f"{PAYLOAD}/run.json", key=name)


def _unreadable(bag: Path, error: StoreError, faults: Faults) -> None:
    path = Path(error.path)
    name = path.relative_to(bag).as_posix() if path.is_relative_to(bag) else path.name
    faults.add("unreadable", name, error.line, problem=error.problem[:300])


def utc_of(text: str) -> datetime | None:
    """Return a moment as run.json writes it, or None."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
