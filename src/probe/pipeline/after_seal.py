"""What signing and stamping have in common: a bag that is whole goes in, a few files more come out."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from probe.evidence import custody_after
from probe.evidence.error import EvidenceError
from probe.evidence.handling import Handling
from probe.evidence.outside import CUSTODY, SIGNED, TooLargeError, content_of
from probe.evidence.rezip import renewed
from probe.locale import _
from probe.system.disk import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

TIME_FORMAT: Final = "%Y-%m-%dT%H:%M:%SZ"


def sealed_bytes(bag: Path, *, without: Iterable[str]) -> bytes:
    """Return what is signed and stamped of a bag's folder: its tag manifest.

    Raises EvidenceError where this is no bag, or one that has one of the files `without` already.
    """
    if bag.is_file():
        raise EvidenceError(
            bag,
            _("This is one file, and no bag's folder"),
            _("Unpack it (python3 -m zipfile -e FILE .), then name the folder."),
        )
    try:
        message = content_of(bag, SIGNED)
    except TooLargeError:
        message = None
    if message is None:
        raise EvidenceError(
            bag,
            _("This is no sealed run"),
            _("Seal it first: {command}").format(command="probe evidence seal RUN"),
        )
    for name in without:
        if (bag / name).exists() or (bag / name).is_symlink():
            raise EvidenceError(
                bag / name,
                _("The bag has this file already, and it is never replaced"),
                _("Look at it with `probe evidence verify`; a copy of the bag without it can be used."),
            )
    try:
        custody_after.acts_of(bag)
    except ValueError:
        raise EvidenceError(
            bag / CUSTODY,
            _("This file is not what the program writes"),
            _("Remove it, or put the right one back, and type the same again."),
        ) from None
    return message


def add(bag: Path, files: Mapping[str, bytes], role: str, action: str, at: datetime) -> Path | None:
    """Write files into a bag beside its manifests and note them; return the zip beside it, if it was renewed.

    The note comes last: where something fails before, `verify` says what is missing. Raises OSError.
    """
    left = files[custody_after.LEFT_BY[action]]
    act = custody_after.Act(
        handling=Handling(utc=at.strftime(TIME_FORMAT), role=role, action=action),
        sha256=hashlib.sha256(left).hexdigest(),
    )
    noted = custody_after.written((*custody_after.acts_of(bag), act))
    for name, content in {**files, CUSTODY: noted}.items():
        write_whole(bag / name, content)
    return renewed(bag)
