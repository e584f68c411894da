"""`probe report`: a stored run in another form."""

from pathlib import Path
from typing import Annotated

import typer

from probe.cli import options as o
from probe.cli.described import described
from probe.locale import _

FORMATS = ("csv",)
LATER = ("xlsx", "html", "pdf", "docx", "json", "ooni")


def add_to(app: typer.Typer) -> None:
    """Give the application the command `report`."""
    app.command(
        "report",
        help=described(
            _("Write a stored run in another form."),
            "probe report results/20261121T101500Z-AS12389-4f2a --format csv -o verdicts.csv",
        ),
    )(report)


def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help=_("Folders under results/."))],
    form: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="csv|xlsx|html|pdf|docx|json|ooni",
            help=_("Which form: csv; the others come (later)."),
        ),
    ],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="PATH", help=_("Else to stdout."))
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
    from probe.cli.exporting import write_csv

    if form in LATER:
        later(f"--format {form}")
    if form not in FORMATS:
        raise typer.BadParameter(
            _("{value!r} is none of {known}.").format(value=form, known=", ".join(FORMATS + LATER)),
            param_hint="--format",
        )
    if disclosure:
        later("--disclosure")
    write_csv(runs, out)
