"""By what clients know this helper: a self-signed certificate to pin, and the key that signs receipts."""

from __future__ import annotations

import hashlib
import os
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from msgspec import Struct

from probe.system.disk import open_new

CERTIFICATE_FILE: Final = "transfer.pem"
KEY_FILE: Final = "receipts.pem"
YEARS: Final = 10
"""Clients pin the certificate: it should not change while the helper is the same."""
NAME: Final = "server"
"""On the certificate: nothing that tells what this is. Any name may be asked for."""


class IdentityError(Exception):
    """The files that should hold the identity do not."""

    def __init__(self, problem: str, hint: str) -> None:
        """Take what is wrong and what to do."""
        super().__init__(problem)
        self.problem = problem
        self.hint = hint


class Identity(Struct, frozen=True, kw_only=True):
    """`certificate_sha256` is of the leaf's DER, `public_key` of receipts; both hex."""

    context: ssl.SSLContext
    certificate_sha256: str
    signing_key: Ed25519PrivateKey
    public_key: str


def ephemeral_identity() -> Identity:
    """Make an identity that ends with this process."""
    with tempfile.TemporaryDirectory(prefix="probe-helper-") as folder:
        return stored_identity(Path(folder))


def stored_identity(folder: Path) -> Identity:
    """Read the identity kept in a folder, or make one and keep it: folder 0700, files 0600.

    Raises OSError, and IdentityError where a file is there and holds something else.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    certificate, key = folder / CERTIFICATE_FILE, folder / KEY_FILE
    if not certificate.exists():
        _write(certificate, _new_certificate())
    if not key.exists():
        _write(key, _pem(Ed25519PrivateKey.generate()))
    try:
        signing_key = load_pem_private_key(key.read_bytes(), None)
        leaf = x509.load_pem_x509_certificate(certificate.read_bytes())
        context = server_context(certificate)
    except (ValueError, TypeError, x509.InvalidVersion, ssl.SSLError) as error:
        raise _broken(folder) from error
    if not isinstance(signing_key, Ed25519PrivateKey):
        raise _broken(folder)
    return Identity(
        context=context,
        certificate_sha256=hashlib.sha256(leaf.public_bytes(Encoding.DER)).hexdigest(),
        signing_key=signing_key,
        public_key=signing_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex(),
    )


def server_context(certificate: Path, key: Path | None = None) -> ssl.SSLContext:
    """Return a server's context: TLS 1.2 or later, HTTP/1.1, and no session tickets.

    A ticket would be bytes that nobody asked for, and would let a client be recognised.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION
    context.num_tickets = 0
    context.set_alpn_protocols(["http/1.1"])
    context.load_cert_chain(certificate, key)
    return context


def _broken(folder: Path) -> IdentityError:
    return IdentityError(
        f"{folder}: the certificate or the key there cannot be used.",
        "Move both files away: new ones are made, and volunteers need the new fingerprint.",
    )


def _write(path: Path, content: bytes) -> None:
    """Write a file that nobody else may read; one that is there is never replaced."""
    with os.fdopen(open_new(path), "wb") as file:
        file.write(content)


def _pem(key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _new_certificate() -> bytes:
    """Return a key and a certificate signed by it, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365 * YEARS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _pem(key) + certificate.public_bytes(Encoding.PEM)
