"""`probe report`: what writes each form, by its name; one line a form."""

import sys
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from msgspec import Struct

from probe.cli import exits
from probe.locale import _, ngettext
from probe.report.annex.letter import Disclosure, Letter
from probe.report.show import visible

if TYPE_CHECKING:
    from probe.report.annex.blocks import Document
    from probe.report.annex.facts import Annex
    from probe.report.annex.known import Known
    from probe.report.told import Told


class Order(Struct, frozen=True, kw_only=True):
    """What was asked for."""

    runs: tuple[Path, ...]
    letter: Letter
    out: Path | None
    """None: stdout."""
    operators: Path | None = None
    """A newer table of operators than the shipped one."""


class Telling(Struct, frozen=True, kw_only=True):
    """What a form draws from: the runs as they are, and the annex made of them as it may be shown."""

    runs: tuple["Told", ...]
    letter: Letter
    known: "Known"

    def shown(self) -> tuple["Told", ...]:
        """Return the runs as tables may show them: as they are, or without what picks somebody out."""
        from probe.report.annex.veil import public_runs

        if self.letter.disclosure == "full":
            return self.runs
        return public_runs(self.runs, n_volunteers=self.letter.n_volunteers)

    def annex(self) -> "Annex":
        """Return the facts of the annex, in no language, coarsened as the disclosure demands."""
        from probe.report.annex import annex_of

        return annex_of(self.runs, self.letter, self.known)

    def document(self) -> "Document":
        """Return the annex in the language in use."""
        from probe.report.annex import document

        return document(self.annex(), self.runs)


Draw = Callable[[Telling, BinaryIO], None]
"""Writes a whole file into a stream that can be sought."""


class Form(Struct, frozen=True, kw_only=True):
    """How one form is written."""

    write: Callable[[Order], None]
    disclosure: Disclosure = "full"
    """What holds where nobody said."""


def drawn(draw: Draw, *, is_text: bool = False) -> Callable[[Order], None]:
    """Return what reads the runs, draws the whole file and writes it; only text may go to a terminal."""

    def write(order: Order) -> None:
        from probe.pipeline.reporting import known_of, told_of

        if order.out is None and not is_text and sys.stdout.isatty():
            exits.stop(_("This form is no text for a terminal."), _("Name a file with -o."))
        with exits.told():
            stream = BytesIO()
            with told_of(order.runs) as runs:
                _check_volunteers(order.letter, len(runs))
                draw(Telling(runs=runs, letter=order.letter, known=known_of(order.operators)), stream)
            _put(stream.getvalue(), order.out)

    return write


def _check_volunteers(letter: Letter, n_runs: int) -> None:
    if letter.n_volunteers is not None and letter.n_volunteers > n_runs:
        exits.stop(
            _("--n-volunteers is more than the number of runs, {n}.").format(n=n_runs),
            _("Each volunteer made one run at least."),
        )


def _put(content: bytes, out: Path | None) -> None:
    if out is None:
        sys.stdout.buffer.write(content)
        return
    from probe.system.disk import write_whole

    write_whole(out, content)
    sys.stderr.write(_("Written: {file}").format(file=visible(str(out), 1000)) + "\n")


def write_csv(runs: list[Path], out: Path | None) -> None:
    """Write verdicts.csv of one run or more, with one header, to a file or to stdout as UTF-8 with CRLF."""
    from probe.report.csv import safe_table

    parts: list[bytes] = []
    for run in runs:
        folder = run / "data" if (run / "bagit.txt").is_file() else run
        file = folder / "verdicts.csv" if run.is_dir() else run
        if not file.is_file():
            exits.stop(
                _("{file} is not there.").format(file=file),
                _("Make it again: probe judge {run}").format(run=run),
            )
        try:
            content = safe_table(file)  # a stranger's table may hold formulas
        except ValueError as error:
            exits.stop(
                _("{file} is no table of verdicts: {error}.").format(file=file, error=error),
                _("Make it again: probe judge {run}").format(run=run),
            )
        header, newline, rows = content.partition(b"\r\n")
        if parts and not parts[0].startswith(header + newline):
            exits.stop(
                _("{file} has other columns than the first.").format(file=file),
                _("Make it again with this version: probe judge {run}").format(run=run),
            )
        parts.append(rows if parts else content)
    _put(b"".join(parts), out)


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
        _put(as_csv(CATEGORY_COLUMNS, rows), out)


