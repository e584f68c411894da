"""Runs and bags for the tests of sealing and verifying: a small run of the lab, and what is made of it."""

import json
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from zipfile import ZipFile

import msgspec

from probe.evidence.fault import Fault
from probe.evidence.manifest import MANIFEST, PAYLOAD, TAGMANIFEST, TAGS
from probe.pipeline.rejudge import rejudge
from probe.pipeline.sealing import Refused, Sealed, seal
from probe.pipeline.verifying import verify

SAMPLE = Path(__file__).parent / "bags" / "20261122-first.zip"
"""A bag as the first release made it, kept for good: packed again, so that it is small."""


def a_run(folder: Path) -> Path:
    """Return a finished run below a folder, judged by the rules in force."""
    with ZipFile(SAMPLE) as zipped:
        zipped.extractall(folder / "first")
    (bag,) = (folder / "first").iterdir()
    run = folder / bag.name
    shutil.move(bag / PAYLOAD, run)
    (run / "custody.csv").unlink()
    shutil.rmtree(folder / "first")
    rejudge(run, None, None)
    return run


def change(path: Path, **fields: object) -> None:
    """Set fields of a JSON file, written as the program writes it."""
    content = msgspec.json.decode(path.read_bytes()) | fields
    path.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")


def sealed(run: Path, out: Path) -> Sealed:
    """Seal a run that can be sealed."""
    done = seal(run, out)
    assert isinstance(done, Sealed), done
    return done


def refused(run: Path, out: Path) -> Refused:
    """Seal a run that cannot."""
    done = seal(run, out)
    assert isinstance(done, Refused), done
    return done


def faults_of(bag: Path, root: str = "") -> tuple[Fault, ...]:
    """Return what is wrong with a bag."""
    return tuple(verify(bag, root).faults.kept)


def codes_of(bag: Path, root: str = "") -> set[tuple[str, str]]:
    """Return code and file of everything that is wrong with a bag."""
    return {(fault.code, fault.file) for fault in faults_of(bag, root)}


def a_blob(bag: Path) -> str:
    """Return the name of one blob."""
    return min(path.name for path in (bag / "data" / "blobs").iterdir())


def hashed_again(bag: Path) -> None:
    """Make both manifests fit what lies there, with stock tools, as somebody who alters a bag would."""
    names = sorted(path.relative_to(bag).as_posix() for path in (bag / PAYLOAD).rglob("*") if path.is_file())
    _sha256sum(bag, names, MANIFEST)
    told = sum((bag / name).stat().st_size for name in names)
    info = (bag / "bag-info.txt").read_text().splitlines()
    lines = [
        f"Payload-Oxum: {told}.{len(names)}" if line.startswith("Payload-Oxum") else line for line in info
    ]
    (bag / "bag-info.txt").write_text("".join(f"{line}\n" for line in lines))
    _sha256sum(bag, sorted(TAGS), TAGMANIFEST)


def lines_of(path: Path) -> list[dict[str, object]]:
    """Return the records of a JSON Lines file."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def write_lines(path: Path, records: Iterable[object]) -> None:
    """Write records as the program writes them."""
    path.write_bytes(b"".join(msgspec.json.encode(record) + b"\n" for record in records))


def _sha256sum(bag: Path, names: list[str], manifest: str) -> None:
    done = subprocess.run(["sha256sum", *names], cwd=bag, capture_output=True, check=True)
    (bag / manifest).write_bytes(done.stdout)
