"""`probe forget`: what lies on this disk, removed after asking; and what nobody can remove from here."""

from pathlib import Path
from typing import Annotated

import typer

from probe.cli import options as o
from probe.cli.described import described
from probe.locale import _


def add_to(app: typer.Typer) -> None:
    """Give the application the command `forget`."""
    app.command(
        "forget",
        help=described(
            _("Show what is kept on this disk; remove it."),
            "probe forget",
            "probe forget --results /media/stick/results --yes",
        ),
    )(forget)


def forget(
    results: o.Results = Path("results"),
    yes: Annotated[bool, typer.Option("--yes", help=_("Remove without asking."))] = False,
    lang: o.Lang = "",
) -> None:
    """Tell, ask, remove."""
    o.speak(lang)
    from probe.cli.forgetting import forget_all

    raise typer.Exit(forget_all(results, yes=yes))
