"""An authority for tests: a root, an intermediate, and whatever leaf a test wants, good or bad."""

import datetime as dt
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Pair = tuple[ec.EllipticCurvePrivateKey, x509.Certificate]
NOW = dt.datetime.now(dt.UTC)


def make(
    name: str,
    *,
    issuer: Pair | None = None,
    is_ca: bool = False,
    names: tuple[str, ...] = (),
    begins_days: float = -30,
    ends_days: float = 60,
    usage: x509.ObjectIdentifier | None = None,
    padding: int = 0,
) -> Pair:
    """Return a key and its certificate, signed by the issuer or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer, authority = issuer or (key, None)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(authority.subject if authority else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + dt.timedelta(days=begins_days))
        .not_valid_after(NOW + dt.timedelta(days=ends_days))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_name(n) for n in names]), critical=False
        )
    if usage is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    if padding:
        extension = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\0" * padding)
        builder = builder.add_extension(extension, critical=False)
    return key, builder.sign(signer, hashes.SHA256())


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


@dataclass(frozen=True)
class Authority:
    """Files of one authority in a folder."""

    folder: Path
    root: Pair
    middle: Pair

    @property
    def ca_file(self) -> str:
        return str(self.folder / "root.pem")

    def context(
        self,
        leaf: Pair,
        chain: tuple[x509.Certificate, ...] | None = None,
        alpn: tuple[str, ...] = ("http/1.1",),
    ) -> ssl.SSLContext:
        """Return a server's context for the leaf, with the intermediate unless a chain is given."""
        key, certificate = leaf
        sent = (self.middle[1],) if chain is None else chain
        path = self.folder / f"{certificate.serial_number:x}.pem"
        encoded = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_bytes(encoded + pem(certificate) + b"".join(pem(c) for c in sent))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        context.set_alpn_protocols(list(alpn))
        return context

    def good(self, *names: str, alpn: tuple[str, ...] = ("http/1.1",)) -> ssl.SSLContext:
        """Return a server's context with a certificate that holds for the names."""
        leaf = make(names[0], issuer=self.middle, names=names, usage=ExtendedKeyUsageOID.SERVER_AUTH)
        return self.context(leaf, alpn=alpn)


def an_authority(folder: Path) -> Authority:
    root = make("Test Root", is_ca=True, begins_days=-3650, ends_days=3650)
    middle = make("Test Intermediate", issuer=root, is_ca=True, begins_days=-3000, ends_days=3000)
    (folder / "root.pem").write_bytes(pem(root[1]))
    return Authority(folder, root, middle)
