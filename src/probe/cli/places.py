"""Whether a run or a baseline could be written where it shall go: said before anything is asked or sent."""

import os
from pathlib import Path

from probe.cli import exits
from probe.locale import _


def check_results(results: Path) -> None:
    """End with 2 if no run could be written into this folder, there already or to be made."""
    there = results
    while not os.path.lexists(there) and there != there.parent:
        there = there.parent
    if not there.is_dir():
        exits.stop(_("{path} is no folder.").format(path=there), _("Name another folder with --results."))
    if not os.access(there, os.W_OK | os.X_OK):
        exits.stop(
            _("{path} cannot be written to.").format(path=there), _("Name another folder with --results.")
        )


def check_baseline_out(out: Path) -> None:
    """End with 2 if a baseline written there would meet no folder, or destroy something else."""
    if not out.parent.is_dir():
        exits.stop(
            _("The folder {path} is not there.").format(path=out.parent),
            _("Make it first, or name another file with -o."),
        )
    if os.path.lexists(out) and not _is_baseline(out):
        exits.stop(
            _("{path} is there and is no baseline: it stays as it is.").format(path=out),
            _("Name another file with -o."),
        )
    if not os.access(out.parent, os.W_OK | os.X_OK):
        exits.stop(_("{path} cannot be written to.").format(path=out.parent), _("Name another file with -o."))


def check_export(out: Path | None) -> None:
    """End with 2 if a table could not be written there at a run's end; None and `-` are no file."""
    from probe.cli.options import STDOUT

    if out is None or out == STDOUT:
        return
    if not out.parent.is_dir():
        exits.stop(
            _("The folder {path} is not there.").format(path=out.parent),
            _("Check the path, or choose another one."),
        )
    if out.is_dir() or not os.access(out.parent, os.W_OK | os.X_OK):
        exits.stop(
            _("{path} cannot be written to.").format(path=out if out.is_dir() else out.parent),
            _("Check the path, or choose another one."),
        )


def _is_baseline(path: Path) -> bool:
    from probe.store import StoreError, read_baseline

    if not path.is_file():  # a folder or a device
        return False
    try:
        read_baseline(path)
    except (StoreError, OSError):
        return False
    return True
