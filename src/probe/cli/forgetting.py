"""What lies on this disk and how it goes; and what nobody can remove from here."""

import re
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from probe.cli import ephemeral, exits, helper_state, leftovers, memory
from probe.cli.terminal import somebody_is_there
from probe.evidence.manifest import SEALED
from probe.locale import N_, YES, _, ngettext
from probe.report.console_live import megabytes
from probe.report.show import visible
from probe.store.run_folder import MEASUREMENTS, RUN
from probe.system.disk import open_to_read
from probe.system.holding import hold, let_go

if TYPE_CHECKING:
    from collections.abc import Iterator

RUN_NAME: Final = re.compile(r"\d{8}T\d{6}Z-AS\d+-[0-9a-f]{4}")
"""What this program names its run folders; nothing else is ever removed."""
MARKS: Final = (RUN, MEASUREMENTS)
"""Files that only a run has."""

BEYOND_A_RUN: Final = (
    N_("what your operator, the resolvers, the helper and the measured hosts have written down"),
    N_("the history of your shell, which may hold the commands"),
    N_("what was shown: the window's earlier lines, and any recording of the session"),
    N_("what the system keeps: its cache of names, its journal, memory that it wrote to the disk (swap)"),
)
"""What nobody can keep from staying even where nothing of a run is kept."""
BEYOND: Final = (
    *BEYOND_A_RUN,
    N_("copies you sent or made: mail, chats, sticks, backups, snapshots, folders that synchronise"),
    N_("runs kept in other folders: probe forget --results DIR"),
    N_("files you wrote elsewhere with -o: baselines, reports and sealed runs"),
    N_("a helper's certificate and key in another folder: its --state, or /var/lib/probe-helper"),
    N_("traces on the medium itself: a deleted file can often be restored; only full-disk encryption helps"),
    N_("this program: pipx uninstall interference-probe"),
)


class Kept(Struct, frozen=True, kw_only=True):
    """One thing found on this disk."""

    path: Path
    n_bytes: int


class Left(Struct, frozen=True, kw_only=True):
    """One thing that looks like a run and is not removed, and why."""

    path: Path
    why: str


def forget_all(results: Path, *, yes: bool) -> int:
    """Tell what there is, ask, remove; return the exit code."""
    known = memory.here()
    found = [*runs_in(results), *left_by_killed(results)]
    busy = [run for run in found if _is_used(run.path, results)]
    runs = [run for run in found if run not in busy]
    left = [Left(path=run.path, why=_("another probe is writing it")) for run in busy]
    left += left_alone(results)
    settings = known.exists()
    helper = helper_state.state_folder()
    served = bool(helper_state.kept_in(helper))
    for run in runs:
        _say(f"{_shown(run.path)}  {megabytes(run.n_bytes)}")
    if settings:
        _say(
            _("{file}: the control you chose, and a digest of what you agreed to").format(
                file=_shown(known.path)
            )
        )
    if served:
        _say(
            _("{path}: the certificate and the key by which volunteers know your helper").format(
                path=_shown(helper)
            )
        )
    for one in left:
        _say(_("Stays: {path} ({why})").format(path=_shown(one.path), why=one.why))
    if not runs and not settings and not served:
        if not left:
            _say(
                _("Nothing of this program lies in {results} or in its settings.").format(
                    results=_shown(results)
                )
            )
        _tell_beyond()
        return exits.WRONG_USE if busy else exits.OK
    if not yes and not _confirmed(len(runs)):
        _say(_("Nothing was removed."))
        return exits.OK
    stuck = [run.path for run in runs if not _removed(run.path)]
    with suppress(OSError):  # not there, or something of somebody else's is in it
        (results / SEALED).rmdir()
    known.forget()
    stuck += helper_state.remove_from(helper)
    for path in stuck:
        sys.stderr.write(_("Could not be removed: {path}").format(path=_shown(path)) + "\n")
    if not stuck:
        _say(_("Removed."))
    _tell_beyond()
    return exits.WRONG_USE if stuck or busy else exits.OK


def runs_in(results: Path) -> "Iterator[Kept]":
    """Find the run folders under `results`, and what was sealed there, by name; links are not followed."""
    for folder in (results, results / SEALED):
        for path in sorted(folder.iterdir()) if folder.is_dir() and not folder.is_symlink() else ():
            is_zip = folder.name == SEALED and path.suffix == ".zip" and path.is_file()
            name = path.stem if is_zip else path.name
            if RUN_NAME.fullmatch(name) and (is_zip or path.is_dir()) and not path.is_symlink():
                yield _kept(path)


def left_by_killed(results: Path) -> "Iterator[Kept]":
    """Find what commands left that were killed: half-made bags, runs not to be kept, unpacked bags."""
    yield from (_kept(path) for path in leftovers.drafts_in(results / SEALED))
    yield from map(_kept, leftovers.of_killed_runs())
    yield from (_kept(path) for path in leftovers.unpacked())


def _kept(path: Path) -> Kept:
    inside = (path, *path.rglob("*"))
    size = sum(f.lstat().st_size for f in inside if not f.is_dir() or f.is_symlink())
    return Kept(path=path, n_bytes=size)


def left_alone(results: Path) -> "Iterator[Left]":
    """Find what lies under `results` and is not removed though it is, or may lead to, a run."""
    if not results.is_dir():
        return
    for path in sorted(results.iterdir()):
        if path.is_symlink():
            yield Left(path=path, why=_("a link; what it leads to stays too: remove both yourself"))
        elif not RUN_NAME.fullmatch(path.name) and all((path / name).is_file() for name in MARKS):
            yield Left(path=path, why=_("a run under another name: remove it yourself"))


def _is_used(path: Path, results: Path) -> bool:
    """Whether another command may still need something: the run itself, or the one it is a copy of."""
    if path.parent == results / SEALED and (run := leftovers.run_of(path)):
        return _is_written(results / run)
    if path.name.startswith(ephemeral.PREFIX):
        return leftovers.is_held(path) or any(_is_written(run.path) for run in runs_in(path))
    return leftovers.is_young(path) if path.name.startswith(leftovers.UNPACKED) else _is_written(path)


def _is_written(run: Path) -> bool:
    """Whether a process holds the lock of the run's journal."""
    try:
        descriptor = open_to_read(run / MEASUREMENTS)
    except OSError:
        return False
    try:
        hold(descriptor)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks
        return False
    finally:
        let_go(descriptor)
    return False


def _confirmed(n_runs: int) -> bool:
    if not somebody_is_there():
        exits.stop(
            _("Nobody can be asked here: this is no terminal."), _("Add --yes to remove without a question.")
        )
    question = ngettext(
        "Remove {n} run and what else is named above? [y/N] ",
        "Remove {n} runs and what else is named above? [y/N] ",
        n_runs,
    )
    sys.stderr.write(question.format(n=n_runs))
    sys.stderr.flush()
    return sys.stdin.readline(100).strip().casefold() in YES


def _removed(path: Path) -> bool:
    """Remove a run, unless somebody began to write it while the question stood."""
    if path.is_file():
        path.unlink(missing_ok=True)
    elif _is_written(path):
        return False
    else:
        shutil.rmtree(path, ignore_errors=True)
    return not path.exists()


def _shown(path: Path) -> str:
    return visible(str(path), 1000)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _tell_beyond() -> None:
    _say("\n" + _("What cannot be removed from here"))
    for what in BEYOND:
        _say(f"  - {_(what)}")
