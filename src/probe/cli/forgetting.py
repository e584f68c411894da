"""What lies on this disk and how it goes; and what nobody can remove from here."""

import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from probe.cli import exits, memory
from probe.cli.terminal import somebody_is_there
from probe.locale import N_, _, ngettext
from probe.report.console_live import megabytes
from probe.report.show import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

RUN_NAME: Final = re.compile(r"\d{8}T\d{6}Z-AS\d+-[0-9a-f]{4}")
"""What this program names its run folders; nothing else is ever removed."""

BEYOND: Final = (
    N_("what your operator, the resolvers, the helper and the measured hosts have written down"),
    N_("copies you sent or made: mail, chats, sticks, backups, snapshots, folders that synchronise"),
    N_("runs kept in other folders: probe forget --results DIR"),
    N_("files you wrote elsewhere with -o: baselines and reports"),
    N_("the history of your shell, which may hold the commands"),
    N_("traces on the medium itself: a deleted file can often be restored; only full-disk encryption helps"),
    N_("this program: pipx uninstall interference-probe"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One thing found on this disk."""

    path: Path
    n_bytes: int


def forget_all(results: Path, *, yes: bool) -> int:
    """Tell what there is, ask, remove; return the exit code."""
    known = memory.here()
    runs = list(runs_in(results))
    settings = known.path.exists()
    for run in runs:
        sys.stdout.write(f"{visible(str(run.path), 1000)}  {megabytes(run.n_bytes)}\n")
    if settings:
        sys.stdout.write(
            _("{file}: the control you chose, and a digest of what you agreed to").format(file=known.path)
            + "\n"
        )
    if not runs and not settings:
        sys.stdout.write(
            _("Nothing of this program lies in {results} or in its settings.").format(results=results) + "\n"
        )
        _tell_beyond()
        return exits.OK
    if not yes and not _confirmed(len(runs)):
        sys.stdout.write(_("Nothing was removed.") + "\n")
        return exits.OK
    left = [run.path for run in runs if not _removed(run.path)]
    known.forget()
    for path in left:
        sys.stderr.write(_("Could not be removed: {path}").format(path=visible(str(path), 1000)) + "\n")
    sys.stdout.write(_("Removed.") + "\n" if not left else "")
    _tell_beyond()
    return exits.FAIL_ON if left else exits.OK


def runs_in(results: Path) -> "Iterator[Kept]":
    """Find the run folders under `results`, by their name; links are not followed."""
    if not results.is_dir():
        return
    for path in sorted(results.iterdir()):
        if RUN_NAME.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
            size = sum(f.lstat().st_size for f in path.rglob("*") if not f.is_dir() or f.is_symlink())
            yield Kept(path=path, n_bytes=size)


def _confirmed(n_runs: int) -> bool:
    if not somebody_is_there():
        exits.stop(
            _("Nobody can be asked here: this is no terminal."), _("Add --yes to remove without a question.")
        )
    question = ngettext(
        "Remove {n} run and the settings? [y/N] ", "Remove {n} runs and the settings? [y/N] ", n_runs
    )
    sys.stderr.write(question.format(n=n_runs))
    sys.stderr.flush()
    return sys.stdin.readline(100).strip().casefold() in {"y", "yes", "д", "да"}


def _removed(path: Path) -> bool:
    shutil.rmtree(path, ignore_errors=True)
    return not path.exists()


def _tell_beyond() -> None:
    sys.stdout.write("\n" + _("What cannot be removed from here") + "\n")
    for what in BEYOND:
        sys.stdout.write(f"  - {_(what)}\n")
