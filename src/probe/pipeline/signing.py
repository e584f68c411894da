"""A bag is signed: a key's file and a bag's folder go in, three files and a line of custody come out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from probe.evidence.custody_after import SIGNED
from probe.evidence.keys import read_key
from probe.evidence.manifest import root_of
from probe.evidence.outside import MINISIG, SIGNATURE, SIGNERS
from probe.evidence.signature import Signature, signature_of, signed
from probe.pipeline.after_seal import add, sealed_bytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

ROLE = "coalition"
"""Who signs, unless somebody says otherwise."""


class SignedBag(Struct, frozen=True, kw_only=True):
    """What was done."""

    root_sha256: str
    signature: Signature
    zip: Path | None
    """The zip beside the bag, which has the signature now too."""


def sign(
    bag: Path, key_file: Path, identity: str, at: datetime, passphrase: Callable[[], str | None]
) -> SignedBag:
    """Sign a bag. Raises EvidenceError for a bag or key that cannot be used, OSError for a disk.

    The same bag, key, identity and time give the same bytes.
    """
    message = sealed_bytes(bag, without=(SIGNATURE, SIGNERS, MINISIG))
    key = read_key(key_file, passphrase)
    zipped = add(bag, signed(key, message, identity), ROLE, SIGNED, at)
    return SignedBag(root_sha256=root_of(message), signature=signature_of(bag), zip=zipped)
