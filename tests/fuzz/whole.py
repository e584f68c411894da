"""The harness of whole bags: one file of a small bag is another; whatever it is, it is told."""

from __future__ import annotations

import hashlib
import json
import shutil
from contextlib import nullcontext
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final
from unittest.mock import patch

import msgspec

from fuzz.files import a_baseline
from fuzz.harness import Harness, scratch
from fuzz.runs import MAX_RECORD, judge_seeds
from probe.evidence.fault import Faults
from probe.pipeline import held
from probe.pipeline.inputs import CONTROLS, SERVICES
from probe.pipeline.rejudge import rejudge
from probe.pipeline.verifying import verify_folder
from probe.store import encode_baseline
from probe.store.journal import FIRST, chained
from probe.targets import read_catalogue
from probe.targets.catalogue import SPECIAL
from unit import a_bag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_FILES: Final = (
    "run.json",
    f"inputs/{CONTROLS}",
    f"inputs/{SERVICES}",
    "verdicts.jsonl",
    "datapackage.json",
    "verdicts.csv",
    "services.csv",
    "self-test.json",
    "inputs/claims.json",
    "inputs/baseline.json",
    "inputs/catalogue/twitter.toml",
)
_NEUTRALS_A_GROUP: Final = 3  # fewer, no catalogue may have
_SERVICES: Final = {"twitter.toml", "cloudflare-dns.toml", "google-dns.toml"}
"""One that inputs change, and two whose addresses were measured: sealing asks whose each address is."""
_RANGES: Final = {"x", "google", "cloudflare"}


@lru_cache(maxsize=1)
def _small_bag() -> Path:
    """Seal the kept run anew with a tenth of its controls: of a whole one, 15 a second can be verified."""
    run = a_bag.a_run(scratch() / "small")
    inputs, journal = run / "inputs", run / "measurements.jsonl"
    _shorten_catalogue(inputs / "catalogue")
    catalogue = read_catalogue(inputs / "catalogue")
    controls = msgspec.json.decode(msgspec.json.encode(catalogue), type=dict)
    held = ("neutrals", "ranges", "ranges_dated")
    a_bag.change(inputs / CONTROLS, catalogue=catalogue.digest, **{name: controls[name] for name in held})
    lines = [json.loads(line) for line in journal.read_bytes().splitlines()]
    spoken: set[tuple[str, str]] = set()
    left, previous = [], FIRST
    for record in lines:
        kind = (record["experiment"], record["target_id"].partition("/")[0])
        if not record["is_control"] or kind not in spoken:
            spoken.add(kind)
            del record["prev_sha256"]
            left.append(chained(msgspec.json.encode(record), previous))
            previous = hashlib.sha256(left[-1].rstrip()).hexdigest()
    journal.write_bytes(b"".join(left))
    for blob in (run / "blobs").iterdir():
        if blob.name.encode() not in journal.read_bytes():
            blob.unlink()
    a_bag.change(run / "run.json", n_measurements=len(left))
    rejudge(run, None, None)
    return a_bag.sealed(run, scratch() / "bags").bag


def _shorten_catalogue(folder: Path) -> None:
    """Leave three services, and of the neutrals as few as there may be."""
    for path in folder.glob("*.toml"):
        if path.name not in SPECIAL | _SERVICES:
            path.unlink()
    for path in (folder / "ranges").iterdir():
        if path.stem not in _RANGES:
            path.unlink()
    neutral = folder / "neutral.toml"
    top, *tables = neutral.read_text(encoding="utf-8").split("[[neutral]]")
    groups: dict[str, list[str]] = {}
    for table in tables:
        groups.setdefault(table.partition("group = ")[2].partition("\n")[0], []).append(table)
    kept = [table for group in groups.values() for table in group[:_NEUTRALS_A_GROUP]]
    neutral.write_text("[[neutral]]".join((top, *kept)), encoding="utf-8")


def _whole() -> Callable[[bytes], None]:
    bag = scratch() / "whole"
    shutil.copytree(_small_bag(), bag)
    journal = bag / "data" / "measurements.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    whole = {journal: journal.read_bytes()}
    whole |= {path: path.read_bytes() for name in _FILES if (path := bag / "data" / name).exists()}
    # What an input leaves as it was is read once: half of the time went into the same catalogue.
    once = cache(read_catalogue)

    def read(data: bytes) -> None:
        which = data[0] % (len(_FILES) + 1) if data else 0
        if which < len(_FILES):
            path = bag / "data" / _FILES[which]
            path.write_bytes(data[1:])
        else:
            path = journal
            last = lines[-1][: len(b'{"prev_sha256":"",') + 64] + data[1:].partition(b"{")[2] + b"\n"
            path.write_bytes(b"".join(lines[:-1]) + last)
        faults = Faults()
        is_changed = path.parent.name == "catalogue"
        with nullcontext() if is_changed else patch.object(held, "read_catalogue", once):
            verify_folder(bag, faults)
        assert bool(faults.n) == (path.read_bytes() != whole.get(path))
        for fault in faults.kept:
            fault.sentence()
        if path in whole:
            path.write_bytes(whole[path])
        else:
            path.unlink()

    return read


def _whole_seeds() -> Iterator[bytes]:
    last = bytes((len(_FILES),))
    yield from (last + line for line in judge_seeds())
    for number, name in enumerate(_FILES):
        path = _small_bag() / "data" / name
        if path.exists():
            content = path.read_bytes()
            yield bytes((number,)) + (content if name.endswith(".json") else content.splitlines(True)[0])
    yield bytes((_FILES.index("inputs/baseline.json"),)) + encode_baseline(a_baseline())
    yield bytes((_FILES.index("self-test.json"),)) + b'{"run_id":"x"}'


HARNESSES: Final = (
    Harness(
        name="bag-whole",
        reads="a whole bag, judged again",
        make=_whole,
        seeds=_whole_seeds,
        kind="json",
        head=1,
        max_len=8 * MAX_RECORD,
    ),
)
