"""Whether a folder lies in memory is read from the table of mounts, and never guessed."""

from pathlib import Path

import pytest

from probe.cli import ephemeral

MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
tmpfs /run/user/1000 tmpfs rw,nosuid 0 0
tmpfs /media/a\\040stick tmpfs rw 0 0
/dev/sdb1 /media/a\\040stick ext4 rw 0 0
tmpfs /srv tmpfs rw 0 0
/dev/sdc1 /srv/kept ext4 rw 0 0
"""


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("/run/user/1000", True),
        ("/run/user/1000/deeper", True),
        ("/run/user/10001", False),
        ("/media/a stick", False),
        ("/srv/a", True),
        ("/srv/kept", False),
        ("/home", False),
    ],
)
def test_the_deepest_and_latest_mount_says_whether_a_folder_is_in_memory(
    folder: str, said: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mounts").write_text(MOUNTS)
    monkeypatch.setattr(ephemeral, "MOUNTS", tmp_path / "mounts")
    assert ephemeral.in_memory(Path(folder)) is said


def test_where_the_system_does_not_tell_nothing_is_said_to_be_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ephemeral, "MOUNTS", tmp_path / "absent")
    assert ephemeral.in_memory(Path("/dev/shm")) is False
