"""`probe demo`: the same flow inside the built-in lab; no network needed."""

from pathlib import Path
from typing import Annotated

import typer

from probe.cli import options as o
from probe.cli.described import described
from probe.locale import _


def add_to(app: typer.Typer) -> None:
    """Give the application the command `demo`."""
    app.command(
        "demo",
        help=described(
            _("Show the states in a lab inside this machine."),
            "probe demo",
            "probe demo --list-scenarios",
        ),
    )(demo)


def demo(
    scenario: Annotated[
        str, typer.Option("--scenario", metavar="NAME", help=_("Which small internet to open."))
    ] = "",
    list_scenarios: Annotated[bool, typer.Option("--list-scenarios", help=_("Name them and end."))] = False,
    results: o.Results = Path("results"),
    json_lines: o.JsonLines = False,
    lang: o.Lang = "",
) -> None:
    """Run the lab, or name its scenarios."""
    o.speak(lang)
    from probe.cli.measuring import demonstrate, name_scenarios

    if list_scenarios:
        name_scenarios()
        return
    _tell_of_haste(scenario)
    raise typer.Exit(demonstrate(scenario, results, json_lines=json_lines))


def _tell_of_haste(scenario: str) -> None:
    """Say how soon a test of speed is made again here, and how late on a real network."""
    from probe.lab import SCENARIOS
    from probe.model.options import RunOptions

    made = SCENARIOS.get(scenario or "demo")
    seconds = made.options.get("confirm_after_s") if made else None
    if seconds is not None:
        text = _("--confirm-after is {here:g} s in this lab; on a real network it is {real:g} s.")
        typer.echo(text.format(here=seconds, real=RunOptions().confirm_after_s), err=True)
