"""An authority that stamps time, with `openssl ts` behind it: its certificates, its answers."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

FROM, UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2090, 1, 1, tzinfo=UTC)
STAMPING = ExtendedKeyUsageOID.TIME_STAMPING
CONFIG = """[tsa]
default_tsa = one
[one]
serial = {folder}/serial
signer_cert = {folder}/signer.pem
signer_key = {folder}/signer.key
certs = {folder}/between.pem
default_policy = 1.2.3.4.1
digests = sha256, sha512
signer_digest = {digest}
ess_cert_id_alg = {ess}
tsa_name = yes
ess_cert_id_chain = {chain}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


def a_holder(
    name: str,
    issuer: Holder | None = None,
    *,
    ca: bool = False,
    path_length: int | None = None,
    begin: datetime = FROM,
    until: datetime = UNTIL,
    usage: tuple[ObjectIdentifier, ...] = (STAMPING,),
    critical: bool = True,
    bits: int = 2048,
    on_curve: bool = False,
) -> Holder:
    """Make a certificate: a root's without an issuer, else one that the issuer signed."""
    key = ec.generate_private_key(ec.SECP256R1()) if on_curve else rsa.generate_private_key(65537, bits)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=path_length), critical=True)
    )
    if usage and not ca:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usage), critical=critical)
    return Holder(certificate=builder.sign(issuer.key if issuer else key, hashes.SHA256()), key=key)


@dataclass(frozen=True, slots=True, kw_only=True)
class StampingAuthority:
    """`folder` holds its files; `roots` is what it would publish."""

    folder: Path
    signer: Holder
    root: Holder

    @property
    def roots(self) -> Path:
        return self.folder / "root.pem"

    def answer(self, question: bytes) -> bytes:
        """Stamp."""
        asked, given = self.folder / "question", self.folder / "answer"
        asked.write_bytes(question)
        given.unlink(missing_ok=True)
        command = ["openssl", "ts", "-reply", "-config", str(self.folder / "openssl.cnf")]
        command += ["-queryfile", str(asked), "-out", str(given)]
        done = subprocess.run(command, capture_output=True, check=False, timeout=300)
        assert given.is_file(), done.stderr.decode()
        return given.read_bytes()


def an_authority(
    folder: Path,
    *,
    between: bool = False,
    begin: datetime = FROM,
    until: datetime = UNTIL,
    digest: str = "sha256",
    ess: str = "sha256",
    bits: int = 2048,
    on_curve: bool = False,
) -> StampingAuthority:
    """Make an authority; `between` puts another one between its root and the one that signs."""
    folder.mkdir(parents=True)
    root = a_holder("Test root", ca=True)
    middle = a_holder("Test middle", root, ca=True, path_length=0) if between else root
    signer = a_holder("Test stamps", middle, begin=begin, until=until, bits=bits, on_curve=on_curve)
    pkcs8 = signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for name, content in {
        "root.pem": root.pem,
        "between.pem": middle.pem if between else signer.pem,
        "signer.pem": signer.pem,
        "signer.key": pkcs8,
        "serial": b"01\n",
        "openssl.cnf": CONFIG.format(
            folder=folder, digest=digest, ess=ess, chain="yes" if between else "no"
        ).encode(),
    }.items():
        (folder / name).write_bytes(content)
    return StampingAuthority(folder=folder, signer=signer, root=root)
