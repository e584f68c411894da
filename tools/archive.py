"""Pack a folder so that the same files give the same bytes."""

import tarfile
from pathlib import Path
from typing import Final

RUNS: Final = 0o755
READS: Final = 0o644


def pack(folder: Path, into: Path, *, top: str, epoch: int) -> None:
    """Write a folder as a tar.xz whose names begin with `top`: sorted, of no user, all of one time.

    `epoch` is seconds since 1970. Links stay links.
    """

    def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
        runs = member.isdir() or member.mode & 0o100
        member.uid = member.gid = 0
        member.uname = member.gname = ""
        member.mtime = epoch
        member.mode = RUNS if runs else READS
        return member

    with tarfile.open(into, "w:xz", format=tarfile.PAX_FORMAT) as files:
        for path in sorted(folder.rglob("*"), key=lambda one: one.relative_to(folder).as_posix()):
            name = f"{top}/{path.relative_to(folder).as_posix()}"
            files.add(path, name, recursive=False, filter=plain)
