"""`probe self-test`: how often this program errs on this link."""

import typer

from probe.cli.described import described
from probe.locale import _


def add_to(app: typer.Typer) -> None:
    """Give the application the command `self-test`."""
    app.command(
        "self-test",
        help=described(
            _("Measure how often this program errs here (later)."),
            "probe self-test",
        ),
    )(self_test)


def self_test() -> None:
    """Say that this comes later."""
    from probe.cli.exits import later

    later("probe self-test")
