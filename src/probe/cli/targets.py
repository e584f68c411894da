"""`probe targets`: what the catalogue holds, and whether a file of it is right."""

from pathlib import Path
from typing import Annotated

import typer

from probe.cli import options as o
from probe.cli.described import described
from probe.locale import _

group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


def add_to(app: typer.Typer) -> None:
    """Give the application the group `targets`."""
    app.add_typer(
        group,
        name="targets",
        help=described(
            _("Look at what can be measured."),
            "probe targets list",
            "probe targets show telegram",
        ),
    )


@group.command(
    "list",
    help=described(
        _("Name the services."),
        "probe targets list",
    ),
)
def list_services(lang: o.Lang = "") -> None:
    """Name every service with its tier."""
    o.speak(lang)
    from probe.cli.showing import show_services

    show_services()


@group.command(
    "show",
    help=described(
        _("Show a service's endpoints."),
        "probe targets show telegram",
    ),
)
def show(service: Annotated[str, typer.Argument(metavar="SERVICE")], lang: o.Lang = "") -> None:
    """Show one service."""
    o.speak(lang)
    from probe.cli.showing import show_service

    show_service(service)


@group.command(
    "check",
    help=described(
        _("Check the catalogue, or one list or service file."),
        "probe targets check my.csv",
    ),
)
def check(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help=_("A .csv list or a .toml service."))
    ] = None,
    lang: o.Lang = "",
) -> None:
    """Check a file, or all."""
    o.speak(lang)
    from probe.cli.checking import check_file

    check_file(file)
