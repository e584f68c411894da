"""What a bundle is packed into, and the trial that it has to pass before it is kept."""

import os
import tarfile
from pathlib import Path

import pytest
from tools import bundle_trial, sums
from tools.archive import pack
from tools.bundle_records import settle, settled
from tools.source import ToolError

EPOCH = 1_700_000_000


def _folder(folder: Path, program: str = "#!/bin/sh\necho probe 1.2.3\n") -> Path:
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "data").write_bytes(b"data")
    (folder / "probe").write_text(program)
    (folder / "probe").chmod(0o700)
    (folder / "inner" / "link").symlink_to("data")
    sums.write_sums(folder)
    return folder


def _packed(folder: Path, program: str = "#!/bin/sh\necho probe 1.2.3\n") -> Path:
    pack(_folder(folder / "made", program), folder / "made.tar.xz", top="top", epoch=EPOCH)
    return folder / "made.tar.xz"


def test_the_same_files_are_packed_into_the_same_bytes(tmp_path: Path) -> None:
    one, other = _folder(tmp_path / "one"), _folder(tmp_path / "other")
    os.utime(other / "probe", (1, 1))
    (other / "inner" / "data").chmod(0o600)
    for folder in (one, other):
        pack(folder, folder.with_suffix(".tar.xz"), top="top", epoch=EPOCH)
    assert one.with_suffix(".tar.xz").read_bytes() == other.with_suffix(".tar.xz").read_bytes()
    with tarfile.open(one.with_suffix(".tar.xz")) as files:
        found = {member.name: (member.mode, member.mtime, member.uid, member.linkname) for member in files}
    assert found == {
        "top/SHA256SUMS": (0o644, EPOCH, 0, ""),
        "top/inner": (0o755, EPOCH, 0, ""),
        "top/inner/data": (0o644, EPOCH, 0, ""),
        "top/inner/link": (0o755, EPOCH, 0, "data"),
        "top/probe": (0o755, EPOCH, 0, ""),
    }


RECORD = """\
../../../bin/probe,sha256={script},172
probe/b.py,sha256=bbb,2
"probe/a, b.py",sha256=aaa,1
probe-1.dist-info/RECORD,,
C:\\env\\Scripts\\probe.exe,sha256={script},9
..\\..\\Scripts\\probe.exe,sha256={script},9
/env/bin/probe,sha256={script},172
"""


def test_what_pip_noted_of_a_library_says_nothing_of_where_it_was_installed() -> None:
    one, other = RECORD.format(script="one"), RECORD.format(script="other")
    upside_down = "\r\n".join(reversed(other.splitlines()))
    assert settled(one) == settled(upside_down)
    assert settled(one) == (
        'probe-1.dist-info/RECORD,,\n"probe/a, b.py",sha256=aaa,1\nprobe/b.py,sha256=bbb,2\n'
    )
    assert settled(settled(one)) == settled(one)


def test_every_record_of_a_bundle_is_settled_and_nothing_else_is_touched(tmp_path: Path) -> None:
    for name in ("inner/probe-1.dist-info", "inner/other-2.dist-info", "inner/probe"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "RECORD").write_text(RECORD.format(script="one"), newline="\n")
    (tmp_path / "inner" / "other-2.dist-info" / "RECORD").write_text("other.py,,\n", newline="\n")
    assert settle(tmp_path) == ("inner/probe-1.dist-info/RECORD",)
    assert (tmp_path / "inner" / "probe-1.dist-info" / "RECORD").read_text().count("\n") == 3
    assert (tmp_path / "inner" / "other-2.dist-info" / "RECORD").read_text() == "other.py,,\n"
    assert (tmp_path / "inner" / "probe" / "RECORD").read_text() == RECORD.format(script="one")


def test_a_bundle_is_unpacked_and_held_against_its_own_list(tmp_path: Path) -> None:
    program = bundle_trial.unpack(_packed(tmp_path), tmp_path / "trial")
    assert program == tmp_path / "trial" / "top" / "probe"
    assert os.access(program, os.X_OK)


def test_a_bundle_that_differs_from_its_own_list_is_refused(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "made")
    (folder / "inner" / "data").write_bytes(b"other")
    (folder / "more").write_bytes(b"")
    pack(folder, tmp_path / "made.tar.xz", top="top", epoch=EPOCH)
    with pytest.raises(ToolError) as refused:
        bundle_trial.unpack(tmp_path / "made.tar.xz", tmp_path / "trial")
    assert str(refused.value) == "made.tar.xz differs from its own list: inner/data, inner/link, more"


def test_the_trial_is_made_where_nothing_is_set_but_a_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = _packed(tmp_path, '#!/bin/sh\necho "probe 1.2.3"\nexport -p > seen\necho "$@" >> typed\n')
    monkeypatch.setattr(bundle_trial, "TRIALS", ((("--version",), "probe {version}"), (("go",), "")))
    bundle_trial.try_out(packed, tmp_path / "trial", "1.2.3")
    here = tmp_path / "trial" / "somebody"
    seen = {line.split("=")[0].removeprefix("export ") for line in (here / "seen").read_text().splitlines()}
    assert seen == {"HOME", "PWD"}
    assert (here / "typed").read_text() == "--version\ngo\n"


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("#!/bin/sh\necho probe 1.2.2\n", "The bundle fails at `probe --version` (0): probe 1.2.2\n"),
        ("#!/bin/sh\necho oh >&2\nexit 3\n", "The bundle fails at `probe --version` (3): oh\n"),
    ],
    ids=["another answer", "another exit code"],
)
def test_a_bundle_that_answers_otherwise_fails_its_trial(program: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ToolError) as refused:
        bundle_trial.try_out(_packed(tmp_path, program), tmp_path / "trial", "1.2.3")
    assert str(refused.value) == said