def write_pictures(runs: list[Path], out: Path | None) -> None:
    """Write a picture for each target that transfers were made for; with several runs, in a folder each."""
    from probe.pipeline.trials import trials_of_run
    from probe.pipeline.verifying import run_in
    from probe.report.pictures import write_pictures as write

    out = out or Path()
    with exits.told():
        for run in runs:
            folder = out if len(runs) == 1 else out / run.resolve().name.removesuffix(".zip")
            with run_in(run) as path:
                files = write(folder, trials_of_run(path))
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
    _put(text.encode(), out)


def _html(telling: Telling, stream: BinaryIO) -> None:
    from probe.report.html import write_html

    public = telling.letter.disclosure == "public"
    write_html(stream, telling.document(), telling.runs, public=public)


def _xlsx(telling: Telling, stream: BinaryIO) -> None:
    from probe.report.xlsx import write_xlsx

    write_xlsx(stream, telling.shown())


def _csv(telling: Telling, stream: BinaryIO) -> None:
    from probe.report.annex.attachments import rows
    from probe.report.columns import VERDICT_COLUMNS
    from probe.report.csv import as_csv

    stream.write(as_csv(VERDICT_COLUMNS, list(rows(telling.shown()))))


def _categories(telling: Telling, stream: BinaryIO) -> None:
    from probe.report.categories import CATEGORY_COLUMNS, categories_of
    from probe.report.csv import as_csv

    found = [row for one in telling.shown() for row in categories_of(one.verdicts, one.record.run_id)]
    stream.write(as_csv(CATEGORY_COLUMNS, found))


def _facts(telling: Telling, stream: BinaryIO) -> None:
    from probe.report.facts import lines

    for one in telling.shown():
        said = tuple(lines(one.facts)) or (_("No facts were asked for."),)
        text = "\n".join((visible(one.record.run_id, 200), *(f"  {sentence}" for sentence in said)))
        stream.write(f"{text}\n".encode())


def _either(full: Callable[[list[Path], Path | None], None], public: Draw) -> Callable[[Order], None]:
    """Return what writes the runs' own tables as they lie there; in public, and of zips, draws them anew."""

    def write(order: Order) -> None:
        if order.letter.disclosure == "full" and not any(run.suffix == ".zip" for run in order.runs):
            full(list(order.runs), order.out)
        else:
            drawn(public, is_text=True)(order)

    return write


def _paths(write: Callable[[list[Path], Path | None], None]) -> Callable[[Order], None]:
    return lambda order: write(list(order.runs), order.out)


def _json(telling: Telling, stream: BinaryIO) -> None:
    from probe.report.annex.facts import as_json

    stream.write(as_json(telling.annex()))


def _pdf(telling: Telling, stream: BinaryIO) -> None:
    from probe.report.pdf import pdf_of

    stream.write(pdf_of(telling.document()))


def _ooni(telling: Telling, stream: BinaryIO) -> None:
    from probe.report.ooni import untold_by_ooni, write_ooni

    write_ooni(stream, telling.runs, public=telling.letter.disclosure == "public")
    untold = sum(map(untold_by_ooni, telling.runs))
    if untold:
        said = ngettext(
            "{n} measurement has no form in OONI's format and was left out.",
            "{n} measurements have no form in OONI's format and were left out.",
            untold,
        )
        sys.stderr.write(said.format(n=untold) + "\n")


def _docx(telling: Telling, stream: BinaryIO) -> None:
    from probe.report.docx import docx_of

    stream.write(docx_of(telling.document()))


WRITERS: Final[Mapping[str, Form]] = {
    "csv": Form(write=_either(write_csv, _csv)),
    "categories": Form(write=_either(write_categories, _categories)),
    "facts": Form(write=_either(write_facts, _facts)),
    "svg": Form(write=_paths(write_pictures)),
    "json": Form(write=drawn(_json, is_text=True), disclosure="public"),
    "pdf": Form(write=drawn(_pdf), disclosure="public"),
    "docx": Form(write=drawn(_docx), disclosure="public"),
    "html": Form(write=drawn(_html), disclosure="public"),
    "xlsx": Form(write=drawn(_xlsx)),
    "ooni": Form(write=drawn(_ooni, is_text=True), disclosure="public"),
}
"""A form that draws is `Form(write=drawn(function), disclosure="public")`; see `Draw`."""
