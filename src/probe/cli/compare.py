"""`probe compare`: what changed between two runs."""

from pathlib import Path
from typing import Annotated

import typer

from probe.cli.described import described
from probe.locale import _


def add_to(app: typer.Typer) -> None:
    """Give the application the command `compare`."""
    app.command(
        "compare",
        help=described(
            _("Say what changed between two runs (later)."),
            "probe compare results/OLD results/NEW",
        ),
    )(compare)


def compare(
    before: Annotated[Path, typer.Argument(metavar="RUN")],
    after: Annotated[Path, typer.Argument(metavar="RUN")],
) -> None:
    """Say that this comes later."""
    from probe.cli.exits import later

    later(f"probe compare {before} {after}")
