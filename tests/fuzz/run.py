"""Fuzz what reads strangers' bytes: `.venv/bin/python tests/fuzz/run.py dns --inputs 1000000`."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

sys.path[0] = str(Path(__file__).resolve().parents[1])

from fuzz.harness import FOUND, Harness, found_before  # noqa: E402  # after the path to the tests
from fuzz.table import HARNESSES  # noqa: E402  # as above

HANG_S: Final = 60
MOST_MB: Final = 1500
GROWTH: Final = 1.25
SLACK_MB: Final = 60.0
"""The end may take a quarter and this more than a tenth of the inputs took: the fuzzer keeps some."""
_EDGES: Final = re.compile(r"\bcov: (\d+)")
_KEPT: Final = re.compile(r"\bcorp: (\d+/\d+[KMG]?b)")
HEADINGS: Final = (
    "harness",
    "inputs",
    "a second",
    "edges",
    "MB at start",
    "at 10 %",
    "at the end",
    "slowest s",
)


def main() -> int:
    """Run the harnesses that were named, one after the other; 1 where one found something."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a harness, or all")
    parser.add_argument("--inputs", type=int, default=100_000, metavar="N", help="how many of each (100000)")
    parser.add_argument(
        "--record", type=Path, metavar="FILE", help="a line of JSON each; those in it are not run"
    )
    parser.add_argument(
        "--corpus", type=Path, metavar="FOLDER", help="inputs kept from one run to the next, by harness"
    )
    parser.add_argument("--list", action="store_true", help="say what there is")
    asked = parser.parse_args()
    names = list(HARNESSES) if asked.names == ["all"] else asked.names
    unknown = [name for name in names if name not in HARNESSES]
    if unknown:
        parser.error(f"no harness {unknown[0]!r}; one of: {', '.join(HARNESSES)}")
    if asked.list or not names:
        for harness in HARNESSES.values():
            print(f"{harness.name:20} {harness.reads}")
        return 0
    print(" | ".join(HEADINGS), flush=True)
    results = [_run(HARNESSES[name], asked.inputs, asked.record, asked.corpus) for name in names]
    return 0 if all(results) else 1


def _run(harness: Harness, inputs: int, record: Path | None, corpus: Path | None) -> bool:
    """Run one; say what came of it. False where an input broke it, or memory grew."""
    done = _recorded(record).get(harness.name)
    if done is None or done["inputs"] < inputs:
        done = _fuzzed(harness, inputs, corpus)
        if done is None:
            return False
        if record is not None:
            with record.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"name": harness.name, **done}) + "\n")
    rate = round(done["inputs"] / max(done["seconds"], 0.1))
    row = (
        done["inputs"],
        rate,
        done["edges"],
        *(done[key] for key in ("start", "tenth", "end", "slowest_s")),
    )
    print(" | ".join((harness.name, *map(str, row))), flush=True)
    if done["end"] > GROWTH * done["tenth"] + SLACK_MB:
        print(f"{harness.name}: memory grew from {done['tenth']} to {done['end']} MB", flush=True)
        return False
    return True


def _recorded(record: Path | None) -> dict[str, Any]:
    if record is None or not record.exists():
        return {}
    return {line["name"]: line for line in map(json.loads, record.read_text(encoding="utf-8").splitlines())}


def _fuzzed(harness: Harness, inputs: int, corpus: Path | None) -> dict[str, Any] | None:
    """Return the counts of a run; None, with its last words printed, where it broke."""
    kept = [str(corpus / harness.name)] if corpus is not None else []  # new inputs go to the first folder
    for each in kept:
        Path(each).mkdir(parents=True, exist_ok=True)
    artifacts = FOUND / harness.name
    artifacts.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="probe-fuzz-seeds-") as folder:
        seeds = [*harness.seeds(), *(path.read_bytes() for path in found_before(harness.name))]
        for number, seed in enumerate(seeds):
            Path(folder, f"{number:04}").write_bytes(seed)
        command = [sys.executable, str(Path(__file__).with_name("one.py")), harness.name, str(inputs)]
        command += [
            *kept,
            folder,
            f"-artifact_prefix={artifacts}/",
            f"-timeout={HANG_S}",
            f"-rss_limit_mb={MOST_MB}",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False, errors="replace")
    if not any(artifacts.iterdir()):
        artifacts.rmdir()
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if not line.startswith("INFO: Instrumenting")]
        print(f"{harness.name}: broken", *done.stdout.splitlines(), *said[-40:], sep="\n", flush=True)
        return None
    edges = [int(found) for found in _EDGES.findall(done.stderr)]
    size = _KEPT.findall(done.stderr)[-1:]
    return {**json.loads(done.stdout.splitlines()[-1]), "edges": max(edges, default=0), "kept": "".join(size)}


if __name__ == "__main__":
    sys.exit(main())
