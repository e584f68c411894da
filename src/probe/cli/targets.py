"""`probe targets`: what the catalogue holds, and whether a file of it is right."""

from pathlib import Path
from typing import Annotated

import typer

from probe.cli import options as o

HELP = """Look at the services and endpoints that can be measured; nothing is sent.

    \b
    Example:
      probe targets list
      probe targets show telegram
    """

group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


def add_to(app: typer.Typer) -> None:
    """Give the application the group `targets`."""
    app.add_typer(group, name="targets", help=HELP)


@group.command("list", help="Name the services.\n\n\b\nExample:\n  probe targets list")
def list_services(lang: o.Lang = "") -> None:
    """Name every service with its tier."""
    o.speak(lang)
    from probe.cli.showing import show_services

    show_services()


@group.command("show", help="Show a service's endpoints.\n\n\b\nExample:\n  probe targets show telegram")
def show(service: Annotated[str, typer.Argument(metavar="SERVICE")], lang: o.Lang = "") -> None:
    """Show one service."""
    o.speak(lang)
    from probe.cli.showing import show_service

    show_service(service)


@group.command(
    "check",
    help="Check the catalogue, or one list or service file.\n\n\b\nExample:\n  probe targets check my.csv",
)
def check(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A .csv list or a .toml service.")
    ] = None,
    lang: o.Lang = "",
) -> None:
    """Check a file, or all."""
    o.speak(lang)
    from probe.cli.showing import check_file

    check_file(file)
