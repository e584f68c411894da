"""A finished run becomes a bag and a zip: looked through for the volunteer, copied, verified."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from probe import __version__
from probe.evidence.bag import Contents, drafted, put_in_place
from probe.evidence.fault import Faults
from probe.evidence.guide import guide
from probe.evidence.handling import custody_csv
from probe.evidence.manifest import NAME, OF_A_RUN, PAYLOAD, RUN_ID, SEALED
from probe.evidence.read import DEEPEST
from probe.locale import _
from probe.pipeline.held import blobs_named
from probe.pipeline.judged_again import CUSTODY, custody_of, utc_of
from probe.pipeline.request import UsageError
from probe.pipeline.tables_again import DESCRIPTION, TABLES, VERDICTS
from probe.pipeline.verifying import verify_folder
from probe.store import RunFolder, StoreError
from probe.store.run_folder import BLOBS, MEASUREMENTS, RUN
from probe.system.disk import open_to_read
from probe.system.holding import hold, let_go

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from probe.evidence.fault import Fault
    from probe.model.options import RunRecord
    from probe.store.residual import Residue

NEEDED: Final = (RUN, MEASUREMENTS, VERDICTS, *TABLES, DESCRIPTION)
KEPT: Final = ("self-test.json",)
"""What only some runs have. A journal's torn end (measurements.torn-N.jsonl) is no measurement: it stays."""
LEFTOVER: Final = ".tmp-"
"""In the name of what a crash left of a file that was being written."""
FOLDERS: Final = ("inputs", "blobs")


class Sealed(Struct, frozen=True, kw_only=True):
    """A bag that was made."""

    run_id: str
    bag: Path
    zip: Path
    root_sha256: str
    n_files: int
    """Below data/."""
    n_bytes: int
    generated_utc: str
    simulated: bool


class Refused(Struct, frozen=True, kw_only=True):
    """A run that was not sealed: what in it may name the volunteer, or what does not fit together."""

    residues: tuple[Residue, ...] = ()
    faults: tuple[Fault, ...] = ()


def seal(run: Path, out: Path | None = None, at: datetime | None = None) -> Sealed | Refused:
    """Seal a run; no line of it changes. The same run and `at` (aware; else its end) give the same bytes.

    Raises StoreError, EvidenceError, UsageError, OSError.
    """
    with RunFolder.open(run) as folder:
        if folder.sealed:
            raise UsageError(
                _("{run} is sealed already.").format(run=run),
                _("Verify it: probe evidence verify {run}").format(run=run),
            )
        with _unwritten(folder.path / MEASUREMENTS):
            record = folder.read_run()
            generated = _generated(run, record, at)
            files = _files(folder.path)
            if residues := _residues(folder):
                return Refused(residues=residues)
            custody = custody_csv(custody_of(record, generated.strftime("%Y-%m-%dT%H:%M:%SZ")))
            contents = Contents(
                run_id=record.run_id,
                software=f"interference-probe {__version__}",
                generated=generated,
                files={**files, CUSTODY: custody},
                guide=guide(record.run_id, len(files) + 1),
            )
            return _put(contents, record, out or folder.path.resolve().parent / SEALED)


def _put(contents: Contents, record: RunRecord, out: Path) -> Sealed | Refused:
    """Write the bag, verify it as a stranger would, and only then give it its name."""
    with drafted(contents, out) as draft:
        faults = Faults()
        verify_folder(draft.bag, faults)
        if faults.n:
            return Refused(faults=tuple(faults.kept))
        bag, zipped = put_in_place(draft, out)
    return Sealed(
        run_id=record.run_id,
        bag=bag,
        zip=zipped,
        root_sha256=draft.root_sha256,
        n_files=draft.n_files,
        n_bytes=draft.n_bytes,
        generated_utc=contents.generated.strftime("%Y-%m-%dT%H:%M:%SZ"),
        simulated=record.simulated,
    )


def _residues(folder: RunFolder) -> tuple[Residue, ...]:
    from probe.pipeline.residues import residues_of

    return residues_of(folder)


def _generated(run: Path, record: RunRecord, at: datetime | None) -> datetime:
    """Return when the bag says that it was made. Raises UsageError for a run without a name or an end."""
    if not RUN_ID.fullmatch(record.run_id) or utc_of(record.started_utc) is None:
        raise UsageError(
            _("{run}: run.json is not as this program writes it.").format(run=run),
            _("The run is not as it was written: use an untouched copy."),
        )
    ended = utc_of(record.ended_utc)
    if ended is None:
        raise UsageError(
            _("{run} has not ended: it cannot be sealed.").format(run=run),
            _("Complete it: probe run --resume {run}").format(run=run),
        )
    if at is not None and at < ended:
        raise UsageError(
            _("{run} ended later than --at says.").format(run=run),
            _("Give --at {time} or later.").format(time=record.ended_utc),
        )
    return at or ended


@contextmanager
def _unwritten(journal: Path) -> Iterator[None]:
    """Hold the journal so that nobody appends to it meanwhile. Raises StoreError where somebody does."""
    descriptor = open_to_read(journal)
    try:
        try:
            hold(descriptor, shared=True)
        except BlockingIOError:
            hint = _("Wait until it ends, or end it with Ctrl-C.")
            raise StoreError(journal, 0, "another probe is writing to this run", hint) from None
        yield
    finally:
        let_go(descriptor)


def _files(run: Path) -> dict[str, Path]:
    """Return what goes below data/, by name. Raises UsageError for what is missing or has no place there."""
    files = {name: run / name for name in (*NEEDED, *(kept for kept in KEPT if (run / kept).exists()))}
    for name, path in files.items():
        if not path.is_file():
            raise UsageError(
                _("{path} is missing.").format(path=path),
                _("Judge the run again, then seal it: probe judge {run}").format(run=run),
            )
        files[name] = path
    for folder in FOLDERS:
        if (run / folder).is_dir():
            files |= _within(run, folder)
    named = blobs_named(run / MEASUREMENTS)  # a crash may have left one of a line that was never written
    return {name: path for name, path in files.items() if path.parent.name != BLOBS or path.name in named}


def _within(run: Path, folder: str, depth: int = 0) -> dict[str, Path]:
    files: dict[str, Path] = {}
    with os.scandir(run / folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            name = f"{folder}/{entry.name}"
            if entry.is_dir(follow_symlinks=False) and depth < DEEPEST:
                files |= _within(run, name, depth + 1)
            elif (
                stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode)
                and NAME.fullmatch(name)
                and OF_A_RUN.fullmatch(f"{PAYLOAD}/{name}")
            ):
                files[name] = run / name
            elif LEFTOVER not in entry.name:
                raise UsageError(
                    _("{path} is no file of a run.").format(path=run / name),
                    _("Move it elsewhere, then seal again."),
                )
    return files
