"""The command line: parse, ask for consent, call the pipeline, print.

Modules here import at their top nothing heavier than typer: what a command needs is imported when it runs,
so that `probe --help` answers at once.
"""

import sys


def app() -> None:
    """Run the console command, its help in the language asked for where the terminal has the letters."""
    from probe.cli import exits
    from probe.cli.terminal import language_typed, let_go_of_stdout, prepare_streams, use_language

    prepare_streams()
    code = exits.FAULT
    try:
        with exits.told():
            use_language(language_typed(sys.argv[1:]))
            code = _run()
            sys.stdout.flush()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else exits.FAULT
    finally:
        let_go_of_stdout()
    raise SystemExit(code)


def _run() -> int:
    """Parse and run one command; return its exit code. A bare --version needs nothing heavy.

    The library's own main is not used: it ends with 1 where a pipe was closed.
    """
    if sys.argv[1:] in (["--version"], ["-V"]):
        from probe import __version__

        sys.stdout.write(f"probe {__version__}\n")
        return 0
    import typer

    from probe.cli import exits
    from probe.cli.commands import app as commands
    from probe.cli.described import translate_help_options
    from probe.cli.mistakes import show

    command = typer.main.get_command(commands)
    translate_help_options(command)
    try:
        with command.make_context("probe", sys.argv[1:]) as context:
            command.invoke(context)
    except typer.Exit as end:
        return end.exit_code
    except typer.Abort:
        return exits.INTERRUPTED
    except typer.TyperException as mistake:
        show(mistake)
        return exits.WRONG_USE
    return exits.OK
