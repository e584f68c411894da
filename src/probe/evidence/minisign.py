"""Signatures as minisign makes them, from the same Ed25519 key; `minisign -V -P KEY` checks them."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from probe.evidence.sshsig import SignatureError

if TYPE_CHECKING:
    from probe.evidence.keys import SigningKey

_KEY: Final = b"Ed"
_PREHASHED: Final = b"ED"
"""The message's BLAKE2b-512 is signed."""
_ID_BYTES: Final = 8
_TRUSTED: Final = "trusted comment: "


def public_key(raw: bytes) -> str:
    """Return a public key as `minisign -P` takes it: 56 characters that begin with RW.

    minisign draws the number of a key by lot; ours is a digest of it, so that the key alone makes the text.
    """
    return base64.b64encode(_KEY + _number(raw) + raw).decode("ascii")


def sign(key: SigningKey, message: bytes, comment: str) -> bytes:
    """Return the content of a .minisig file; `comment`, of one line, is signed too."""
    signature = key.private.sign(hashlib.blake2b(message).digest())
    return _file(key.public, signature, comment, key.private.sign(signature + comment.encode("ascii")))


def check(content: bytes, message: bytes, raw: bytes, comment: str) -> None:
    """Raise SignatureError unless this file signs this message and this comment by this key (32 bytes).

    Only the one spelling that `sign` writes is read, so that no byte can differ.
    """
    lines = content.decode("ascii", "replace").split("\n")
    if len(lines) != 5 or not content.isascii():
        raise SignatureError("minisig_unreadable")
    try:
        head = base64.b64decode(lines[1], validate=True)
        over_comment = base64.b64decode(lines[3], validate=True)
    except (binascii.Error, ValueError):
        raise SignatureError("minisig_unreadable") from None
    signature = head[len(_PREHASHED) + _ID_BYTES :]
    if head[: len(_PREHASHED) + _ID_BYTES] != _PREHASHED + _number(raw):
        raise SignatureError("minisig_another_key")
    if _file(raw, signature, lines[2].removeprefix(_TRUSTED), over_comment) != content:
        raise SignatureError("minisig_unreadable")
    key = Ed25519PublicKey.from_public_bytes(raw)
    try:
        key.verify(signature, hashlib.blake2b(message).digest())
        key.verify(over_comment, signature + lines[2].removeprefix(_TRUSTED).encode("ascii"))
    except InvalidSignature:
        raise SignatureError("minisig_does_not_fit") from None
    if lines[2] != _TRUSTED + comment:
        raise SignatureError("minisig_does_not_fit")


def _number(raw: bytes) -> bytes:
    return hashlib.blake2b(raw, digest_size=_ID_BYTES).digest()


def _file(raw: bytes, signature: bytes, comment: str, over_comment: bytes) -> bytes:
    lines = (
        f"untrusted comment: check with minisign -V -P {public_key(raw)}",
        base64.b64encode(_PREHASHED + _number(raw) + signature).decode("ascii"),
        _TRUSTED + comment,
        base64.b64encode(over_comment).decode("ascii"),
    )
    return "".join(f"{line}\n" for line in lines).encode("ascii")
