"""How often the program calls a link throttled that is not, and misses one that is: a seeded simulation.

    python -m benchmarks.throttle_error_rates [--quick] [--runs 20000] [--null-runs 100000] [--seed 3]
        [--part errors --part screening --part sequential] [--link fixed] [--censor policer]
        [--trial-seconds 2.8]

Links stand in `throttle_links`, TCP and the censors in `throttle_transfers`, the rules that are compared in
`throttle_rules`, ways of ending a test in `throttle_sequential`; the decision, its end and the screening are
the program's own. It prints tables in Markdown. Where an event was never seen, the upper 95 % bound of its
rate (Clopper and Pearson) stands instead, with "<". All tables: about ten minutes on one busy core.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from benchmarks.throttle_links import Link, named
from benchmarks.throttle_sequential import RULES, compare
from benchmarks.throttle_tests import Cell, run_cell, screen
from benchmarks.throttle_transfers import CENSORS, Censor

from probe.judge.selftest import upper_bound
from probe.model.transfer import TRIAL_SECONDS

NOBODY: Final = CENSORS[0]
PAGES: Final = (32_000, 64_000, 128_000, 256_000)
THREEFOLD: Final = 3.0
SEQUENTIAL: Final = ("none", "policer 140k, 64 kB", "1/10")
QUICK: Final = 20
"""A quick look takes a twentieth of the runs."""

ERRORS_HEAD: Final = (
    "censor",
    "throttled",
    "confirmed",
    "before",
    "undecided",
    "clear",
    "slow link",
    "owed",
    "one pair",
    "Wehe-like",
    "kB",
    "s",
)


def percent(k: int, n: int) -> str:
    """Return k of n in percent; where k is 0, the upper bound of its rate."""
    if k == 0:
        return f"< {_digits(100 * upper_bound(0, n))}"
    return _digits(100 * k / n)


def _digits(value: float) -> str:
    return f"{value:.1f}" if value >= 1 else f"{value:.2g}" if value < 0.1 else f"{value:.2f}"


def row(*cells: object) -> str:
    """Return a line of a Markdown table."""
    return "| " + " | ".join(map(str, cells)) + " |"


def head(*cells: object) -> str:
    """Return the first two lines of a Markdown table."""
    return row(*cells) + "\n|" + "---|" * len(cells)


def errors_row(censor: Censor, cell: Cell) -> str:
    """Return one line of the table of errors."""
    said = {answer: cell.said.get(answer, 0) for answer in ("throttled", "undecided", "clear", "slow_link")}
    counts = (
        said["throttled"],
        cell.confirmed,
        cell.first_rule,
        said["undecided"] + cell.said.get("few", 0),
        said["clear"],
        said["slow_link"],
        cell.owed,
        cell.single,
        cell.wehe,
    )
    costs = (f"{cell.n_bytes / cell.n / 1000:.0f}", f"{cell.seconds / cell.n:.1f}")
    return row(censor.name, *(percent(k, cell.n) for k in counts), *costs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line asks for."""

    links: Sequence[Link]
    censors: Sequence[Censor]
    runs: int
    null_runs: int
    seed: int
    trial_seconds: float

    def rng(self, part: int, link: Link, censor: Censor) -> np.random.Generator:
        """Return the chance of one cell: the same whatever else is asked for."""
        return np.random.default_rng([self.seed, part, sum(link.name.encode()), CENSORS.index(censor)])

    def n(self, censor: Censor) -> int:
        """Return how many runs a cell has."""
        return self.null_runs if censor is NOBODY else self.runs


def errors(asked: Asked) -> None:
    """Print what is said of each link under each censor, in percent of the runs."""
    for link in asked.links:
        print(f"\n**{link.name}**\n")
        print(head(*ERRORS_HEAD))
        for censor in asked.censors:
            cell = run_cell(asked.rng(1, link, censor), link, censor, asked.n(censor), asked.trial_seconds)
            print(errors_row(censor, cell), flush=True)


def screening(asked: Asked) -> None:
    """Print how often a slowed page leads to no transfers, in percent of the pages."""
    n = max(200, asked.runs // 10)
    sizes = [f"{size // 1000} kB" for size in PAGES]
    slowed = {link.name: [[0, 0] for _ in PAGES] for link in asked.links}
    print("\n" + head("link", "censor", *sizes))
    for link in asked.links:
        for censor in asked.censors:
            is_slowed = censor is not NOBODY
            rng = asked.rng(2, link, censor)
            cells = []
            for column, size in enumerate(PAGES):
                seen = screen(rng, link, censor, n, size)
                missed = sum(owed is not True for owed, _ in seen)
                cells.append(percent(missed if is_slowed else n - missed, n))
                threefold = [owed for owed, factor in seen if is_slowed and factor >= THREEFOLD]
                slowed[link.name][column][0] += sum(owed is not True for owed in threefold)
                slowed[link.name][column][1] += len(threefold)
            print(
                row(link.name, censor.name if is_slowed else "none (owed all the same)", *cells), flush=True
            )
    print("\nOf the pages that a censor made three times slower or more:\n\n" + head("link", *sizes))
    for name, counts in slowed.items():
        print(row(name, *(percent(k, m) if m else "-" for k, m in counts)))


def sequential(asked: Asked) -> None:
    """Print what each way of stopping says, in percent of the runs, and spends on average."""
    print("\nThrottled %, clear %, pairs, kB, s:\n\n" + head("link", "censor", *RULES))
    for link in asked.links:
        for censor in (c for c in asked.censors if c.name in SEQUENTIAL):
            cells = []
            for s in compare(asked.rng(3, link, censor), link, censor, asked.n(censor)).values():
                costs = (f"{s.pairs / s.n:.2f}", f"{s.n_bytes / s.n / 1000:.0f}", f"{s.seconds / s.n:.1f}")
                cells.append("; ".join((percent(s.throttled, s.n), percent(s.clear, s.n), *costs)))
            print(row(link.name, censor.name, *cells), flush=True)


PARTS: Final[dict[str, Callable[[Asked], None]]] = {
    "errors": errors,
    "screening": screening,
    "sequential": sequential,
}


def main() -> None:
    """Read the options and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=20_000, help="of each link under a censor")
    parser.add_argument("--null-runs", type=int, default=100_000, help="of each link without one")
    parser.add_argument("--quick", action="store_true", help=f"a look: every number divided by {QUICK}")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--part", action="append", choices=list(PARTS), help="by default all")
    parser.add_argument(
        "--link", action="append", default=[], help="the begin of a link's name; by default all"
    )
    parser.add_argument("--censor", action="append", default=[""], help="the same of a censor's name")
    parser.add_argument(
        "--trial-seconds", type=float, default=TRIAL_SECONDS, help="when a trial is cut, in the part errors"
    )
    options = parser.parse_args()
    divisor = QUICK if options.quick else 1
    censors = tuple(options.censor[1:] or options.censor)
    asked = Asked(
        links=named(options.link),
        censors=[c for c in CENSORS if c.name.startswith(censors)],
        runs=options.runs // divisor,
        null_runs=options.null_runs // divisor,
        seed=options.seed,
        trial_seconds=options.trial_seconds,
    )
    began = time.monotonic()
    for part in options.part or PARTS:
        print(f"\n## {part}")
        PARTS[part](asked)
    print(f"\nnumpy {np.__version__}, seed {options.seed}: {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
