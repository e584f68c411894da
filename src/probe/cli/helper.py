"""`probe helper`: the control server that others may host."""

from typing import Annotated

import typer

from probe.cli.described import described
from probe.locale import _

group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


def add_to(app: typer.Typer) -> None:
    """Give the application the group `helper`."""
    app.add_typer(
        group,
        name="helper",
        help=described(
            _("Host a control server for others (later)."),
            "probe helper serve --bind 0.0.0.0 --port 8080",
        ),
    )


@group.command(
    "serve",
    help=described(
        _("Serve (later)."),
        "probe helper serve --bind 0.0.0.0 --port 8080",
    ),
)
def serve(
    bind: Annotated[str, typer.Option("--bind", metavar="ADDR", help=_("Where to listen."))] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", metavar="N", min=0, max=65535)] = 8080,
) -> None:
    """Say that this comes later."""
    from probe.cli.exits import later

    later(f"probe helper serve ({bind}:{port})")
