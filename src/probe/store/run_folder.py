"""One run on disk, `results/<run_id>/`: what happened, what it meant, and what judging used."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import IO, Final, Self

from msgspec.structs import replace

from probe.model.measurement import Measurement
from probe.model.options import RunRecord
from probe.model.verdict import Verdict
from probe.store import codec, journal, target_lines
from probe.store.blobs import Blobs
from probe.store.error import StoreError, not_written
from probe.store.files import make_folder, remove_leftovers
from probe.store.own import OwnValues
from probe.store.packed import PackedVerdicts
from probe.store.redact import Redactor
from probe.store.redact_fields import without_account
from probe.system.disk import hold_back, is_pipe, open_plain, write_whole
from probe.system.names import PLAIN

RUN: Final = "run.json"
MEASUREMENTS: Final = "measurements.jsonl"
VERDICTS: Final = "verdicts.jsonl"
INPUTS: Final = "inputs"
BLOBS: Final = "blobs"
_NAME: Final = re.compile(PLAIN)
_UNTOUCHED: Final = "The run is not as it was written: use an untouched copy."


class RunFolder:
    """A run's folder: open for appending (`create`, `open(append=True)`) or for reading and judging again."""

    def __init__(self, path: Path, end: journal.Journal | None, redactor: Redactor) -> None:
        """Keep the parts; use `create` or `open`."""
        self.path = path
        self._end = end
        self._redactor = redactor
        self._index: target_lines.Index | None = None
        self._blobs = Blobs(path / BLOBS)
        if end is not None:
            self._blobs.begin()
        self._room: IO[bytes] | None = None
        self.refused: StoreError | None = None
        """What the disk first said to something that was to be kept, if it ever refused."""

    @classmethod
    def create(cls, results: Path, run_id: str, *, redactor: Redactor | None = None) -> Self:
        """Make the folder of a new run and hold it for appending. Raises StoreError if it exists.

        Without a redactor, one is made that knows this machine's name, user and home.
        """
        if not _NAME.fullmatch(run_id):
            raise StoreError(results, 0, f"{run_id[:100]!r} cannot name a run", "Use A-Z a-z 0-9 . _ - only.")
        path = results / run_id
        try:
            results.mkdir(parents=True, exist_ok=True)
            for folder in (path, path / INPUTS, path / BLOBS):
                make_folder(folder)
        except OSError as error:
            hint = "Name another folder with --results."
            raise StoreError(path, 0, f"cannot be made: {error.strerror}", hint) from None
        return cls(
            path, journal.Journal(path / MEASUREMENTS), redactor or Redactor(OwnValues.of_this_machine())
        )

    @classmethod
    def open(cls, path: Path, *, append: bool = False, redactor: Redactor | None = None) -> Self:
        """Open a run, or the run inside a bag; `append` locks it and heals a torn last line.

        Raises StoreError when this is no run, another process appends to it, or a sealed one is to change.
        """
        path = path / "data" if (path / "bagit.txt").is_file() else path
        if not (path / MEASUREMENTS).is_file():
            hint = "Name a folder below results/ that `probe run` wrote."
            raise StoreError(path, 0, f"no run: {MEASUREMENTS} is missing", hint)
        folder = cls(path, None, redactor or Redactor(OwnValues.of_this_machine()))
        if append:
            folder._refuse_sealed()
            for each in (path / INPUTS, path / BLOBS):
                if not each.is_dir():
                    make_folder(each)
            folder._end = journal.Journal(path / MEASUREMENTS)
            folder._blobs.begin()
            for each in (path, path / INPUTS, path / BLOBS):
                remove_leftovers(each)
        return folder

    @property
    def sealed(self) -> bool:
        """Whether this run lies in a bag, whose bytes are promised to somebody."""
        return (self.path / "bagit.txt").is_file() or (
            self.path.name == "data" and (self.path.parent / "bagit.txt").is_file()
        )

    @property
    def redactions(self) -> tuple[tuple[str, int], ...]:
        """What was masked so far by this process: category and count."""
        return self._redactor.counts()

    def append(
        self, measurement: Measurement, blobs: Mapping[str, bytes] | None = None, *, sync: bool = True
    ) -> Measurement:
        """Write a redacted copy of a measurement and its blobs; it is on disk when this returns.

        With `sync=False` it is in the system's hands only, until `sync()`. Returns the copy. Raises
        StoreError when the disk is full, ValueError for what could not be read again (a fault of ours). What
        the disk refuses is tried again with the room that was held back; `refused` tells of it then.
        """
        if self._end is None:
            raise StoreError(self.path, 0, "opened for reading", "Open it with append=True.")
        clean, clean_blobs = self._redactor.measurement(measurement, blobs or {})
        try:
            self._write(self._end, clean, clean_blobs, sync=sync)
        except StoreError as refused:
            if self.refused is not None:
                raise
            self.refused = refused
            self.free_room()
            self._write(self._end, clean, clean_blobs, sync=sync)
        return clean

    def _write(
        self, end: journal.Journal, clean: Measurement, blobs: Mapping[str, bytes], *, sync: bool
    ) -> None:
        try:
            for sha256, content in blobs.items():
                self._blobs.write(sha256, content, sync=sync)
        except OSError as error:
            raise not_written(self.path / BLOBS, error) from error
        offset = end.append(clean, sync=sync)
        if self._index is not None:
            target_lines.noted(self._index, clean.target_id, offset)

    def sync(self) -> None:
        """Wait until everything appended is on the disk; another thread may call it. Raises StoreError."""
        try:
            self._blobs.sync()
            if self._end is not None:
                self._end.sync()
        except OSError as error:
            refused = not_written(self.path / MEASUREMENTS, error)
            self.refused = self.refused or refused
            raise refused from error

    def hold_back(self, n_bytes: int) -> None:
        """Keep room on the disk for what is written when it is full, if there is so much."""
        self._room = hold_back(self.path, n_bytes)

    def free_room(self) -> None:
        """Give back what was held, if anything is."""
        if self._room is not None:
            self._room.close()
            self._room = None

    def measurements(self) -> Iterator[Measurement]:
        """Yield every measurement in the order of writing, checking the chain. Raises StoreError."""
        return journal.read(self.path / MEASUREMENTS)

    def of_experiment(self, experiment: str) -> Iterator[Measurement]:
        """Yield the measurements of one experiment, quickly: the chain is not checked. Raises StoreError."""
        return journal.of_experiment(self.path / MEASUREMENTS, experiment)

    def index(self) -> Mapping[str, Sequence[int]]:
        """Return the offsets of each target's measurements, so that one target can be read alone."""
        return MappingProxyType(self._indexed())

    def read_at(self, offsets: Iterable[int]) -> Iterator[Measurement]:
        """Yield the measurements at these offsets."""
        return target_lines.read_at(self.path / MEASUREMENTS, offsets)

    def of_target(self, target_id: str) -> tuple[Measurement, ...]:
        """Return all measurements of one target, as they are judged together. Raises StoreError."""
        return target_lines.together(self.path / MEASUREMENTS, self._indexed().get(target_id, ()))

    def first_line_of(self, target_id: str) -> int:
        """Return the line of a target's first measurement, for errors; 0 where it has none."""
        offsets = self._indexed().get(target_id)
        return target_lines.line_at(self.path / MEASUREMENTS, offsets[0]) if offsets else 0

    def blob(self, sha256: str) -> bytes:
        """Return a blob. Raises StoreError when it is missing or its bytes have another hash."""
        return self._blobs.read(sha256)

    def write_run(self, record: RunRecord) -> None:
        """Write run.json without passwords; texts of our own faults are redacted, as they may name paths."""
        self._refuse_sealed()
        if is_pipe(self.path / RUN):  # it would be waited for
            raise StoreError(self.path / RUN, 0, "no plain file", _UNTOUCHED)
        options = replace(
            record.options,
            control_proxy=without_account(record.options.control_proxy),
            controls=tuple(map(without_account, record.options.controls)),
        )
        errors = tuple(self._redactor.text(error) for error in record.errors)
        redactions = record.redactions or self.redactions
        clean = replace(record, options=options, errors=errors, redactions=redactions)
        write_whole(self.path / RUN, codec.document(clean))

    def read_run(self) -> RunRecord:
        """Read run.json. Raises StoreError."""
        begun = (self.path / RUN).exists() or (self.path / MEASUREMENTS).stat().st_size
        hint = _UNTOUCHED if begun else "It was cut off before anything was measured: begin a new run."
        return codec.read_document(self.path / RUN, RunRecord, hint)

    def write_inputs(self, files: Mapping[str, bytes | Iterable[bytes]]) -> None:
        """Keep what judging used, under names such as `baseline.json` or `catalogue/twitter.toml`.

        A file may come in pieces.
        """
        self._refuse_sealed()
        for name, content in files.items():
            parts = name.split("/")
            if len(parts) > 3 or not all(_NAME.fullmatch(part) for part in parts):
                raise StoreError(
                    self.path / INPUTS, 0, f"{name[:100]!r} cannot name a file", "Use A-Z a-z 0-9 . _ -"
                )
            folder = self.path / INPUTS
            for part in parts[:-1]:
                folder /= part
                if not folder.is_dir():
                    make_folder(folder)
            write_whole(folder / parts[-1], content)

    def read_input(self, name: str) -> bytes:
        """Return a file kept by `write_inputs`. Raises StoreError."""
        return codec.read_bounded(self.path / INPUTS / name, "The run is incomplete: use an untouched copy.")

    def write_verdicts(self, verdicts: Iterable[Verdict], *, out: Path | None = None) -> None:
        """Write verdicts.jsonl anew, here or into the folder `out`, which is made if need be."""
        if out is None:
            self._refuse_sealed()
        else:
            out.mkdir(parents=True, exist_ok=True)
        packed = verdicts if isinstance(verdicts, PackedVerdicts) else PackedVerdicts(verdicts)
        write_whole((out or self.path) / VERDICTS, packed.lines())

    def read_verdicts(self) -> Iterator[Verdict]:
        """Yield the verdicts as written. Raises StoreError with the line."""
        path = self.path / VERDICTS
        hint = f"Write it again: probe judge {self.path}"
        try:
            handle = open_plain(path)
        except OSError as error:
            raise StoreError(path, 0, f"cannot be read: {error.strerror}", hint) from None
        with handle:
            for number, line in enumerate(iter(lambda: handle.readline(codec.LONGEST_LINE + 1), b""), 1):
                try:
                    yield codec.decode_verdict(line)
                except ValueError as error:
                    raise StoreError(path, number, f"not a verdict: {error}", hint) from None

    def write_beside(self, name: str, content: bytes) -> None:
        """Keep a file made of the run, such as `self-test.json`. Raises StoreError for a sealed one."""
        self._refuse_sealed()
        write_whole(self.path / name, content)

    def close(self) -> None:
        """Let go of the journal and its lock; twice does no harm."""
        self.free_room()
        if self._end is not None:
            try:
                self._blobs.close()
            except OSError:
                if self.refused is None:  # else it was told, and ended the run
                    raise
            finally:
                self._end.close()

    def __enter__(self) -> Self:
        """Return the folder itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def _indexed(self) -> target_lines.Index:
        if self._index is None:
            self._index = target_lines.index(self.path / MEASUREMENTS)
        return self._index

    def _refuse_sealed(self) -> None:
        if self.sealed:
            hint = "A sealed run never changes; give -o to write elsewhere."
            raise StoreError(self.path, 0, "this run is sealed", hint)
