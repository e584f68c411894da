"""`probe judge FILE.jsonl`: OONI measurements become runs, judged and shown like any other."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from probe.cli import exits
from probe.locale import _, ngettext

if TYPE_CHECKING:
    from probe.pipeline.ooni import Imported

RESULTS: Final = Path("results")
MOST_SHOWN: Final = 5
"""Runs shown as tables; a file of a whole country's measurements has hundreds."""


def judge_file(path: Path, baseline: Path | None, out: Path | None, *, json_lines: bool) -> int:
    """Do what `probe judge` does with a file; return the exit code."""
    from probe.cli.measuring import print_json, show_stored
    from probe.pipeline.ooni import judge_ooni

    if baseline is not None:
        exits.stop(
            _("--baseline goes with a run."),
            _("Make the runs first, then: probe judge RUN --baseline FILE -o DIR"),
        )
    with exits.told():
        imported = judge_ooni(path, out or RESULTS)
        for result in imported.results if json_lines else imported.results[:MOST_SHOWN]:
            if json_lines:
                print_json(result.record, (result.network, *result.verdicts))
            else:
                show_stored(result)
        _tell(imported)
    return max(result.exit_code for result in imported.results)


def _tell(imported: "Imported") -> None:
    """Say on stderr whose measurements these are, how many, and what was left out."""
    from probe.report.show import visible

    n_runs = len(imported.results)
    lines = [
        ngettext(
            "{n} OONI measurement was read; another program made it, this one only judged it.",
            "{n} OONI measurements were read; another program made them, this one only judged them.",
            imported.n_records,
        ).format(n=imported.n_records),
        ngettext(
            "{n} run was written below {folder}.", "{n} runs were written below {folder}.", n_runs
        ).format(n=n_runs, folder=visible(str(imported.results[0].folder.parent), 1000)),
    ]
    lines += [
        ngettext(
            "{n} measurement of the test {test} was left out.",
            "{n} measurements of the test {test} were left out.",
            n,
        ).format(n=n, test=visible(test))
        for test, n in list(imported.skipped.items())[:MOST_SHOWN]
    ]
    sys.stderr.write("".join(f"{line}\n" for line in lines))
