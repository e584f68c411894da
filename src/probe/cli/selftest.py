"""`probe self-test`: how often this program errs on this link."""

import typer

HELP = """Measure how often this program would err on this link.

    \b
    Example:
      probe self-test
    """


def add_to(app: typer.Typer) -> None:
    """Give the application the command `self-test`."""
    app.command("self-test", help=HELP)(self_test)


def self_test() -> None:
    """Say that this comes later."""
    from probe.cli.exits import later

    later("probe self-test")
