"""`probe helper`: the control server that others may host."""

from typing import Annotated

import typer

HELP = """Host a control server, which fetches for others what they fetch themselves.

    \b
    Example:
      probe helper serve --bind 0.0.0.0 --port 8080
    """

group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


def add_to(app: typer.Typer) -> None:
    """Give the application the group `helper`."""
    app.add_typer(group, name="helper", help=HELP)


@group.command("serve", help="Serve.\n\n\b\nExample:\n  probe helper serve --bind 0.0.0.0 --port 8080")
def serve(
    bind: Annotated[str, typer.Option("--bind", metavar="ADDR", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", metavar="N", min=0, max=65535)] = 8080,
) -> None:
    """Say that this comes later."""
    from probe.cli.exits import later

    later(f"probe helper serve ({bind}:{port})")
