"""What killed runs left that were to leave nothing: the next run removes it, and never a living one's."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.command import probe
from probe.cli import ephemeral, exits, leftovers
from probe.system import holding

LIVES = """
import sys
from pathlib import Path
from probe.cli.ephemeral import vanishing
with vanishing(Path(sys.argv[1])) as folder:
    (folder / "blob").write_bytes(b"x")
    print(folder, flush=True)
    sys.stdin.read()
"""
REFUSED = ("run", "--url", "https://www.example.org/", "--yes", "--export", "absent/verdicts.csv")
"""A run that ends before anything is asked or sent."""


@contextmanager
def living(where: Path) -> Iterator[tuple["subprocess.Popen[str]", Path]]:
    """Yield a process that keeps nothing, and the folder in which it does."""
    command = [sys.executable, "-c", LIVES, str(where)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield process, Path(process.stdout.readline().strip())
    finally:
        process.kill()
        process.communicate()


def test_the_next_run_removes_what_a_killed_one_left_and_says_so(tmp_path: Path) -> None:
    with living(tmp_path) as (process, folder):
        process.kill()
        process.wait()
    assert [path.name for path in folder.iterdir()] == ["blob"]
    done = probe(*REFUSED, home=tmp_path)
    assert done.returncode == exits.WRONG_USE
    assert done.stderr.splitlines() == [
        f"What a killed run had left was removed: {folder}",
        "probe: The folder absent is not there.",
        "       Check the path, or choose another one.",
    ]
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_a_living_process_is_neither_removed_nor_forgotten(tmp_path: Path) -> None:
    with living(tmp_path) as (process, folder):
        done = probe(*REFUSED, home=tmp_path)
        assert str(folder) not in done.stderr
        busy = probe("forget", "--yes", home=tmp_path)
        assert f"Stays: {folder} (another probe is writing it)\n" in busy.stdout
        assert [path.name for path in folder.iterdir()] == ["blob"]
        process.communicate("")
        assert process.returncode == 0
        assert list(tmp_path.iterdir()) == []


def test_what_nobody_is_known_to_have_held_is_left_to_forget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / f"{ephemeral.PREFIX}abcdefgh").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / f"{ephemeral.HELD}abcdefgh").symlink_to("elsewhere")
    (tmp_path / f"{ephemeral.HELD}ijklmnop").write_bytes(b"")
    before = sorted(tmp_path.iterdir())
    assert [path for path in leftovers.remove_dead() if path.parent == tmp_path] == []
    assert sorted(tmp_path.iterdir()) == before
    with monkeypatch.context() as patched:
        patched.setattr(ephemeral, "hold_folder", lambda _folder: None)
        with ephemeral.vanishing(tmp_path) as folder:
            assert not folder.name.startswith(ephemeral.HELD)
    assert sorted(tmp_path.iterdir()) == before


def test_a_folder_has_the_name_of_a_held_one_only_while_it_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    names: list[str] = []

    def noting(folder: Path) -> int | None:
        names.append(folder.name)
        return holding.hold_folder(folder)

    monkeypatch.setattr(ephemeral, "hold_folder", noting)
    with ephemeral.vanishing(tmp_path) as folder:
        assert folder.name.startswith(ephemeral.HELD)
        assert [name.startswith(ephemeral.HELD) for name in names] == [False]
        assert [path for path in leftovers.remove_dead() if path.parent == tmp_path] == []
        assert leftovers.is_held(folder)
        assert list(tmp_path.iterdir()) == [folder]
    assert list(tmp_path.iterdir()) == []
