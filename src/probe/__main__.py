"""Start the command line."""


def main() -> None:
    """Run the console command `probe`; Ctrl-C ends it with 130 from the first import on."""
    try:
        from probe.cli import app

        app()
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
