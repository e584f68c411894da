"""What a killed write or seal left is removed by the next one, and never taken for the real thing."""

import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from probe.evidence.error import EvidenceError
from probe.pipeline.sealing import Sealed, seal
from probe.pipeline.verifying import verify
from probe.system.disk import write_whole
from unit.a_bag import a_run, sealed


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Sealed]:
    """A run and the bag made of it, not to be changed."""
    folder = tmp_path_factory.mktemp("made")
    run = a_run(folder)
    return run, sealed(run, folder / "out")


def make_old(path: Path, hours: float = 2.0) -> None:
    then = time.time() - hours * 3600
    os.utime(path, (then, then))


def test_what_a_killed_write_left_goes_with_the_next_write_of_that_file(tmp_path: Path) -> None:
    file = tmp_path / "annex[1].pdf"
    file.write_bytes(b"good")
    names = (".annex[1].pdf.tmp-4711", ".annex[1].pdf.tmp-4712", ".other.pdf.tmp-4713", ".annex1.pdf.tmp-1")
    old, under_way, another, like_it = (tmp_path / name for name in names)
    for left in (old, under_way, another, like_it):
        left.write_bytes(b"half")
    for left in (old, another, like_it):
        make_old(left)
    write_whole(file, b"better")
    assert sorted(tmp_path.iterdir()) == sorted([file, under_way, another, like_it])
    assert file.read_bytes() == b"better"


def test_pieces_become_one_file_and_a_fault_among_them_leaves_the_old_one(tmp_path: Path) -> None:
    def pieces(last: bytes | None) -> Iterator[bytes]:
        yield b"first, "
        if last is None:
            raise ZeroDivisionError
        yield last

    file = tmp_path / "verdicts.csv"
    write_whole(file, pieces(b"second"))
    assert file.read_bytes() == b"first, second"
    with pytest.raises(ZeroDivisionError):
        write_whole(file, pieces(None))
    assert file.read_bytes() == b"first, second"
    assert list(tmp_path.iterdir()) == [file]


def test_a_pipe_gets_the_bytes_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    write_whole(pipe, b"the table")
    reader.join(10)
    assert read == [b"the table"]
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]


def test_the_name_that_a_seal_gave_its_zip_before_it_was_killed_is_free_again(
    made: tuple[Path, Sealed], tmp_path: Path
) -> None:
    run, good = made
    draft = tmp_path / f".{run.name}-abcd1234"
    shutil.copytree(good.bag, draft / run.name)
    shutil.copy(good.zip, draft)
    (tmp_path / good.zip.name).hardlink_to(draft / good.zip.name)
    with pytest.raises(EvidenceError, match="never overwritten"):
        seal(run, tmp_path)  # somebody may be about to give the second name
    make_old(draft)
    done = sealed(run, tmp_path)
    assert done.root_sha256 == good.root_sha256
    assert verify(done.bag).faults.n == 0
    assert sorted(tmp_path.iterdir()) == [done.bag, done.zip]


def test_a_zip_that_no_draft_is_the_same_as_is_never_overwritten(
    made: tuple[Path, Sealed], tmp_path: Path
) -> None:
    run, good = made
    shutil.copy(good.zip, tmp_path)
    draft = tmp_path / f".{run.name}-abcd1234"
    draft.mkdir()
    shutil.copy(good.zip, draft)
    make_old(draft)
    with pytest.raises(EvidenceError, match="never overwritten"):
        seal(run, tmp_path)
    assert list(tmp_path.iterdir()) == [tmp_path / good.zip.name]


def test_drafts_that_killed_seals_left_go_with_the_next_seal_of_the_run(
    made: tuple[Path, Sealed], tmp_path: Path
) -> None:
    run, _good = made
    old, under_way = tmp_path / f".{run.name}-abcd1234", tmp_path / f".{run.name}-efgh5678"
    another, own = tmp_path / ".20261122T000000Z-AS0-beef-abcd1234", tmp_path / f".{run.name}-my own notes"
    for draft in (old, under_way, another, own):
        (draft / run.name / "data").mkdir(parents=True)
        (draft / f"{run.name}.zip").write_bytes(b"half")
    for draft in (old, another, own):
        make_old(draft)
    done = sealed(run, tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([under_way, another, own, done.bag, done.zip])
    with pytest.raises(EvidenceError):
        verify(under_way / run.name)
