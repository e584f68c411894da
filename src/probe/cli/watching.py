"""Which observer fits this terminal."""

import sys
from typing import TYPE_CHECKING

from probe.cli.terminal import console, live_is_welcome

if TYPE_CHECKING:
    from probe.report.console_live import LiveDisplay
    from probe.report.console_plain import PlainLines


def observer() -> "LiveDisplay | PlainLines":
    """Return a live display where stderr can redraw itself, else plain lines; both go to stderr."""
    if live_is_welcome():
        from probe.report.console_live import LiveDisplay

        return LiveDisplay(console(sys.stderr))
    from probe.report.console_plain import PlainLines

    return PlainLines(sys.stderr)
