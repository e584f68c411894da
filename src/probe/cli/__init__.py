"""The command line: parse, ask for consent, call the pipeline, print.

Modules here import at their top nothing heavier than typer: what a command needs is imported when it runs,
so that `probe --help` answers at once.
"""


def app() -> None:
    """Run the console command, its help in the language of the locale where the terminal has the letters."""
    from probe.cli.terminal import prepare_streams, use_language

    prepare_streams()
    use_language("")
    from probe.cli.commands import app as commands

    commands()
