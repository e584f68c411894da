"""Random edits of a sealed bag: each has to be found by `probe evidence verify`; what stock tools see alone.

    python -m benchmarks.bag_edits [--edits 10000] [--seed 1] [BAG.zip]

Kinds, in equal shares: a byte of any file changed; a file added; removed; renamed; two lines of a table, a
journal or a manifest exchanged; a verdict altered and every hash of the bag made again, its tables too in
half of the cases. No root hash is given to `verify`: against a published one `sha256sum` finds every edit
but a file added. Beside each kind stands how many of its edits are seen by
`sha256sum -c` over both manifests, and by the Library of Congress's `bagit`.
"""

import argparse
import hashlib
import json
import logging
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import bagit  # type: ignore[import-untyped]  # it comes without types

from probe.evidence.error import EvidenceError
from probe.evidence.fault import Faults
from probe.evidence.manifest import MANIFEST, PAYLOAD, TAGMANIFEST, TAGS, Entry, manifest
from probe.evidence.verify import checked
from probe.model.words import State
from probe.pipeline.finish import rolled_up, service_of_network
from probe.pipeline.inputs import read_inputs
from probe.pipeline.verifying import verify
from probe.report.csv import write_services_csv, write_verdicts_csv
from probe.store import RunFolder, codec

SAMPLE = Path(__file__).parents[1] / "tests" / "unit" / "bags" / "20261122-first.zip"
LINES = (
    *(MANIFEST, TAGMANIFEST, "bag-info.txt", "VERIFY.txt", "data/measurements.jsonl", "data/verdicts.jsonl"),
    *("data/verdicts.csv", "data/services.csv", "data/custody.csv"),
)
FIELDS: Mapping[str, tuple[object, ...]] = {
    "state": tuple(State),
    "mechanism": ("", "dns.nxdomain", "tcp.timeout", "tls.reset", "http.blockpage"),
    "confirmed": (True, False),
    "located": ("resolver", "operator_network", "path", "server", "unknown"),
    "because": ("It is said so.", "Three of three handshakes were reset."),
    "failure": (None, "generic_timeout_error", "connection_reset"),
    "n_observations": (0, 1, 1000),
    "n_controls": (0, 1, 1000),
    "connect_ms": (None, 1.0, 99.5),
    "started_utc": ("2020-01-01T00:00:00Z",),
    "measurement_uids": ([], ["nobody"]),
    "witnesses": ([], ["nobody"]),
    "notes": ([], ["All is well."]),
}
"""Of a verdict: what an altered one says instead."""


@dataclass(frozen=True, slots=True)
class Bag:
    """A bag's folder, and every file of it as it was sealed."""

    path: Path
    files: Mapping[str, bytes]

    def restore(self) -> None:
        """Make the folder again what it was."""
        there = {path.relative_to(self.path).as_posix() for path in self.path.rglob("*") if path.is_file()}
        for name in there - self.files.keys():
            (self.path / name).unlink()
        for name, content in self.files.items():
            path = self.path / name
            if name not in there or path.read_bytes() != content:
                path.write_bytes(content)
        for folder in sorted((path for path in self.path.rglob("*") if path.is_dir()), reverse=True):
            if not any(folder.iterdir()):
                folder.rmdir()


def unpacked(zipped: Path, place: Path) -> Bag:
    """Return a bag to be edited."""
    with ZipFile(zipped) as file:
        file.extractall(place)
    (path,) = place.iterdir()
    files = {
        each.relative_to(path).as_posix(): each.read_bytes() for each in path.rglob("*") if each.is_file()
    }
    return Bag(path, dict(sorted(files.items())))


def change_a_byte(bag: Bag, rng: random.Random) -> str:
    """Change one byte of one file."""
    name = rng.choice([name for name, content in bag.files.items() if content])
    content = bytearray(bag.files[name])
    content[rng.randrange(len(content))] ^= rng.randrange(1, 256)
    (bag.path / name).write_bytes(content)
    return name


