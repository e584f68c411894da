"""What pip notes of an installed library (RECORD), without what depends on where it was installed.

A start script names the environment that it was made in, and RECORD holds the script's hash. The script is
not in a bundle; a line about it would only make two bundles of one commit differ.
"""

import csv
import io
from pathlib import Path, PurePosixPath
from typing import Final

RECORDS: Final = "*.dist-info/RECORD"


def settled(record: str) -> str:
    """Return the lines of a RECORD (CSV: path, hash, size) about what lies in the library's folder, sorted.

    Paths elsewhere lead up (`../../../bin/probe`, on Windows `../../Scripts/probe.exe`) or are absolute.
    """
    rows = [row for row in csv.reader(record.splitlines()) if row and _is_inside(row[0])]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(sorted(rows))
    return text.getvalue()


def _is_inside(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return bool(parts) and parts[0] not in {"..", "/"} and not parts[0].endswith(":")


def settle(folder: Path) -> tuple[str, ...]:
    """Rewrite every RECORD below a folder in that way; return the names of those that were otherwise."""
    changed = []
    for path in sorted(folder.rglob(RECORDS)):
        before = path.read_bytes()
        after = settled(before.decode("utf-8")).encode("utf-8")
        if after != before:
            path.write_bytes(after)
            changed.append(path.relative_to(folder).as_posix())
    return tuple(changed)
