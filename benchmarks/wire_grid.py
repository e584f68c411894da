"""The full grids of the wire lab, with the real command: every world on every link, and what it said there.

    python -m benchmarks.wire_grid --grid blocked        every world of blocking x three links
    python -m benchmarks.wire_grid --grid throughput     every world of speed x 36 links
    python -m benchmarks.wire_grid --innocents 300 --jobs 6 --resume innocents.jsonl
                                                         so many runs of innocents, drawn from the second grid

One run takes half a minute to two minutes and mostly waits; two cores carry four to six at once. `--resume`
keeps every result as a line of JSON: the same command goes on where it was cut. Exits with 1 when an innocent
was accused with confirmation, when more than two were without, or when a state was not among those allowed.
"""

import argparse
import json
import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.wire_cells import ACCUSING, Cell, cells

Result = dict[str, Any]
MOST_UNCONFIRMED = 2
"""Innocents that may be accused without confirmation."""
STATES = (
    *("throttled confirmed", "throttled", "blocked confirmed", "blocked"),
    *("geoblocked", "down", "inconclusive", "reachable"),
)
FIELDS = {"key", "scenario", "line", "innocent", "seconds", "trouble", "rows", "accused"}
LABELS = ("exact", "allowed", "differs", "wrong")
"""As the table of the tests says; as this link allows; the state right and another word not; wrong."""


def measured(cell: Cell, kept: Path | None) -> Result:
    """Run one cell; the folder of a run that went wrong is kept where asked. Raises faults of the lab."""
    from wire.harness import safely

    folder = Path(tempfile.mkdtemp(prefix="wire-grid-"))
    outcome = safely(replace(cell.scenario, link=_shape(cell)), folder, seed=cell.seed)
    if not outcome.trouble and outcome.exit_code not in {0, 3}:
        outcome.trouble = f"exit {outcome.exit_code}: {outcome.stderr[-400:]}"
    rows = [] if outcome.trouble else [_compared(cell, row, outcome) for row in cell.scenario.rows]
    accused = _accused(cell, outcome)
    if kept and (accused or outcome.trouble or any(row["label"] == "wrong" for row in rows)):
        kept.mkdir(parents=True, exist_ok=True)
        shutil.move(folder, kept / re.sub(r"[^\w.-]+", "_", cell.key))
    shutil.rmtree(folder, ignore_errors=True)
    return {
        "key": cell.key,
        "scenario": cell.scenario.name,
        "line": cell.line.name,
        "innocent": cell.is_innocent,
        "seconds": round(outcome.seconds, 1),
        "trouble": outcome.trouble,
        "rows": rows,
        "accused": accused,
    }


def _safely(cell: Cell, kept: Path | None) -> Result:
    """Run one cell; what the lab itself could not do is the result's trouble, and ends no grid of hours."""
    try:
        return measured(cell, kept)
    except Exception as fault:  # noqa: BLE001  # whatever it is: it is named, and the cell is run again
        empty: Result = {
            "seconds": 0.0,
            "rows": [],
            "accused": [],
            "trouble": f"{type(fault).__name__}: {fault}",
        }
        return empty | {
            "key": cell.key,
            "scenario": cell.scenario.name,
            "line": cell.line.name,
            "innocent": cell.is_innocent,
        }


def _shape(cell: Cell) -> dict[str, float]:
    """Return the cell's link; what makes the world special (its own loss, rate, stalls) stays."""
    shape = cell.line.shape()
    if cell.scenario.name in {"slow-link", "radio-stalls", "lossy-link", "lossy"}:
        shape |= {k: v for k, v in cell.scenario.link.items() if k in {"stall_every_s", "stall_s"}}
    if cell.scenario.name == "slow-link":
        shape["rate_bps"] = cell.scenario.link["rate_bps"]
    if cell.scenario.name in {"lossy-link", "lossy"}:
        shape["loss"] = max(shape["loss"], cell.scenario.link["loss"])
    return shape


