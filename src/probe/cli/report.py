"""`probe report`: stored runs in another form, or as the annex of a letter."""

from pathlib import Path
from typing import Annotated

import typer

from probe.cli import options as o
from probe.cli.described import described
from probe.locale import _

FORMS = ("csv", "xlsx", "html", "pdf", "docx", "json", "ooni", "categories", "facts", "svg")
"""What writes each stands in `cli/exporting.py`."""


def add_to(app: typer.Typer) -> None:
    """Give the application the command `report`."""
    app.command(
        "report",
        help=described(
            _("Write stored runs in another form, or as the annex of a letter."),
            ("probe report RUN --format csv -o verdicts.csv", _("the verdicts as a table")),
            ("probe report RUN... --format pdf -o annex.pdf --lang ru", _("the annex of a letter")),
            (
                "probe report RUN --format docx -o asks.docx --to operator:AS12389 --requests",
                _("the same to edit, with what the letter asks"),
            ),
            ("probe report RUN --format categories", _("how many of each category are in which state")),
            ("probe report RUN --format svg -o pictures", _("transfers, a picture for each target")),
            ("probe report RUN --format facts", _("what registries and paths showed, in sentences")),
        ),
    )(report)


def report(
    runs: Annotated[
        list[Path],
        typer.Argument(metavar="RUN...", help=_("Folders under results/, sealed ones, or their zips.")),
    ],
    *,
    form: Annotated[
        str,
        typer.Option("--format", metavar="|".join(FORMS), help=_("Which form.")),
    ],
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="PATH", help=_("A file (else stdout); svg: a folder.")),
    ] = None,
    lang: o.Lang = "",
    disclosure: Annotated[
        str,
        typer.Option(
            "--disclosure",
            metavar="public|full",
            help=_(
                "How exactly times and places are told: to the hour and by role (public: what pdf, docx, "
                "html, json and ooni do unless told otherwise), or all of it (full)."
            ),
        ),
    ] = "",
    title: Annotated[
        str, typer.Option("--letter", metavar="TITLE", help=_("The letter that the annex goes with."))
    ] = "",
    to: Annotated[
        list[str] | None,
        typer.Option(
            "--to",
            metavar="ADDRESSEE",
            help=_(
                "Whom the letter asks: operator:AS12389, operator:NAME, government, service:NAME; repeatable."
            ),
        ),
    ] = None,
    requests: Annotated[
        bool,
        typer.Option(
            "--requests", help=_("Add what the letter asks of each addressee, and a form to answer in.")
        ),
    ] = False,
    measured_by: Annotated[
        str,
        typer.Option("--measured-by", metavar="ROLE", help=_("Who measured: a role or pseudonym, no name.")),
    ] = "",
    compiled_by: Annotated[
        str, typer.Option("--compiled-by", metavar="TEXT", help=_("Who made the annex."))
    ] = "",
    contact: Annotated[str, typer.Option("--contact", metavar="TEXT", help=_("Where to answer to."))] = "",
    key_fingerprint: Annotated[
        str,
        typer.Option(
            "--key-fingerprint",
            metavar="SHA256:...",
            help=_("Of the compiler's key, as published elsewhere."),
        ),
    ] = "",
    n_volunteers: Annotated[
        int | None,
        typer.Option(
            "--n-volunteers", metavar="N", min=1, help=_("How many people measured, as the compiler knows.")
        ),
    ] = None,
    at: Annotated[
        str,
        typer.Option(
            "--at",
            metavar="UTC",
            help=_("When it was made, as 2026-11-22T12:00:00Z (else the end of the last run)."),
        ),
    ] = "",
    events: Annotated[
        Path | None,
        typer.Option(
            "--events",
            metavar="FILE.csv",
            help=_("What happened by others' accounts: columns date, event, source."),
        ),
    ] = None,
    operators: Annotated[
        Path | None,
        typer.Option(
            "--operators",
            metavar="FILE.csv",
            help=_("A newer table of operators than targets/operators/, written the same way."),
        ),
    ] = None,
) -> None:
    """Write the runs in the form asked for."""
    o.speak(lang)
    from probe.cli.exporting import WRITERS, Order
    from probe.cli.letters import letter_of

    if form not in WRITERS:
        raise typer.BadParameter(
            _("{value!r} is none of {known}.").format(value=form, known=", ".join(FORMS)),
            param_hint="--format",
        )
    letter = letter_of(
        disclosure=disclosure or WRITERS[form].disclosure,
        title=title,
        to=to or (),
        requests=requests,
        measured_by=measured_by,
        compiled_by=compiled_by,
        contact=contact,
        key_fingerprint=key_fingerprint,
        n_volunteers=n_volunteers,
        at=at,
        events=events,
    )
    WRITERS[form].write(Order(runs=tuple(runs), letter=letter, out=out, operators=operators))