def add_a_file(bag: Bag, rng: random.Random) -> str:
    """Add a file under a name that is free."""
    folder = rng.choice(("", "data/", "data/inputs/", "data/blobs/", "data/inputs/catalogue/"))
    content = rng.randbytes(rng.randrange(200))
    name = rng.choice(
        (
            hashlib.sha256(content).hexdigest(),
            *(f"note{rng.randrange(10**6)}{suffix}" for suffix in (".txt", ".toml", ".json", "", ".jsonl")),
            *("bagit.txt", "signature.sig", ".hidden", "manifest-sha512.txt", "run2.json"),
        )
    )
    if folder + name in bag.files:
        return add_a_file(bag, rng)
    (bag.path / folder / name).write_bytes(content)
    return folder + name


def remove_a_file(bag: Bag, rng: random.Random) -> str:
    """Remove a file."""
    name = rng.choice(list(bag.files))
    (bag.path / name).unlink()
    return name


def rename_a_file(bag: Bag, rng: random.Random) -> str:
    """Give a file another name, or another place, or the name of another one and that one its own."""
    name = rng.choice(list(bag.files))
    other = rng.choice((f"{name}.old", name.swapcase(), f"data/{name.rpartition('/')[2]}x", *bag.files))
    if other == name or (other in bag.files and bag.files[other] == bag.files[name]):
        return rename_a_file(bag, rng)
    (bag.path / other).parent.mkdir(parents=True, exist_ok=True)
    if other in bag.files:
        (bag.path / name).write_bytes(bag.files[other])
        (bag.path / other).write_bytes(bag.files[name])
    else:
        (bag.path / name).rename(bag.path / other)
    return f"{name} -> {other}"


def exchange_two_lines(bag: Bag, rng: random.Random) -> str:
    """Exchange two lines of a file that say different things."""
    name = rng.choice(LINES)
    lines = bag.files[name].splitlines(keepends=True)
    one, two = rng.sample(range(len(lines)), 2)
    if lines[one] == lines[two]:
        return exchange_two_lines(bag, rng)
    lines[one], lines[two] = lines[two], lines[one]
    (bag.path / name).write_bytes(b"".join(lines))
    return f"{name}:{one + 1},{two + 1}"


def alter_a_verdict(bag: Bag, rng: random.Random) -> str:
    """Alter a verdict, make the tables again in half of the cases, and every hash."""
    path = bag.path / "data" / "verdicts.jsonl"
    verdicts = [json.loads(line) for line in bag.files["data/verdicts.jsonl"].splitlines()]
    number, field = rng.randrange(len(verdicts)), rng.choice(list(FIELDS))
    value = rng.choice(FIELDS[field])
    if verdicts[number][field] == value:
        return alter_a_verdict(bag, rng)
    verdicts[number][field] = value
    read = [codec.decode_verdict(json.dumps(each).encode()) for each in verdicts]
    path.write_bytes(b"".join(codec.encode(each) + b"\n" for each in read))
    with_tables = rng.random() < 0.5
    if with_tables:
        _tables(bag.path)
    _hashes(bag.path)
    return f"{verdicts[number]['target_id']}.{field} = {value!r}{' with tables' * with_tables}"


KINDS: Mapping[str, Callable[[Bag, random.Random], str]] = {
    "a byte changed": change_a_byte,
    "a file added": add_a_file,
    "a file removed": remove_a_file,
    "a file renamed": rename_a_file,
    "two lines exchanged": exchange_two_lines,
    "a verdict altered, hashes made again": alter_a_verdict,
}


def _tables(bag: Path) -> None:
    with RunFolder.open(bag) as folder:
        record, inputs, verdicts = folder.read_run(), read_inputs(folder), tuple(folder.read_verdicts())
    network = [verdict for verdict in verdicts if verdict.service == "network"]
    services = (*rolled_up((service_of_network(network[0]),), network), *rolled_up(inputs.judged(), verdicts))
    data = bag / "data"
    write_verdicts_csv(
        data / "verdicts.csv", record.run_id, verdicts, record.vantage, simulated=record.simulated
    )
    write_services_csv(data / "services.csv", record.run_id, services, record.vantage)


