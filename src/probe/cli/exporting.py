"""`probe report`: the verdicts of stored runs as one table, their transfers as pictures."""

import sys
from pathlib import Path

from probe.cli import exits
from probe.locale import _
from probe.report.show import visible


def write_csv(runs: list[Path], out: Path | None) -> None:
    """Write verdicts.csv of one run or more, with one header, to a file or to stdout as UTF-8 with CRLF."""
    parts: list[bytes] = []
    for run in runs:
        file = run / "verdicts.csv" if run.is_dir() else run
        if not file.is_file():
            exits.stop(
                _("{file} is not there.").format(file=file),
                _("Make it again: probe judge {run}").format(run=run),
            )
        content = file.read_bytes()
        header, newline, rows = content.partition(b"\r\n")
        if parts and not parts[0].startswith(header + newline):
            exits.stop(
                _("{file} has other columns than the first.").format(file=file),
                _("Make it again with this version: probe judge {run}").format(run=run),
            )
        parts.append(rows if parts else content)
    if out is None:
        sys.stdout.buffer.write(b"".join(parts))
        return
    out.write_bytes(b"".join(parts))
    sys.stderr.write(_("Written: {file}").format(file=visible(str(out), 1000)) + "\n")


def write_categories(runs: list[Path], out: Path | None) -> None:
    """Write how many targets of each category are in which state, a row a category and run, as CSV."""
    from probe.report.categories import CATEGORY_COLUMNS, Category, categories_of
    from probe.report.csv import as_csv
    from probe.store import RunFolder

    rows: list[Category] = []
    with exits.told():
        for run in runs:
            with RunFolder.open(run) as folder:
                rows += categories_of(folder.read_verdicts(), folder.read_run().run_id)
        content = as_csv(CATEGORY_COLUMNS, rows)
        if out is None:
            sys.stdout.buffer.write(content)
            return
        out.write_bytes(content)
    sys.stderr.write(_("Written: {file}").format(file=visible(str(out), 1000)) + "\n")


def write_pictures(runs: list[Path], out: Path | None) -> None:
    """Write a picture for each target that transfers were made for; with several runs, in a folder each."""
    from probe.pipeline.trials import trials_of_run
    from probe.report.pictures import write_pictures as write

    out = out or Path()
    with exits.told():
        for run in runs:
            folder = out if len(runs) == 1 else out / run.resolve().name
            files = write(folder, trials_of_run(run))
            for file in files:
                sys.stderr.write(_("Written: {file}").format(file=visible(str(file), 1000)) + "\n")
            if not files:
                text = _("No transfers were made in {run}: there is nothing to draw.")
                sys.stderr.write(text.format(run=visible(str(run), 1000)) + "\n")


def write_facts(runs: list[Path], out: Path | None) -> None:
    """Write the facts of one run or more as sentences, to a file or to stdout; each run under its name."""
    from probe.pipeline.fact_list import facts_of_run
    from probe.report.facts import lines

    parts: list[str] = []
    with exits.told():
        for run in runs:
            said = tuple(lines(facts_of_run(run))) or (_("No facts were asked for."),)
            head = visible(run.resolve().name, 200)
            parts += [head, *(f"  {sentence}" for sentence in said)]
    text = "\n".join(parts) + "\n"
    if out is None:
        sys.stdout.write(text)
        return
    out.write_text(text, encoding="utf-8")
    sys.stderr.write(_("Written: {file}").format(file=visible(str(out), 1000)) + "\n")
