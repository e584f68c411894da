"""Signatures as OpenSSH makes them (PROTOCOL.sshsig), by Ed25519 only: `ssh-keygen -Y verify` reads them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import struct
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

if TYPE_CHECKING:
    from probe.evidence.keys import SigningKey

NAMESPACE: Final = "probe-evidence"
"""A signature that was made for another purpose is none here."""
ALGORITHM: Final = b"ssh-ed25519"
IDENTITY: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@+-]{0,63}")
"""What may stand before the key in allowed_signers: no pattern, no space, no quote."""
_MAGIC: Final = b"SSHSIG"
_VERSION: Final = 1
_HASH: Final = b"sha512"
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----\n", "-----END SSH SIGNATURE-----\n"
_WIDTH: Final = 70


class SignatureError(ValueError):
    """A signature that is none; its text is a code of `signature.PROBLEMS`."""


def public_blob(raw: bytes) -> bytes:
    """Return the wire form of a public key of 32 bytes (RFC 8709)."""
    return _string(ALGORITHM) + _string(raw)


def fingerprint(raw: bytes) -> str:
    """Return what `ssh-keygen -l` prints of a key: `SHA256:` and 43 characters."""
    digest = hashlib.sha256(public_blob(raw)).digest()
    return "SHA256:" + base64.b64encode(digest).decode("ascii").rstrip("=")


def sign(key: SigningKey, message: bytes, namespace: str = NAMESPACE) -> bytes:
    """Return the armoured signature of a message: the same for the same key and message."""
    return _armoured(key.public, namespace.encode("ascii"), key.private.sign(_signed(message, namespace)))


def signer_of(armour: bytes, message: bytes, namespace: str = NAMESPACE) -> bytes:
    """Return the public key (32 bytes) whose holder signed this message for this namespace.

    Raises SignatureError. Only the one spelling that `sign` writes is read, so that no byte can differ.
    """
    public, named, signature = _parts(armour)
    if _armoured(public, named, signature) != armour:
        raise SignatureError("unreadable")
    if named != namespace.encode("ascii"):
        raise SignatureError("another_purpose")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, _signed(message, namespace))
    except (InvalidSignature, ValueError):
        raise SignatureError("does_not_fit") from None
    return public


def allowed_signers(identity: str, raw: bytes) -> bytes:
    """Return the file that `ssh-keygen -Y verify -f` wants: one identity, one purpose, one key."""
    key = base64.b64encode(public_blob(raw)).decode("ascii")
    return f'{identity} namespaces="{NAMESPACE}" {ALGORITHM.decode()} {key}\n'.encode("ascii")


def allowed(content: bytes) -> tuple[str, bytes]:
    """Return identity and key of such a file; raises SignatureError for any other spelling."""
    words = content.decode("ascii", "replace").split(" ")
    if len(words) != 4 or not IDENTITY.fullmatch(words[0]):
        raise SignatureError("signers_unreadable")
    try:
        blob = base64.b64decode(words[3].removesuffix("\n"), validate=True)
    except (binascii.Error, ValueError):
        raise SignatureError("signers_unreadable") from None
    raw = blob[-32:]
    if allowed_signers(words[0], raw) != content:
        raise SignatureError("signers_unreadable")
    return words[0], raw


def _signed(message: bytes, namespace: str) -> bytes:
    """Return the bytes that are really signed: purpose, name of the hash, hash."""
    parts = (namespace.encode("ascii"), b"", _HASH, hashlib.sha512(message).digest())
    return _MAGIC + b"".join(map(_string, parts))


def _armoured(public: bytes, namespace: bytes, signature: bytes) -> bytes:
    parts = (public_blob(public), namespace, b"", _HASH, _string(ALGORITHM) + _string(signature))
    blob = _MAGIC + struct.pack(">I", _VERSION) + b"".join(map(_string, parts))
    text = base64.b64encode(blob).decode("ascii")
    lines = "".join(f"{text[at : at + _WIDTH]}\n" for at in range(0, len(text), _WIDTH))
    return f"{_BEGIN}{lines}{_END}".encode("ascii")


def _parts(armour: bytes) -> tuple[bytes, bytes, bytes]:
    """Return key, namespace and signature of an armoured one."""
    text = armour.decode("ascii", "replace")
    try:
        blob = base64.b64decode(text.removeprefix(_BEGIN).removesuffix(_END).replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        raise SignatureError("unreadable") from None
    head = _MAGIC + struct.pack(">I", _VERSION)
    if not blob.startswith(head):
        raise SignatureError("unreadable")
    public, namespace, _reserved, _hash, signature = _strings(blob[len(head) :], 5)
    kind, raw = _strings(public, 2)
    if kind != ALGORITHM:
        raise SignatureError("another_kind_of_key")
    _kind, signed = _strings(signature, 2)
    return raw, namespace, signed


def _strings(data: bytes, n: int) -> list[bytes]:
    """Return the n length-prefixed strings that the data consists of."""
    found = []
    at = 0
    for _each in range(n):
        if len(data) < at + 4:
            raise SignatureError("unreadable")
        end = at + 4 + int(struct.unpack_from(">I", data, at)[0])
        if end > len(data):
            raise SignatureError("unreadable")
        found.append(data[at + 4 : end])
        at = end
    if at != len(data):
        raise SignatureError("unreadable")
    return found


def _string(content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + content