def _hashes(bag: Path) -> None:
    """Make Payload-Oxum and both manifests fit."""
    payload = list(_entries(bag, (path for path in (bag / PAYLOAD).rglob("*") if path.is_file())))
    oxum = f"{sum(entry.n_bytes for entry in payload)}.{len(payload)}"
    lines = (bag / "bag-info.txt").read_text().splitlines()
    told = (f"Payload-Oxum: {oxum}" if line.startswith("Payload-Oxum") else line for line in lines)
    (bag / "bag-info.txt").write_text("".join(f"{line}\n" for line in told))
    (bag / MANIFEST).write_bytes(manifest(payload))
    (bag / TAGMANIFEST).write_bytes(manifest(_entries(bag, (bag / name for name in TAGS))))


def _entries(bag: Path, paths: Iterator[Path]) -> Iterator[Entry]:
    for path in paths:
        content = path.read_bytes()
        name = path.relative_to(bag).as_posix()
        yield Entry(name=name, n_bytes=len(content), sha256=hashlib.sha256(content).hexdigest())


def found_by_verify(bag: Path) -> bool:
    """Say whether the program finds something wrong; where hashes tell, nothing is judged again for it."""
    faults = Faults()
    try:
        checked(bag, faults)
        return faults.n > 0 or verify(bag).faults.n > 0
    except EvidenceError:
        return True


def found_by_sha256sum(bag: Path) -> bool:
    """Say whether `sha256sum -c` over both manifests ends with a complaint."""
    commands = (["sha256sum", "--status", "-c", name] for name in (MANIFEST, TAGMANIFEST))
    return any(
        subprocess.run(command, cwd=bag, stdout=-3, stderr=-3, check=False).returncode for command in commands
    )


def found_by_bagit(bag: Path) -> bool:
    """Say whether the Library of Congress's program calls the bag invalid."""
    try:
        bagit.Bag(str(bag)).validate()
    except (bagit.BagError, OSError, ValueError):
        return True
    return False


def main() -> int:
    """Edit, count, print a row a kind; 1 where an edit was not found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("zip", nargs="?", type=Path, default=SAMPLE)
    parser.add_argument("--edits", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    logging.disable()
    rng = random.Random(options.seed)
    counts: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory(prefix="probe-benchmark-") as place:
        bag = unpacked(options.zip, Path(place) / "bag")
        if found_by_verify(bag.path):
            raise SystemExit("the bag itself is not as it was sealed")
        for number in range(options.edits):
            kind = list(KINDS)[number % len(KINDS)]
            what = KINDS[kind](bag, rng)
            seen = {
                "verify": found_by_verify(bag.path),
                "sha256sum": found_by_sha256sum(bag.path),
                "bagit": found_by_bagit(bag.path),
            }
            seen["either"] = seen["sha256sum"] or seen["bagit"]
            counts[kind, "n"] += 1
            counts.update((kind, who) for who, found in seen.items() if found)
            if not seen["verify"]:
                print(f"not found: edit {number}, {kind}: {what}", flush=True)
            bag.restore()
            if number % 500 == 499 and found_by_verify(bag.path):
                raise SystemExit("the bag was not restored: what was counted says nothing")
    return _printed(counts)


def _printed(counts: Counter[tuple[str, str]]) -> int:
    print("| edit | n | verify | sha256sum -c | bagit | either of the two |")
    print("|---|---|---|---|---|---|")
    for kind in (*KINDS, "all"):
        row = [
            sum(counts[each, who] for each in KINDS if kind in (each, "all"))
            for who in ("n", "verify", "sha256sum", "bagit", "either")
        ]
        shares = (f"{n:,} ({100 * n / max(row[0], 1):.1f} %)" for n in row[1:])
        print(f"| {kind} | {row[0]:,} | {' | '.join(shares)} |")
    return 0 if row[0] == row[1] else 1


if __name__ == "__main__":
    sys.exit(main())
