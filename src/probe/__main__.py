"""Start the command line."""

import gc

RARELY = (10_000, 20, 50)
"""What is imported leaves next to nothing to collect: to look as often as usual is a sixth of a start."""


def main() -> None:
    """Run the console command `probe`; Ctrl-C ends it with 130 from the first import on."""
    try:
        gc.set_threshold(*RARELY)
        from probe.cli import app

        app()
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
