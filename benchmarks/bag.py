"""How fast a run is sealed: bag and zip against `sha256sum` over the same files; redaction and residual scan.

    python -m benchmarks.bag [--mb 500] [--times 3] [--scan-mb 60]

Bag and zip: files of `--mb` megabytes in all, four fifths a journal and the rest blobs of 100 kB, are
copied into a bag, hashed and zipped, and `sha256sum` hashes them as often in turn, both from the page cache;
the ratio of the medians is what is promised. What it takes until the disk has both copies for good (fsync)
is printed beside it: that hangs on the disk, and `sha256sum` writes nothing.

Redaction and scan: the journal of a run in the lab, copied until it has `--scan-mb` megabytes, every copy
with pages of its own. Short texts that come again are remembered, as in any run. CPU time of one core.
"""

import argparse
import hashlib
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from unittest.mock import patch
from zipfile import ZipFile

from probe.evidence.bag import Contents, drafted
from probe.model.measurement import Measurement
from probe.pipeline.residues import residues_of
from probe.store import OwnValues, Redactor, RunFolder, codec, journal

SAMPLE = Path(__file__).parents[1] / "tests" / "unit" / "bags" / "20261122-first.zip"
PROMISED_RATIO = 1.5
PROMISED_MB_S = 15.0
BLOB = 100_000
MEGA = 1_000_000


def main() -> int:
    """Measure all, print a line each; 1 where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mb", type=int, default=500)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--scan-mb", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="probe-benchmark-") as place:
        kept = _bag(Path(place), options.mb, options.times)
        kept &= _scan(Path(place), options.scan_mb)
    return 0 if kept else 1


def _bag(place: Path, mb: int, times: int) -> bool:
    files = dict(_files(place / "run", mb))
    contents = Contents(
        run_id="20261122T000000Z-AS64500-bead",
        software="benchmark 0",
        generated=datetime(2026, 11, 22, tzinfo=UTC),
        files=files,
        guide=b"",
    )
    stock, ours, whole = [], [], []
    for number in range(times):
        stock.append(_timed(lambda: subprocess.run(["sha256sum", *files.values()], stdout=-3, check=True)))
        whole.append(_timed(partial(_written, contents, place / f"out-{number}")))
        with patch("os.fsync"):
            ours.append(_timed(partial(_written, contents, place / f"swift-{number}")))
    ratio = statistics.median(ours) / statistics.median(stock)
    print(
        f"bag and stored zip of {mb} MB: {statistics.median(ours):.2f} s = {ratio:.2f} x sha256sum"
        f" ({statistics.median(stock):.2f} s); until the disk has both {statistics.median(whole):.2f} s"
        f" (promised {PROMISED_RATIO} x)"
    )
    return ratio <= PROMISED_RATIO


def _files(run: Path, mb: int) -> Iterator[tuple[str, Path]]:
    (run / "blobs").mkdir(parents=True)
    with (run / "measurements.jsonl").open("wb") as file:
        for _ in range(mb * 4 // 5):
            file.write(secrets.token_bytes(MEGA))
    yield "measurements.jsonl", run / "measurements.jsonl"
    for number in range(mb * MEGA // 5 // BLOB):
        path = run / "blobs" / f"{number:064x}"
        path.write_bytes(secrets.token_bytes(BLOB))
        yield f"blobs/{path.name}", path


def _written(contents: Contents, out: Path) -> None:
    with drafted(contents, out):
        pass


def _scan(place: Path, mb: int) -> bool:
    with ZipFile(SAMPLE) as zipped:
        zipped.extractall(place / "first")
    (sealed,) = (place / "first").iterdir()
    data = sealed / "data"
    with RunFolder.open(data) as folder:
        lines = [codec.encode(measurement) for measurement in folder.measurements()]
    n_bytes = _multiplied(data / "measurements.jsonl", lines, mb * MEGA)
    with RunFolder.open(data) as folder:
        redactor = Redactor(OwnValues.of_this_machine())
        measurements = list(folder.measurements())
        redacting = _cpu(partial(_redacted, redactor, measurements))
        scanning = _cpu(lambda: _found_nothing(folder))
    rates = [n_bytes / MEGA / seconds for seconds in (redacting, scanning)]
    print(
        f"redaction of {n_bytes / MEGA:.0f} MB: {rates[0]:.1f} MB/s;"
        f" residual scan: {rates[1]:.1f} MB/s (promised {PROMISED_MB_S:.0f} MB/s each)"
    )
    return min(rates) >= PROMISED_MB_S


def _multiplied(path: Path, lines: list[bytes], wanted: int) -> int:
    """Write the journal's lines again and again, each time with other words in its pages."""
    previous, n_bytes, copy = journal.FIRST, 0, 0
    with path.open("wb") as file:
        while n_bytes < wanted:
            for line in lines:
                other = line.replace(b'"body":"', f'"body":"copy {copy:x} of a page '.encode())
                chained = journal.chained(other, previous)
                previous = hashlib.sha256(chained[:-1]).hexdigest()
                file.write(chained)
                n_bytes += len(chained)
            copy += 1
    return n_bytes


def _redacted(redactor: Redactor, measurements: list[Measurement]) -> None:
    for measurement in measurements:
        redactor.measurement(measurement, {})


def _found_nothing(folder: RunFolder) -> None:
    found = residues_of(folder)
    if found:
        raise SystemExit(f"the sample holds what it should not: {found[0]}")


def _timed(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def _cpu(act: Callable[[], object]) -> float:
    begun = time.process_time()
    act()
    return time.process_time() - begun


if __name__ == "__main__":
    sys.exit(main())
