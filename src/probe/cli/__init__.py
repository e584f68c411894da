"""The command line: parse, ask for consent, call the pipeline, print.

Modules here import at their top nothing heavier than typer: what a command needs is imported when it runs,
so that `probe --help` answers at once.
"""

import typer

from probe.cli import (
    baseline,
    compare,
    demo,
    evidence,
    forget,
    helper,
    judge,
    report,
    run,
    selftest,
    targets,
)

app = typer.Typer(
    name="probe",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="Measure network interference: what is blocked, how, and compared with what.\n\n"
    "\b\nExample:\n  probe run --dry-run      what would be contacted; sends nothing\n"
    "  probe run                ask, measure the default set, say what was found",
    epilog="Exit codes: 0 done, 1 --fail-on met, 2 wrong use, 3 nothing could be measured, 130 interrupted.",
)


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", "-V", help="Say the version and end."),
) -> None:
    """Answer --version; without a command, show the help."""
    if version:
        from probe import __version__

        typer.echo(f"probe {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(2)


run.add_to(app)
demo.add_to(app)
baseline.add_to(app)
judge.add_to(app)
report.add_to(app)
compare.add_to(app)
evidence.add_to(app)
targets.add_to(app)
helper.add_to(app)
selftest.add_to(app)
forget.add_to(app)
