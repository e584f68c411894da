"""The harness of whole bags: one file of a kept bag is another; whatever it is, it is told."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

from fuzz.files import a_baseline
from fuzz.harness import Harness, scratch
from fuzz.runs import MAX_RECORD, judge_seeds, sample
from probe.evidence.fault import Faults
from probe.pipeline.inputs import CONTROLS, SERVICES
from probe.pipeline.verifying import verify_folder
from probe.store import encode_baseline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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


def _whole() -> Callable[[bytes], None]:
    bag = scratch() / "whole"
    shutil.copytree(sample(), bag)
    journal = bag / "data" / "measurements.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    whole = {journal: journal.read_bytes()}
    whole |= {path: path.read_bytes() for name in _FILES if (path := bag / "data" / name).exists()}

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
        path = sample() / "data" / name
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