def _compared(cell: Cell, row: Any, outcome: Any) -> Result:
    """Hold one row of the world's table against what the run said."""
    from wire.harness import difference

    found = outcome.verdicts.get(row.subject) or outcome.services.get(row.subject) or {}
    state, told = found.get("state", "no row"), difference(row, outcome)
    label = "exact" if not told else "differs" if state in row.state.split("|") else "allowed"
    if state not in cell.allowed(row):
        label = "wrong"
    words = {key: found.get(key, "") for key in ("mechanism", "located", "confirmed", "reason_code")}
    return {"subject": row.subject, "state": state, "label": label, "told": told, **words}


def _accused(cell: Cell, outcome: Any) -> list[Result]:
    """Return the verdicts that accuse anybody in a world where nobody interferes."""
    found = {row["target_id"]: row for row in outcome.verdicts.values()} if cell.is_innocent else {}
    words = ("target_id", "state", "mechanism", "confirmed", "rule_id")
    return [{w: row[w] for w in words} for row in found.values() if row["state"] in ACCUSING]


def chosen(asked: argparse.Namespace) -> list[Cell]:
    """Return the cells to run, in an order drawn by the seed: a grid that is cut is a fair sample of it."""
    draw = random.Random(asked.seed)
    if asked.innocents:
        every = [
            c for c in cells("throughput", seed=asked.seed) if c.is_innocent and re.search(asked.only, c.key)
        ]
        some: list[Cell] = []
        while len(some) < asked.innocents:
            again = [replace(c, seed=asked.seed + len(some) // len(every)) for c in every]
            some += draw.sample(again, min(len(again), asked.innocents - len(some)))
        return some
    wanted = [c for c in cells(asked.grid, seed=asked.seed) if re.search(asked.only, c.key)]
    return draw.sample(wanted, min(asked.sample or len(wanted), len(wanted)))


def run(wanted: Sequence[Cell], asked: argparse.Namespace) -> list[Result]:
    """Run what has no result yet; append each as it comes. Ctrl-C keeps what is there."""
    results = stored(asked.resume, {cell.key for cell in wanted})
    left = [cell for cell in wanted if cell.key not in results]
    print(f"{len(wanted)} runs, {len(results)} of them known, {asked.jobs} at once", flush=True)
    begun = time.monotonic()
    pool = ThreadPoolExecutor(asked.jobs)
    futures = [pool.submit(_safely, cell, asked.keep) for cell in left]
    try:
        for n, future in enumerate(as_completed(futures), 1):
            result = future.result()
            results[result["key"]] = result
            if asked.resume:
                with asked.resume.open("a", encoding="utf-8") as file:
                    file.write("\n" * (n == 1) + json.dumps(result) + "\n")
            pace = (time.monotonic() - begun) / n
            said = result["trouble"] or ", ".join(
                f"{r['subject']} {r['state']} ({r['label']})" for r in result["rows"]
            )
            print(
                f"[{n}/{len(left)}, {pace * (len(left) - n) / 60:.0f} min left] {result['key']}: {said}"[:300]
            )
            sys.stdout.flush()
    except KeyboardInterrupt:
        print("cut; the runs under way are waited for", file=sys.stderr)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return list(results.values())


def stored(path: Path | None, keys: set[str]) -> dict[str, Result]:
    """Read results of an earlier call; what failed by our own fault, or was torn, is run again."""
    if not path or not path.exists():
        return {}
    results = map(_result, path.read_text(encoding="utf-8", errors="replace").splitlines())
    return {r["key"]: r for r in results if r is not None and r["key"] in keys and not r["trouble"]}


def _result(line: str) -> Result | None:
    """Read one line; None where it was torn: cut off, or run into the next."""
    try:
        result = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return result if isinstance(result, dict) and result.keys() >= FIELDS else None


def report(results: Sequence[Result]) -> int:
    """Print the tables; return 1 when a promise was broken."""
    done = [r for r in results if not r["trouble"]]
    labels = Counter(row["label"] for r in done for row in r["rows"])
    seconds = sorted(r["seconds"] for r in done) or [0.0]
    print(f"\n{len(results)} runs, {len(results) - len(done)} failed by a fault of the lab")
    print(f"seconds a run: median {seconds[len(seconds) // 2]:.0f}, longest {seconds[-1]:.0f}")
    print("rows: " + ", ".join(f"{labels[label]} {label}" for label in LABELS))
    _by("scenario", "somebody interferes", [r for r in done if not r["innocent"]])
    innocent = [r for r in done if r["innocent"]]
    _by("scenario", "innocent", innocent)
    _by("line", "interferes, by link", [r for r in done if not r["innocent"]])
    _by("line", "innocent, by link", innocent)
    accused = [(r, v) for r in innocent for v in r["accused"]]
    confirmed = {r["key"] for r, v in accused if v["confirmed"].lower() == "true"}
    unconfirmed = {r["key"] for r, _ in accused} - confirmed
    print(
        f"\ninnocent runs: {len(innocent)}; with a throttled or blocked verdict: "
        f"{len(confirmed)} confirmed, {len(unconfirmed)} unconfirmed"
    )
    for r, v in accused:
        print(f"  ACCUSED {r['key']}: {v}")
    for r in done:
        for row in r["rows"]:
            if row["label"] in {"wrong", "differs"}:
                print(f"  {row['label']} {r['key']}: {row['told'] or row['state']}"[:400])
    for r in results:
        if r["trouble"]:
            print(f"  failed {r['key']}: {r['trouble']}"[:400])
    return int(bool(confirmed) or len(unconfirmed) > MOST_UNCONFIRMED or bool(labels["wrong"]))


def _by(what: str, title: str, results: Iterable[Result]) -> None:
    """Print how often each world, or link, ended in which state and label, its first row's subject alone."""
    counts: dict[str, Counter[str]] = {}
    for r in results:
        first = r["rows"][0]
        count = counts.setdefault(r[what], Counter())
        is_sure = first["state"] in ACCUSING and first["confirmed"].lower() == "true"
        count[first["state"] + (" confirmed" if is_sure else "")] += 1
        count[first["label"]] += 1
    columns = [c for c in STATES if any(count[c] for count in counts.values())]
    if not counts:
        return
    print(f"\n{title:<22} {'runs':>4}" + "".join(f"  {c}" for c in (*columns, *LABELS)))
    for name, count in sorted(counts.items()):
        n = sum(count[label] for label in LABELS)
        print(f"{name:<22} {n:>4}" + "".join(f"  {count[c]:>{len(c)}}" for c in (*columns, *LABELS)))


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--grid", "--issue", choices=("blocked", "throughput"), default="throughput")
    parser.add_argument("--innocents", type=int, default=0, metavar="N", help="N runs of innocents instead")
    parser.add_argument("--jobs", type=int, default=3, help="runs at once")
    parser.add_argument(
        "--sample", type=int, default=0, metavar="N", help="N runs of the grid, as the seed draws"
    )
    parser.add_argument("--only", default="", metavar="REGEX", help="of `grid/scenario/link/seed`")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--resume", type=Path, metavar="FILE", help="JSON lines of results: read, and added to"
    )
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where folders of runs that went wrong stay")
    parser.add_argument("--count", action="store_true", help="only say how many runs that would be")
    asked = parser.parse_args()
    wanted = chosen(asked)
    if asked.count:
        print(len(wanted))
        return 0
    from wire.netns import missing, sweep

    if why := missing():
        print(f"no wire lab on this machine: {why}", file=sys.stderr)
        return 2
    sweep()
    return report(run(wanted, asked))


if __name__ == "__main__":
    sys.exit(main())
