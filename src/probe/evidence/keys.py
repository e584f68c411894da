"""The key that a coalition signs with: an Ed25519 key in the file that `ssh-keygen` makes."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key
from msgspec import Struct

from probe.evidence.error import EvidenceError
from probe.locale import _

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAKE: Final = "ssh-keygen -t ed25519 -f evidence_key"
"""What to type for a key of the right kind."""
MAX_BYTES: Final = 64 * 1024
_HEAD: Final = b"-----BEGIN OPENSSH PRIVATE KEY-----"
_TRIES: Final = 3
"""Passphrases that may be mistyped."""


class SigningKey(Struct, frozen=True, kw_only=True):
    """Both halves; the public one as 32 bytes. The private one is in no `repr`."""

    private: Ed25519PrivateKey
    public: bytes


def read_key(path: Path, passphrase: Callable[[], str | None]) -> SigningKey:
    """Read a key's file; `passphrase` is asked only for an encrypted one, and returns None for a no.

    Raises EvidenceError where it is no such key, OSError where it cannot be read.
    """
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if content.startswith((b"ssh-", b"ecdsa-", b"sk-")):
        raise EvidenceError(
            path,
            _("This is the public half of a key"),
            _("Name the file without .pub: that one is the key which signs."),
        )
    if len(content) > MAX_BYTES or not content.lstrip().startswith(_HEAD):
        raise EvidenceError(path, _("This is no private key of OpenSSH"), _make_one())
    private = _loaded(path, content, None)
    for _try in range(_TRIES):
        if private is not None:
            break
        typed = passphrase()
        if typed is None:
            break
        private = _loaded(path, content, typed.encode("utf-8", "surrogateescape"))
    if private is None:
        raise EvidenceError(
            path,
            _("The key is locked, and its passphrase was not given"),
            _("Type the same again on a terminal, and the passphrase of the key when asked."),
        )
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return SigningKey(private=private, public=public)


def _loaded(path: Path, content: bytes, password: bytes | None) -> Ed25519PrivateKey | None:
    """Return the key, or None where it wants another passphrase."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of kinds of keys that are refused below anyway
            key = load_ssh_private_key(content, password)
    except TypeError:
        return None  # it is encrypted, and no passphrase was given
    except UnsupportedAlgorithm as error:
        if "bcrypt" in str(error):
            raise EvidenceError(
                path,
                _("Reading a locked key needs the library bcrypt, which is not installed"),
                _("Type: {command}").format(command="pip install 'interference-probe[letters]'"),
            ) from None
        raise EvidenceError(path, _("This kind of key cannot be used"), _make_one()) from None
    except ValueError as error:
        if password is not None and "checksum" in str(error).lower():
            return None  # how a wrong passphrase shows
        if password is not None and "password" in str(error).lower():
            return None
        raise EvidenceError(path, _("The key cannot be read: the file is damaged"), _make_one()) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise EvidenceError(path, _("The key is of another kind than Ed25519"), _make_one())
    return key


def _make_one() -> str:
    return _("Make one and name it: {command}").format(command=MAKE)
