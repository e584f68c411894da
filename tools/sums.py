"""Lists of SHA-256 as `sha256sum -c` reads them, and what two folders differ in."""

import hashlib
from pathlib import Path
from typing import Final

NAME: Final = "SHA256SUMS"


def sha256(path: Path) -> str:
    """Return a file's SHA-256 in lower hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder by its name there, sorted; not of the list itself."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: sha256(found[name]) for name in sorted(found) if name != NAME}


def write_sums(folder: Path) -> dict[str, str]:
    """Write the list of a folder's files into it; return the hashes by name."""
    found = hashes(folder)
    text = "".join(f"{digest}  {name}\n" for name, digest in found.items())
    (folder / NAME).write_text(text, encoding="utf-8", newline="\n")
    return found


def differences(one: Path, other: Path) -> tuple[str, ...]:
    """Return the names of files that are not the same bytes in both folders, or in one of them only."""
    left, right = hashes(one), hashes(other)
    return tuple(sorted(name for name in left | right if left.get(name) != right.get(name)))
