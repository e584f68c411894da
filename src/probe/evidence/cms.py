"""What a signed message (CMS, RFC 5652) holds and who signed it; as much of it as a time stamp uses."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import Struct

from probe.evidence.authority import MAX_CERTIFICATES, AuthorityError, certificate
from probe.evidence.der import (
    INTEGER,
    OCTETS,
    OID,
    SEQUENCE,
    SET,
    DerError,
    Element,
    children,
    dotted,
    element,
    inside,
    wanted,
    whole,
)

if TYPE_CHECKING:
    from cryptography import x509

SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
_CERTIFICATE_V1: Final = "1.2.840.113549.1.9.16.2.12"
_CERTIFICATE_V2: Final = "1.2.840.113549.1.9.16.2.47"
_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "2.16.840.1.101.3.4.2.1": hashes.SHA256(),
    "2.16.840.1.101.3.4.2.2": hashes.SHA384(),
    "2.16.840.1.101.3.4.2.3": hashes.SHA512(),
}
"""Older ones prove nothing any more."""
_SIGNED_WITH: Final = {
    "1.2.840.113549.1.1.1": "",
    "1.2.840.113549.1.1.11": "sha256",
    "1.2.840.113549.1.1.12": "sha384",
    "1.2.840.113549.1.1.13": "sha512",
    "1.2.840.10045.4.3.2": "sha256",
    "1.2.840.10045.4.3.3": "sha384",
    "1.2.840.10045.4.3.4": "sha512",
}
"""RSA and ECDSA with the hash that they name, or none where the signer's digest is meant."""
_CERTIFICATES: Final = 0xA0
_ATTRIBUTES: Final = 0xA0


class Signed(Struct, frozen=True, kw_only=True):
    """A message whose signature holds; whether its signer is to be believed is another question."""

    content: bytes
    signer: x509.Certificate
    others: tuple[x509.Certificate, ...]


def signed_content(data: bytes, content_type: str) -> Signed:
    """Return content and signer of a signed message with one signer, whose certificate lies inside.

    Raises DerError for what is none, AuthorityError with `does_not_fit` or `unknown_algorithm`.
    """
    kind, body = _pair(whole(data, SEQUENCE))
    if dotted(kind) != SIGNED_DATA:
        raise DerError("no signed message")
    parts = children(inside(body, SEQUENCE))
    if len(parts) < 5:
        raise DerError("no signed message")
    named, holder = _pair(wanted(parts[2], SEQUENCE))
    if dotted(named) != content_type:
        raise DerError("another content")
    content = inside(wanted(holder, 0xA0), OCTETS).content
    within = children(wanted(parts[3], _CERTIFICATES))[: MAX_CERTIFICATES + 1]
    if len(within) > MAX_CERTIFICATES:
        raise DerError("too many certificates")
    found = [certificate(each.raw) for each in within]
    infos = children(wanted(parts[-1], SET))
    if len(infos) != 1:
        raise DerError("one signer is wanted")
    signer = _checked(children(wanted(infos[0], SEQUENCE)), content, content_type, found)
    return Signed(content=content, signer=signer, others=tuple(each for each in found if each is not signer))


def _checked(
    info: list[Element], content: bytes, content_type: str, found: list[x509.Certificate]
) -> x509.Certificate:
    """Return the certificate of a SignerInfo whose signature holds over this content."""
    if len(info) < 6:
        raise DerError("no signer")
    _version, sid, digest, attributes, algorithm, signature = info[:6]
    algorithm_hash = _HASHES.get(_algorithm(digest))
    named = _SIGNED_WITH.get(_algorithm(algorithm))
    if algorithm_hash is None or named not in ("", algorithm_hash.name):
        raise AuthorityError("unknown_algorithm")
    said = _attributes(wanted(attributes, _ATTRIBUTES))
    if dotted(said[_CONTENT_TYPE]) != content_type:
        raise DerError("another content")
    if wanted(said[_MESSAGE_DIGEST], OCTETS).content != hashlib.new(algorithm_hash.name, content).digest():
        raise AuthorityError("does_not_fit")
    signer = _by_hash(said, found)
    if not _is_named(sid, signer):
        raise AuthorityError("does_not_fit")
    _verify(signer, algorithm_hash, wanted(signature, OCTETS).content, element(SET, attributes.content))
    return signer


def _attributes(attributes: Element) -> dict[str, Element]:
    """Return the one value of each signed attribute, by its identifier; the two that must be there are."""
    said: dict[str, Element] = {}
    for each in children(attributes):
        kind, values = _pair(wanted(each, SEQUENCE))
        if dotted(kind) in said:
            raise DerError("an attribute twice")
        said[dotted(kind)] = whole(wanted(values, SET).content, values.content[0] if values.content else 0)
    if _CONTENT_TYPE not in said or _MESSAGE_DIGEST not in said:
        raise DerError("an attribute is missing")
    return said


def _by_hash(said: dict[str, Element], found: list[x509.Certificate]) -> x509.Certificate:
    """Return the certificate whose hash is among what was signed, so that none can be put in its place."""
    algorithm = "sha256"
    if _CERTIFICATE_V2 in said:
        first = children(children(children(said[_CERTIFICATE_V2])[0])[0])
        if first and first[0].tag == SEQUENCE:
            named = _HASHES.get(_algorithm(first[0]))
            if named is None:
                raise AuthorityError("unknown_algorithm")
            algorithm, first = named.name, first[1:]
    elif _CERTIFICATE_V1 in said:
        first = children(children(children(said[_CERTIFICATE_V1])[0])[0])
        algorithm = "sha1"
    else:
        raise DerError("the certificate is not named")
    digest = wanted(first[0] if first else None, OCTETS).content
    for each in found:
        if hashlib.new(algorithm, each.public_bytes(Encoding.DER), usedforsecurity=False).digest() == digest:
            return each
    raise AuthorityError("no_certificate")


def _is_named(sid: Element, signer: x509.Certificate) -> bool:
    """Whether a SignerIdentifier by issuer and number means this certificate; others are left to the hash."""
    if sid.tag != SEQUENCE:
        return True
    issuer, serial = _pair(sid)
    value = int.from_bytes(wanted(serial, INTEGER).content, "big", signed=True)
    return issuer.raw == signer.issuer.public_bytes() and value == signer.serial_number


def _verify(
    signer: x509.Certificate, algorithm: hashes.HashAlgorithm, signature: bytes, message: bytes
) -> None:
    try:
        key = signer.public_key()
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, message, ec.ECDSA(algorithm))
        else:
            raise AuthorityError("unknown_algorithm")
    except InvalidSignature:
        raise AuthorityError("does_not_fit") from None
    except UnsupportedAlgorithm:
        raise AuthorityError("unknown_algorithm") from None


def _algorithm(each: Element) -> str:
    parts = children(wanted(each, SEQUENCE))
    return dotted(wanted(parts[0] if parts else None, OID))


def _pair(each: Element) -> tuple[Element, Element]:
    parts = children(wanted(each, SEQUENCE))
    if len(parts) != 2:
        raise DerError("two parts are wanted")
    return parts[0], parts[1]
