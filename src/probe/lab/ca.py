"""The lab's certificate authority: made afresh at each start, a leaf per name, and chains that go wrong."""

from __future__ import annotations

import hashlib
import ssl
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

ISSUERS: Mapping[str, str] = {
    "selfsigned": "",
    "middlebox": "Transparent Filtering Gateway CA",
    "antivirus": "Kaspersky Anti-Virus Personal Root Certificate",
}
"""Untrusted issuers by variant; the empty one is the leaf itself."""

CONTEXTS_KEPT = 1024
"""A context takes some 20 kB; a list of ten thousand names must not keep them all."""

PADDING = ObjectIdentifier("2.25.318475629")
"""An extension nobody knows, which carries the ten megabytes of the variant `huge`."""


def _name(common: str, organisation: str = "") -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common[:64])]
    if organisation:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    return x509.Name(parts)


class Authority:
    """A root, an intermediate and a cache of TLS server contexts by name and variant.

    Variants: good, expired, future, wrong-name, selfsigned, middlebox, antivirus, huge (a chain of 10 MB).
    One key serves all leaves: issuing then costs a signature (0.1 ms), not a key.
    """

    def __init__(self, folder: Path) -> None:
        """Make root and intermediate and write the root, in PEM, to `folder`/ca.pem."""
        self.folder = folder
        self.now = datetime.now(UTC)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.root_key = ec.generate_private_key(ec.SECP256R1())
        self.root_name = _name("Probe Lab Root", "Probe Lab")
        self.root = self._authority(self.root_name, self.root_name, self.root_key, self.root_key)
        self.middle_key = ec.generate_private_key(ec.SECP256R1())
        self.middle_name = _name("Probe Lab Intermediate", "Probe Lab")
        self.middle = self._authority(self.middle_name, self.root_name, self.middle_key, self.root_key)
        self.path = folder / "ca.pem"
        self.path.write_bytes(self.root.public_bytes(Encoding.PEM))
        self.sha256 = hashlib.sha256(self.path.read_bytes()).hexdigest()
        self.addresses: dict[str, list[str]] = {}
        """Names whose certificates bear addresses too, as those of public resolvers do."""
        self._contexts: dict[tuple[str, str], ssl.SSLContext] = {}
        self._key_pem = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def _authority(
        self,
        subject: x509.Name,
        issuer: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        issuer_key: ec.EllipticCurvePrivateKey,
        padding: int = 0,
    ) -> x509.Certificate:
        usage = x509.KeyUsage(
            digital_signature=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now - timedelta(days=3650))
            .not_valid_after(self.now + timedelta(days=3650))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
            )
        )
        if padding:
            builder = builder.add_extension(
                x509.UnrecognizedExtension(PADDING, bytes(padding)), critical=False
            )
        return builder.sign(issuer_key, hashes.SHA256())

    def _leaf(
        self,
        name: str,
        issuer: x509.Name,
        issuer_key: ec.EllipticCurvePrivateKey,
        days: tuple[int, int] = (-30, 60),
    ) -> x509.Certificate:
        addresses = [x509.IPAddress(ip_address(one)) for one in dict.fromkeys(self.addresses.get(name, ()))]
        return (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(issuer)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now + timedelta(days=days[0]))
            .not_valid_after(self.now + timedelta(days=days[1]))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name), *addresses]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
            )
            .sign(issuer_key, hashes.SHA256())
        )

    def _good(self, name: str, days: tuple[int, int] = (-30, 60)) -> tuple[x509.Certificate, ...]:
        return (self._leaf(name, self.middle_name, self.middle_key, days), self.middle)

    def _wrong_name(self, _name_asked: str) -> tuple[x509.Certificate, ...]:
        return self._good("other.probe-lab.example")

    def _untrusted(self, name: str, variant: str) -> tuple[x509.Certificate, ...]:
        if not ISSUERS[variant]:
            return (self._leaf(name, _name(name), self.key),)
        issuer, key = _name(ISSUERS[variant]), self.middle_key
        return (self._leaf(name, issuer, key), self._authority(issuer, issuer, key, key))

    def _huge(self, name: str) -> tuple[x509.Certificate, ...]:
        middle = self._authority(
            self.middle_name, self.root_name, self.middle_key, self.root_key, padding=10_000_000
        )
        return (self._leaf(name, self.middle_name, self.middle_key), middle)

    def chain(self, name: str, variant: str = "good") -> tuple[x509.Certificate, ...]:
        """Return leaf and the rest as a server sends them. Raises KeyError for an unknown variant."""
        untrusted: dict[str, Callable[[str], tuple[x509.Certificate, ...]]] = {
            issuer: partial(self._untrusted, variant=issuer) for issuer in ISSUERS
        }
        makers: dict[str, Callable[[str], tuple[x509.Certificate, ...]]] = {
            **untrusted,
            "good": self._good,
            "expired": partial(self._good, days=(-90, -3)),
            "future": partial(self._good, days=(3, 90)),
            "wrong-name": self._wrong_name,
            "huge": self._huge,
        }
        return makers[variant](name)

    def context(self, name: str, variant: str = "good") -> ssl.SSLContext:
        """Return a server context that shows the chain for `name` and speaks h2 and http/1.1."""
        wanted = (name, variant)
        if wanted not in self._contexts:
            if len(self._contexts) >= CONTEXTS_KEPT:
                del self._contexts[next(iter(self._contexts))]
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.set_alpn_protocols(["h2", "http/1.1"])
            chain = b"".join(c.public_bytes(Encoding.PEM) for c in self.chain(name, variant))
            file = self.folder / "leaf.pem"
            file.write_bytes(self._key_pem + chain)  # ssl loads certificates from files only
            context.load_cert_chain(file)
            file.unlink()
            self._contexts[wanted] = context
        return self._contexts[wanted]
