"""The signature of a bag: three files that say who vouches for it, made and checked by this program alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

from probe.evidence import custody_after, minisign, sshsig
from probe.evidence.manifest import root_of
from probe.evidence.outside import MINISIG, SIGNATURE, SIGNED, SIGNERS, TooLargeError, content_of
from probe.locale import N_

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from probe.evidence.keys import SigningKey

State = Literal["none", "good", "bad"]

PROBLEMS: Final = {
    "incomplete": N_("The signature, its key and its second form come together: one of them is missing."),
    "too_large": N_("A file of the signature is larger than any signature is."),
    "unreadable": N_("The signature is none that OpenSSH makes, or was altered."),
    "another_kind_of_key": N_("The signature was made with another kind of key than Ed25519."),
    "another_purpose": N_("The signature was made for another purpose than evidence."),
    "does_not_fit": N_("The signature does not fit the bag: the bag was altered, or it is of another one."),
    "signers_unreadable": N_("The file that names the key is not what this program writes."),
    "another_key": N_("The signature is by another key than the one that the bag names."),
    "minisig_unreadable": N_("The second form of the signature is none that minisign makes, or was altered."),
    "minisig_another_key": N_("The second form of the signature is by another key."),
    "minisig_does_not_fit": N_("The second form of the signature does not fit the bag."),
    "not_in_custody": N_("The custody file does not note this signature."),
}
"""What is wrong with a signature, by its machine word."""


class Signature(Struct, frozen=True, kw_only=True):
    """What there is of it; `problem` is a key of PROBLEMS where it is bad, else empty."""

    state: State
    problem: str = ""
    fingerprint: str = ""
    """`SHA256:` and 43 characters, as `ssh-keygen -l` prints it."""
    identity: str = ""
    minisign_key: str = ""
    """As `minisign -P` takes it."""


def signature_of(bag: Path) -> Signature:
    """Check the signature of a bag's folder. Nothing in it can make this fail, run long or read much.

    `tagmanifest-sha256.txt` is what is signed; whether the rest fits it is for whoever checks the manifests.
    """
    try:
        parts = [content_of(bag, name) for name in (SIGNATURE, SIGNERS, MINISIG)]
        message = content_of(bag, SIGNED)
    except TooLargeError:
        return Signature(state="bad", problem="too_large")
    if not any(part is not None for part in parts):
        return Signature(state="none")
    armour, signers, minisig = parts
    if armour is None or signers is None or minisig is None or message is None:
        return Signature(state="bad", problem="incomplete")
    try:
        public = sshsig.signer_of(armour, message)
        identity, named = sshsig.allowed(signers)
        if named == public:
            minisign.check(minisig, message, public, _comment(identity, message))
    except sshsig.SignatureError as error:
        return Signature(state="bad", problem=str(error))
    if named != public:
        return Signature(state="bad", problem="another_key")
    noted = custody_after.bears_out(bag, custody_after.SIGNED, armour)
    return Signature(
        state="good" if noted else "bad",
        problem="" if noted else "not_in_custody",
        fingerprint=sshsig.fingerprint(public),
        identity=identity,
        minisign_key=minisign.public_key(public),
    )


def signed(key: SigningKey, message: bytes, identity: str) -> Mapping[str, bytes]:
    """Return the three files, by name. The same key, message and identity give the same bytes."""
    return {
        SIGNATURE: sshsig.sign(key, message),
        SIGNERS: sshsig.allowed_signers(identity, key.public),
        MINISIG: minisign.sign(key, message, _comment(identity, message)),
    }


def _comment(identity: str, message: bytes) -> str:
    """Return what minisign shows and signs too: so nobody can change the name that stands beside the key."""
    return f"{sshsig.NAMESPACE} by {identity} sha256:{root_of(message)}"
