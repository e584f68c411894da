"""Whether a certificate leads to an authority that somebody named, at a given moment (RFC 5280, RFC 3161)."""

from __future__ import annotations

import warnings
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

MAX_CERTIFICATES: Final = 16
MAX_DEPTH: Final = 6
_BEGIN: Final = "-----BEGIN CERTIFICATE-----"
MIN_RSA_BITS: Final = 2048
_KNOWN: Final = frozenset(
    {ExtensionOID.BASIC_CONSTRAINTS, ExtensionOID.KEY_USAGE, ExtensionOID.EXTENDED_KEY_USAGE}
)
"""Critical extensions that are looked at; another critical one makes a certificate unusable."""
_WEAK: Final = (hashes.MD5, hashes.SHA1)
FAULTS: Final = (
    ValueError,
    TypeError,
    InvalidSignature,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""How a certificate shows that it cannot be used."""


class AuthorityError(ValueError):
    """A certificate that vouches for nothing here; its text is a code of `token.PROBLEMS`."""


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep the library from warning of odd certificates: a stranger's oddities are no news to the user."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def certificates(pem: bytes) -> tuple[x509.Certificate, ...]:
    """Read the certificates of a PEM file; raises AuthorityError where there are none, or too many."""
    try:
        with _quietly():
            found = tuple(x509.load_pem_x509_certificates(pem))
    except FAULTS:
        raise AuthorityError("authority_unreadable") from None
    if len(found) > MAX_CERTIFICATES:
        raise AuthorityError("authority_unreadable")
    return found


def readable(pem: str) -> tuple[x509.Certificate, ...]:
    """Return those certificates of a long list that can be read: an odd one does not spoil the others."""
    blocks = (f"{_BEGIN}{part}" for part in pem.split(_BEGIN)[1:])
    found = []
    with _quietly():
        for block in blocks:
            with suppress(*FAULTS):
                found.append(x509.load_pem_x509_certificate(block.encode("ascii", "replace")))
    return tuple(found)


def certificate(der: bytes) -> x509.Certificate:
    """Read one certificate; raises AuthorityError."""
    try:
        with _quietly():
            return x509.load_der_x509_certificate(der)
    except FAULTS:
        raise AuthorityError("unreadable") from None


def to_pem(chain: Sequence[x509.Certificate]) -> bytes:
    """Return certificates as one PEM file."""
    return b"".join(each.public_bytes(Encoding.PEM) for each in chain)


def to_der(each: x509.Certificate) -> bytes:
    """Return a certificate's own bytes."""
    return each.public_bytes(Encoding.DER)


def is_root(each: x509.Certificate) -> bool:
    """Whether a certificate is signed by itself: only such a one ends a chain."""
    return each.subject == each.issuer and _is_issued_by(each, each)


def chain_to_root(
    signer: x509.Certificate,
    between: Sequence[x509.Certificate],
    named: Sequence[x509.Certificate],
    at: datetime,
) -> tuple[x509.Certificate, ...]:
    """Return the chain from the signer up to a root among `named`, all of it valid at that moment.

    `between` may hold what lies in the middle; so may `named`. Raises AuthorityError: `not_for_stamping`,
    `unknown_authority`, or `expired` where only the dates speak against a chain.
    """
    issued = lru_cache(maxsize=None)(_is_issued_by)
    with _quietly():
        if not _stamps(signer):
            raise AuthorityError("not_for_stamping")
        roots = [each for each in named if is_root(each)]
        middle = [each for each in dict.fromkeys((*between, *named)) if each not in roots]
        expired = False
        for chain in _chains((signer,), middle, roots, issued):
            if all(each.not_valid_before_utc <= at <= each.not_valid_after_utc for each in chain):
                return chain
            expired = True
    raise AuthorityError("expired" if expired else "unknown_authority")


def _chains(
    chain: tuple[x509.Certificate, ...],
    middle: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    issued: Callable[[x509.Certificate, x509.Certificate], bool],
) -> Iterator[tuple[x509.Certificate, ...]]:
    """Yield every chain; each certificate stands in it once, and each signature is looked at once."""
    below = len(chain) - 1
    for root in roots:
        if _may_issue(root, below) and issued(chain[-1], root):
            yield (*chain, root)
    if len(chain) + 1 >= MAX_DEPTH:
        return
    for each in middle:
        if each not in chain and _may_issue(each, below) and issued(chain[-1], each):
            yield from _chains((*chain, each), middle, roots, issued)


def _is_issued_by(each: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        if each != issuer and isinstance(each.signature_hash_algorithm, _WEAK):
            return False
        each.verify_directly_issued_by(issuer)
    except FAULTS:
        return False
    return True


def _may_issue(each: x509.Certificate, below: int) -> bool:
    """Whether it is an authority's that may have so many others below it, and may vouch for time stamps."""
    try:
        extensions = each.extensions
        basic = extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = [one.value for one in extensions if isinstance(one.value, x509.KeyUsage)]
        purposes = [one.value for one in extensions if isinstance(one.value, x509.ExtendedKeyUsage)]
    except (*FAULTS, x509.ExtensionNotFound):
        return False
    allowed = {ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
    return (
        basic.ca
        and (basic.path_length is None or below <= basic.path_length)
        and all(one.key_cert_sign for one in usage)
        and all(allowed & set(one) for one in purposes)
        and _is_understood(each)
    )


def _stamps(each: x509.Certificate) -> bool:
    """Whether it is made for time stamps and nothing else, and says so critically (RFC 3161, 2.3)."""
    try:
        found = each.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        usage = [one.value for one in each.extensions if isinstance(one.value, x509.KeyUsage)]
    except (*FAULTS, x509.ExtensionNotFound):
        return False
    return (
        found.critical
        and list(found.value) == [ExtendedKeyUsageOID.TIME_STAMPING]
        and all(one.digital_signature or one.content_commitment for one in usage)
        and _is_understood(each)
    )


def _is_understood(each: x509.Certificate) -> bool:
    try:
        key = each.public_key()
    except FAULTS:
        return False
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < MIN_RSA_BITS:
        return False
    return all(one.oid in _KNOWN for one in each.extensions if one.critical)
