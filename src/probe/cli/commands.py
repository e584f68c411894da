"""All commands in one Typer application; their help is in the language in use when this is imported."""

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
from probe.cli import options as o
from probe.cli.described import described
from probe.locale import _

app = typer.Typer(
    name="probe",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help=described(
        _("Measure network interference: what is blocked, how, and compared with what."),
        ("probe run --dry-run", _("what would be contacted; sends nothing")),
        ("probe run", _("ask, measure the default set, say what was found")),
    ),
    epilog=_(
        "Exit codes: 0 done, 1 --fail-on met, 2 wrong use or an unusable file, 3 nothing was measured, "
        "70 a fault of this program, 130 interrupted, 141 the results' reader went away."
    ),
)


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", "-V", help=_("Say the version and end.")),
    lang: o.Lang = "",
) -> None:
    """Answer --version; without a command, show the help."""
    o.speak(lang)
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
