"""`probe report`: a stored run in another form."""

from pathlib import Path
from typing import Annotated

import typer

from probe.cli import options as o
from probe.cli.described import described
from probe.locale import _

FORMATS = ("csv", "categories", "facts", "svg")
LATER = ("xlsx", "html", "pdf", "docx", "json", "ooni")


def add_to(app: typer.Typer) -> None:
    """Give the application the command `report`."""
    app.command(
        "report",
        help=described(
            _("Write a stored run in another form."),
            ("probe report RUN --format csv -o verdicts.csv", _("the verdicts as a table")),
            ("probe report RUN --format categories", _("how many of each category are in which state")),
            ("probe report RUN --format svg -o pictures", _("transfers, a picture for each target")),
            ("probe report RUN --format facts", _("what registries and paths showed, in sentences")),
        ),
    )(report)


def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help=_("Folders under results/."))],
    form: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="csv|categories|facts|svg|xlsx|html|pdf|docx|json|ooni",
            help=_("Which form: csv, categories, facts or svg; the others come (later)."),
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="PATH", help=_("A file (else stdout); svg: a folder.")),
    ] = None,
    lang: o.Lang = "",
    disclosure: Annotated[
        str,
        typer.Option(
            "--disclosure", metavar="public|full", help=_("How exactly times and places are told (later).")
        ),
    ] = "",
) -> None:
    """Write the runs in the form asked for."""
    o.speak(lang)
    from probe.cli.exits import later
    from probe.cli.exporting import write_categories, write_csv, write_facts, write_pictures

    if form in LATER:
        later(f"--format {form}")
    if form not in FORMATS:
        raise typer.BadParameter(
            _("{value!r} is none of {known}.").format(value=form, known=", ".join(FORMATS + LATER)),
            param_hint="--format",
        )
    if disclosure:
        later("--disclosure")
    writers = {
        "csv": write_csv,
        "categories": write_categories,
        "facts": write_facts,
        "svg": write_pictures,
    }
    writers[form](runs, out)
