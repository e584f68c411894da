"""`probe demo`: the same flow inside the built-in lab; no network needed."""

from pathlib import Path
from typing import Annotated

import typer

from probe.cli import options as o

HELP = """Show every state in the built-in lab: servers and a censor on this machine only.

    \b
    Example:
      probe demo
      probe demo --list-scenarios
    """


def add_to(app: typer.Typer) -> None:
    """Give the application the command `demo`."""
    app.command("demo", help=HELP)(demo)


def demo(
    scenario: Annotated[
        str, typer.Option("--scenario", metavar="NAME", help="Which small internet to open.")
    ] = "",
    list_scenarios: Annotated[bool, typer.Option("--list-scenarios", help="Name them and end.")] = False,
    results: o.Results = Path("results"),
    json_lines: Annotated[
        bool, typer.Option("--json", help="One JSON object per verdict on stdout.")
    ] = False,
    lang: o.Lang = "",
) -> None:
    """Run the lab, or name its scenarios."""
    o.speak(lang)
    from probe.cli.measuring import demonstrate, name_scenarios

    if list_scenarios:
        name_scenarios()
        return
    raise typer.Exit(demonstrate(scenario, results, json_lines=json_lines))
