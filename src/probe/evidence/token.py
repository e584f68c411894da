"""The time stamp of a bag: an authority's word that these bytes existed, checked without other programs."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

from probe.evidence import authority, custody_after, rfc3161
from probe.evidence.authority import AuthorityError
from probe.evidence.cms import TST_INFO, signed_content
from probe.evidence.outside import AUTHORITY, SIGNED, TOKEN, TooLargeError, content_of
from probe.locale import N_

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from cryptography import x509

State = Literal["none", "good", "bad"]

PROBLEMS: Final = {
    "incomplete": N_("The time stamp and its authority's certificate come together: one of them is missing."),
    "too_large": N_("The time stamp is larger than any time stamp is."),
    "unreadable": N_("The time stamp is none of RFC 3161, or was altered."),
    "refused": N_("The authority refused to stamp."),
    "another_hash": N_("The time stamp is for other bytes: the bag was altered, or it is of another one."),
    "another_nonce": N_("The answer is to another question than was asked."),
    "no_certificate": N_("The time stamp does not hold the certificate that it was signed with."),
    "does_not_fit": N_("The signature of the time stamp does not hold."),
    "unknown_algorithm": N_("The time stamp was made in a way that is too old, or not known here."),
    "not_for_stamping": N_("The certificate behind the time stamp was not made for time stamps."),
    "unknown_authority": N_("The certificates behind the time stamp do not lead to the authority named."),
    "expired": N_("A certificate behind the time stamp was not valid at its time."),
    "authority_unreadable": N_("The authority's certificate cannot be read, or was altered."),
    "not_in_custody": N_("The custody file does not note this time stamp."),
}
"""What is wrong with a time stamp, by its machine word."""


class Token(Struct, frozen=True, kw_only=True):
    """What there is of it; `problem` is a key of PROBLEMS where it is bad, else empty."""

    state: State
    problem: str = ""
    time: datetime | None = None
    """Aware, UTC: the bag existed no later."""
    authority: str = ""
    """The name in the certificate that signed: a stranger's text."""
    authority_sha256: str = ""
    """Of the root certificate's DER, in hex: what a reader compares."""
    policy: str = ""
    serial: str = ""


def token_of(bag: Path) -> Token:
    """Check the time stamp of a bag's folder. Nothing in it can make this fail, run long or read much.

    The authority is the one whose certificate lies in the bag. Dates are held against the stamp's own time,
    never against the clock: a stamp stays good when its authority's certificate ends later.
    """
    try:
        response, pem, message = (content_of(bag, name) for name in (TOKEN, AUTHORITY, SIGNED))
    except TooLargeError:
        return Token(state="bad", problem="too_large")
    if response is None or pem is None or message is None:
        missing = response is None and pem is None
        return Token(state="none") if missing else Token(state="bad", problem="incomplete")
    try:
        named = authority.certificates(pem)
        stamp, chain = checked(response, hashlib.sha256(message).digest(), named)
    except AuthorityError as error:
        return Token(state="bad", problem=str(error))
    if authority.to_pem(chain[1:]) != pem:
        return told(stamp, chain, "authority_unreadable")
    noted = custody_after.bears_out(bag, custody_after.STAMPED, response)
    return told(stamp, chain, "" if noted else "not_in_custody")


def checked(
    response: bytes, digest: bytes, named: tuple[x509.Certificate, ...], nonce: int | None = None
) -> tuple[rfc3161.Stamp, tuple[x509.Certificate, ...]]:
    """Return what a response says of this SHA-256, and the chain from its signer up to a root of `named`.

    Where a nonce is given it must be the one that the stamp bears: later nobody knows it any more.

    Raises AuthorityError with a code of PROBLEMS.
    """
    try:
        return _read(response, digest, named, nonce)
    except AuthorityError:
        raise
    except (*authority.FAULTS, IndexError):  # DerError, and what the library finds in odd certificates
        raise AuthorityError("unreadable") from None


def _read(
    response: bytes, digest: bytes, named: tuple[x509.Certificate, ...], nonce: int | None = None
) -> tuple[rfc3161.Stamp, tuple[x509.Certificate, ...]]:
    status, token = rfc3161.answer(response)
    if status not in rfc3161.GRANTED or not token:
        raise AuthorityError("refused")
    signed = signed_content(token, TST_INFO)
    stamp = rfc3161.stamp(signed.content)
    if stamp.imprint != digest:
        raise AuthorityError("another_hash")
    if nonce is not None and stamp.nonce != nonce:
        raise AuthorityError("another_nonce")
    return stamp, authority.chain_to_root(signed.signer, signed.others, named, stamp.time)


def told(stamp: rfc3161.Stamp, chain: tuple[x509.Certificate, ...], problem: str = "") -> Token:
    """Return what a stamp that was checked says."""
    return Token(
        state="bad" if problem else "good",
        problem=problem,
        time=stamp.time,
        authority=chain[0].subject.rfc4514_string(),
        authority_sha256=hashlib.sha256(authority.to_der(chain[-1])).hexdigest(),
        policy=stamp.policy,
        serial=str(stamp.serial),
    )
