"""The text files of a bag (BagIt 1.0, RFC 8493): what they are called, what they say, to the byte."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from probe.evidence.outside import OUTSIDE, SIGNED
from probe.system.names import PLAIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

BAGIT: Final = "bagit.txt"
INFO: Final = "bag-info.txt"
MANIFEST: Final = "manifest-sha256.txt"
TAGMANIFEST: Final = SIGNED
"""Its own SHA-256 is the root hash."""
GUIDE: Final = "VERIFY.txt"
PAYLOAD: Final = "data"
SEALED: Final = "sealed"
"""Folder beside the runs that bags and zips go to, unless another is named."""
TAGS: Final = (GUIDE, INFO, BAGIT, MANIFEST)
"""What the tag manifest names."""
AROUND: Final = frozenset((*TAGS, TAGMANIFEST, *OUTSIDE))
"""Every file that may lie beside `data/`."""
BAGIT_TEXT: Final = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
BAG_VERSION: Final = 1
"""Of what this program puts into a bag; a bag of a later one is not called broken for what it holds."""

RUN_ID: Final = re.compile(PLAIN)
NAME: Final = re.compile(rf"{PLAIN}(?:/{PLAIN}){{0,5}}")
"""Of a file in a bag, with its folders: nothing that an operating system would take for something else."""
OF_A_RUN: Final = re.compile(
    r"data/(?:run\.json|measurements\.jsonl|verdicts\.jsonl|verdicts\.csv|services\.csv|datapackage\.json"
    rf"|self-test\.json|custody\.csv|blobs/[0-9a-f]{{64}}|inputs/{PLAIN}(?:/{PLAIN}){{0,2}})"
)
"""The payload that this version knows."""
REQUIRED: Final = tuple(
    f"data/{name}"
    for name in (
        *("run.json", "measurements.jsonl", "verdicts.jsonl", "verdicts.csv", "services.csv"),
        *("datapackage.json", "custody.csv", "inputs/services.jsonl", "inputs/controls.json"),
    )
)
"""The payload that every run has."""
_LINE: Final = re.compile(r"([0-9a-f]{64})  (.{1,700})")


class Entry(Struct, frozen=True, kw_only=True):
    """One file of a bag; its name begins at the bag's folder, parts joined by slashes."""

    name: str
    n_bytes: int
    sha256: str


class BagInfo(Struct, frozen=True, kw_only=True):
    """What bag-info.txt says."""

    run_id: str
    software: str
    """`interference-probe 0.1.0`."""
    generated_utc: str
    """ISO 8601 with Z: the end of the run, or what `--at` said."""
    n_bytes: int
    """Of all files below data/."""
    n_files: int

    def encoded(self) -> bytes:
        """Return the file: each label once, in this order."""
        rows = {
            "Bag-Software-Agent": self.software,
            "Bagging-Date": self.generated_utc[:10],
            "External-Description": "Measurements of network interference, what judging used, and verdicts",
            "External-Identifier": self.run_id,
            "Payload-Oxum": f"{self.n_bytes}.{self.n_files}",
            "Probe-Bag-Version": str(BAG_VERSION),
            "Probe-Generated": self.generated_utc,
        }
        return "".join(f"{label}: {value}\n" for label, value in rows.items()).encode()


def told_by(content: bytes) -> Mapping[str, str]:
    """Return label and value of each line of a bag-info.txt, a stranger's too; folded lines are left out."""
    lines = (line.partition(": ") for line in content.decode("utf-8", "replace").split("\n"))
    return {label: value for label, colon, value in lines if colon}


def manifest(entries: Iterable[Entry]) -> bytes:
    """Return a manifest: hash, two spaces, name, in the order of the names; `sha256sum -c` reads it."""
    ordered = sorted(entries, key=lambda entry: entry.name)
    return "".join(f"{entry.sha256}  {entry.name}\n" for entry in ordered).encode()


def named_in(content: bytes) -> dict[str, str]:
    """Return name and hash of each line of a manifest; lines that are none are left out."""
    found = (_LINE.fullmatch(line) for line in content.decode("utf-8", "replace").split("\n"))
    return {line[2]: line[1] for line in found if line}


def root_of(tagmanifest: bytes) -> str:
    """Return the root hash of a bag."""
    return hashlib.sha256(tagmanifest).hexdigest()
