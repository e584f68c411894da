"""`probe compare`: what changed between two runs."""

from pathlib import Path
from typing import Annotated

import typer

from probe.cli import options as o
from probe.cli.described import described
from probe.locale import _

FORMS = ("text", "csv", "xlsx", "html", "pdf", "docx", "json")
"""What writes each stands in `cli/comparing.py`."""
Run = typer.Argument(metavar="RUN", help=_("A folder under results/, a sealed one, or its zip."))


def add_to(app: typer.Typer) -> None:
    """Give the application the command `compare`."""
    app.command(
        "compare",
        help=described(
            _("Say what changed between two runs: networks, services, targets, times."),
            "probe compare results/OLD results/NEW",
            ("probe compare OLD NEW --format csv -o changes.csv", _("a row for each target that changed")),
        ),
    )(compare)


def compare(
    *,
    before: Annotated[Path, Run],
    after: Annotated[Path, Run],
    form: Annotated[
        str,
        typer.Option("--format", metavar="|".join(FORMS), help=_("Which form (text: on the terminal).")),
    ] = "text",
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="PATH", help=_("A file (else stdout)."))
    ] = None,
    lang: o.Lang = "",
    disclosure: Annotated[
        str,
        typer.Option(
            "--disclosure",
            metavar="public|full",
            help=_(
                "Name hours, and runs by their root hash (public: what pdf, docx, html do), or all (full)."
            ),
        ),
    ] = "",
    json_lines: Annotated[
        bool, typer.Option("--json", help=_("The same as --format json --disclosure full."))
    ] = False,
) -> None:
    """Compare them and write what changed."""
    o.speak(lang)
    from probe.cli.comparing import write

    if form not in FORMS:
        raise typer.BadParameter(
            _("{value!r} is none of {known}.").format(value=form, known=", ".join(FORMS)),
            param_hint="--format",
        )
    if disclosure not in {"", "public", "full"}:
        raise typer.BadParameter(
            _("{value!r} is none of {known}.").format(value=disclosure, known="public, full"),
            param_hint="--disclosure",
        )
    write((before, after), "json" if json_lines else form, out, disclosure)
