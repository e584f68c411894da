"""A bag against its own manifests: made again from what lies there, and compared byte for byte."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from probe.evidence.manifest import (
    AROUND,
    BAG_VERSION,
    BAGIT,
    BAGIT_TEXT,
    GUIDE,
    INFO,
    MANIFEST,
    OF_A_RUN,
    PAYLOAD,
    REQUIRED,
    RUN_ID,
    TAGMANIFEST,
    TAGS,
    BagInfo,
    Entry,
    manifest,
    named_in,
    root_of,
    told_by,
)
from probe.evidence.read import SMALL, hash_of, survey, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from probe.evidence.fault import Faults
    from probe.evidence.read import Found

_BLOBS: Final = f"{PAYLOAD}/blobs/"
_UTC: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_SOFTWARE: Final = re.compile(r"interference-probe [!-~]{1,40}")
_OBEYED: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
"""Signs that a terminal acts on, or that turn the direction of writing; line feeds are none."""
NO_ROOT: Final = ""


class Checked(Struct, frozen=True, kw_only=True):
    """What lies in a bag, as counted and hashed here; nothing is taken from its word."""

    root_sha256: str
    """Empty where there is no tag manifest."""
    n_files: int
    """Below data/."""
    n_bytes: int
    sha256: Mapping[str, str]
    """By name, of everything below data/."""
    run_id: str
    """As bag-info.txt says; empty where it says nothing usable."""
    software: str
    generated_utc: str
    trusted: bool
    """Whether nothing but plain files under good names lies there: only then may other code open them."""


def checked(bag: Path, faults: Faults) -> Checked:
    """Compare a bag with its manifests; whatever differs is added to the faults. Raises OSError."""
    found = survey(bag, faults)
    payload: list[Entry] = []
    tags: list[Entry] = []
    if found.bounded:
        payload = _hashed(bag, found, [name for name in found.sizes if name.startswith(f"{PAYLOAD}/")])
        tags = _hashed(bag, found, [name for name in TAGS if name in found.sizes])
        _names(found, faults)
        _compare(bag, found, MANIFEST, payload, faults)
        _compare(bag, found, TAGMANIFEST, tags, faults)
    info = _info(bag, found, payload, faults)
    _texts(bag, found, faults)
    for entry in payload:
        if entry.name.startswith(_BLOBS) and entry.name != _BLOBS + entry.sha256:
            faults.add("blob", entry.name)
    root = root_of(text_of(bag / TAGMANIFEST, SMALL)) if TAGMANIFEST in found.sizes else NO_ROOT
    return Checked(
        root_sha256=root,
        n_files=len(payload),
        n_bytes=sum(entry.n_bytes for entry in payload),
        sha256={entry.name: entry.sha256 for entry in payload},
        run_id=info.run_id,
        software=info.software,
        generated_utc=info.generated_utc,
        trusted=found.trusted,
    )


def _hashed(bag: Path, found: Found, names: Sequence[str]) -> list[Entry]:
    return [Entry(name=name, n_bytes=found.sizes[name], sha256=hash_of(bag / name)) for name in names]


def _names(found: Found, faults: Faults) -> None:
    """Tell of every file beside data/ that no bag has, and of those missing that every bag has."""
    for name in found.sizes:
        if not name.startswith(f"{PAYLOAD}/") and name not in AROUND:
            faults.add("added", name)
    for name in (*TAGS, TAGMANIFEST, *REQUIRED):
        if name not in found.sizes:
            faults.add("missing", name)


def _compare(bag: Path, found: Found, name: str, entries: Sequence[Entry], faults: Faults) -> None:
    """Hold a manifest, made again, against the one that lies there; say what differs, file by file."""
    if name not in found.sizes:
        return
    content = text_of(bag / name)
    if content == manifest(entries):
        return
    before = faults.n
    told = named_in(content)
    for entry in entries:
        if entry.name not in told:
            faults.add("unlisted", entry.name)
        elif told[entry.name] != entry.sha256:
            faults.add("changed", entry.name)
    there = {entry.name for entry in entries}
    for missing in told:
        if missing not in there:
            faults.add("gone", missing)
    if faults.n == before:
        faults.add("manifest", name)


def _info(bag: Path, found: Found, payload: Sequence[Entry], faults: Faults) -> BagInfo:
    """Return what bag-info.txt says, held against what lies there."""
    told: Mapping[str, str] = {}
    content = b""
    if INFO in found.sizes:
        content = text_of(bag / INFO, SMALL)
        told = told_by(content[:SMALL])
    run_id, software = told.get("External-Identifier", ""), told.get("Bag-Software-Agent", "")
    generated = told.get("Probe-Generated", "")
    info = BagInfo(
        run_id=run_id if RUN_ID.fullmatch(run_id) else "",
        software=software if _SOFTWARE.fullmatch(software) else "",
        generated_utc=generated if _UTC.fullmatch(generated) else "",
        n_bytes=sum(entry.n_bytes for entry in payload),
        n_files=len(payload),
    )
    version = told.get("Probe-Bag-Version", "")
    if re.fullmatch(r"[1-9][0-9]{0,8}", version) and int(version) > BAG_VERSION:
        faults.add("later", INFO)
        return info
    if content and (content != info.encoded() or not (info.run_id and info.software and info.generated_utc)):
        faults.add("info", INFO)
    for name in found.sizes:
        if name.startswith(f"{PAYLOAD}/") and not OF_A_RUN.fullmatch(name):
            faults.add("unexpected", name)
    return info


def _texts(bag: Path, found: Found, faults: Faults) -> None:
    """Look at the two texts whose content no manifest makes good: that they are what people may read."""
    if BAGIT in found.sizes and text_of(bag / BAGIT, SMALL) != BAGIT_TEXT:
        faults.add("bagit", BAGIT)
    if GUIDE in found.sizes:
        content = text_of(bag / GUIDE, SMALL)
        try:
            obeyed = _OBEYED.search(content.decode("utf-8"))
        except UnicodeDecodeError:
            faults.add("guide", GUIDE)
        else:
            if obeyed or len(content) > SMALL:
                faults.add("guide", GUIDE)
