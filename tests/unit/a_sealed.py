"""A small bag without a program that seals: enough for whoever signs or stamps one."""

from __future__ import annotations

import hashlib
import subprocess
from typing import TYPE_CHECKING
from zipfile import ZipFile

if TYPE_CHECKING:
    from pathlib import Path

NAME = "20261121T120000Z-AS64500-abcd"
FILES = {
    "VERIFY.txt": b"How to check.\n",
    "bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
    "data/run.json": b"{}\n",
}


def a_bag(folder: Path, *, zipped: bool = False) -> Path:
    """Make a bag, and the zip beside it."""
    bag = folder / NAME
    for name, content in FILES.items():
        (bag / name).parent.mkdir(parents=True, exist_ok=True)
        (bag / name).write_bytes(content)
    lines = [f"{hashlib.sha256(FILES[name]).hexdigest()}  {name}\n" for name in ("VERIFY.txt", "bagit.txt")]
    (bag / "tagmanifest-sha256.txt").write_text("".join(lines))
    if zipped:
        with ZipFile(folder / f"{NAME}.zip", "w") as archive:
            for name in (*FILES, "tagmanifest-sha256.txt"):
                archive.write(bag / name, f"{NAME}/{name}")
    return bag


def root_of(bag: Path) -> str:
    """Return its root hash."""
    return hashlib.sha256((bag / "tagmanifest-sha256.txt").read_bytes()).hexdigest()


def a_key(folder: Path, name: str = "key", *, kind: str = "ed25519", passphrase: str = "") -> Path:
    """Make a key as a person would."""
    path = folder / name
    command = ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", "", "-f", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


def said(*command: str, bag: Path, stdin: bytes = b"") -> tuple[int, str]:
    """Run a stock program in a bag's folder; its exit code and all that it printed."""
    done = subprocess.run(command, cwd=bag, input=stdin, capture_output=True, check=False, timeout=300)
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")
