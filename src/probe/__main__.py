"""Start the command line; a bare `--version` is answered before anything heavy is imported."""

import sys


def main() -> None:
    """Run the console command `probe`."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from probe import __version__

        sys.stdout.write(f"probe {__version__}\n")
        return
    from probe.cli import app

    app()


if __name__ == "__main__":
    main()
