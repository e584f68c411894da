"""What writes each form of a comparison, by its name."""

import sys
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from probe.cli import exits
from probe.locale import _

if TYPE_CHECKING:
    from probe.report.compare import Compared

PUBLIC: Final = frozenset({"pdf", "docx", "html"})
"""Forms that are made to be handed on: they tell hours unless they are told otherwise."""
TEXTS: Final = frozenset({"csv", "json", "html"})


def write(runs: tuple[Path, Path], form: str, out: Path | None, disclosure: str) -> None:
    """Compare two runs and write what changed; on a terminal where no file is named and the form is text."""
    from probe.pipeline.compare import compared_runs

    public = disclosure == "public" or (not disclosure and form in PUBLIC)
    if form not in {"text", *TEXTS} and out is None and sys.stdout.isatty():
        exits.stop(_("This form is no text for a terminal."), _("Name a file with -o."))
    with exits.told(), compared_runs(*runs) as found:
        between = _veiled(found) if public else found
        if form == "text":
            _show(between, out, public=public)
            return
        content = FORMS[form](between, public)
        if out is None:
            sys.stdout.buffer.write(content)
            return
        _keep(out, content)


def _veiled(between: "Compared") -> "Compared":
    from probe.report.compare_public import veiled

    return veiled(between)


def _keep(out: Path, content: bytes) -> None:
    from probe.report.show import visible
    from probe.system.disk import write_whole

    write_whole(out, content)
    sys.stderr.write(_("Written: {file}").format(file=visible(str(out), 1000)) + "\n")


def _show(between: "Compared", out: Path | None, *, public: bool) -> None:
    """Print the comparison on the terminal, or the same lines into a file."""
    from io import StringIO

    from rich.console import Console

    from probe.cli.terminal import console
    from probe.report.compare_document import document
    from probe.report.console_document import show_document

    said = document(between, public=public)
    if out is None:
        show_document(console(sys.stdout), said)
        return
    lines = StringIO()
    show_document(Console(file=lines, width=WIDTH, color_system=None, highlight=False), said)
    _keep(out, lines.getvalue().encode())


WIDTH: Final = 100


def _csv(between: "Compared", _public: bool) -> bytes:
    from probe.report.compare_columns import CHANGE_COLUMNS
    from probe.report.csv import as_csv

    return as_csv(CHANGE_COLUMNS, between.targets)


def _xlsx(between: "Compared", _public: bool) -> bytes:
    from probe.report.compare_columns import book_of
    from probe.report.xlsx import write_xlsx

    stream = BytesIO()
    write_xlsx(stream, (between.before, between.after), book_of(between))
    return stream.getvalue()


def _html(between: "Compared", public: bool) -> bytes:
    from probe.report.compare_document import document
    from probe.report.html import write_html

    stream = BytesIO()
    write_html(stream, document(between, public=public), (), public=public)
    return stream.getvalue()


def _pdf(between: "Compared", public: bool) -> bytes:
    from probe.report.compare_document import document
    from probe.report.pdf import pdf_of

    return pdf_of(document(between, public=public))


def _docx(between: "Compared", public: bool) -> bytes:
    from probe.report.compare_document import document
    from probe.report.docx import docx_of

    return docx_of(document(between, public=public))


def _json(between: "Compared", public: bool) -> bytes:
    from probe.report.compare_json import as_json

    return as_json(between, public=public)


FORMS: Final[Mapping[str, Callable[["Compared", bool], bytes]]] = {
    "csv": _csv,
    "xlsx": _xlsx,
    "html": _html,
    "pdf": _pdf,
    "docx": _docx,
    "json": _json,
}
