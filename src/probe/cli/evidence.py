"""`probe evidence`: seal a run so that a stranger can check it."""

from pathlib import Path
from typing import Annotated

import typer

from probe.cli.described import described
from probe.locale import _

Bag = Annotated[Path, typer.Argument(metavar="BAG")]

group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


def add_to(app: typer.Typer) -> None:
    """Give the application the group `evidence`."""
    app.add_typer(
        group,
        name="evidence",
        help=described(
            _("Seal a run; verify, sign or stamp it (later)."),
            "probe evidence seal results/20261121T101500Z-AS12389-4f2a",
        ),
    )


@group.command(
    "seal",
    help=described(
        _("Seal a run (later)."),
        "probe evidence seal RUN -o DIR",
    ),
)
def seal(
    run: Annotated[Path, typer.Argument(metavar="RUN")],
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="DIR")] = None,
) -> None:
    """Say that this comes later."""
    _later("seal", run, out)


@group.command(
    "verify",
    help=described(
        _("Check a sealed run (later)."),
        "probe evidence verify BAG --root HASH",
    ),
)
def verify(bag: Bag, root: Annotated[str, typer.Option("--root", metavar="HASH")] = "") -> None:
    """Say that this comes later."""
    _later("verify", bag, root)


@group.command(
    "sign",
    help=described(
        _("Sign a sealed run (later)."),
        "probe evidence sign BAG",
    ),
)
def sign(bag: Bag) -> None:
    """Say that this comes later."""
    _later("sign", bag)


@group.command(
    "stamp",
    help=described(
        _("Have a sealed run time-stamped (later)."),
        "probe evidence stamp BAG",
    ),
)
def stamp(bag: Bag) -> None:
    """Say that this comes later."""
    _later("stamp", bag)


def _later(what: str, *_: object) -> None:
    from probe.cli.exits import later

    later(f"probe evidence {what}")
