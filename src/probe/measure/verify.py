"""What a chain of certificates is worth: OpenSSL's numbers, offline, with or without this machine's clock."""

from __future__ import annotations

import hashlib
import ipaddress
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID as Usage
from msgspec import Struct
from OpenSSL import crypto

from probe.model import failure as f
from probe.model.observation import Certificate

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from probe.model.options import TrustStore

NO_CHECK_TIME: Final = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME (openssl/x509_vfy.h)."""
UNKNOWN_AUTHORITY: Final = frozenset({2, 7, 18, 19, 20, 21, 27})
"""X509_V_ERR: no issuer, a signature that is not the issuer's (as under a root that copies a known name),
self-signed leaf or chain, no local issuer, unverifiable leaf, untrusted."""
INVALID_PURPOSE: Final = 26
MAX_NAMES: Final = 32
MAX_TEXT: Final = 256
CACHE: Final = 1024
"""Chains: of all targets between whose rounds others are measured, at the default concurrency."""


class ChainVerdict(Struct, frozen=True, kw_only=True):
    """What the chain is worth for a name; `failure` by this machine's clock, the rest without it."""

    failure: str | None
    chain_failure: str | None
    chain_code: int | None
    name_matches: bool
    certificates: tuple[Certificate, ...]


class Verifier:
    """Verifies chains against one trust store and, where a target stands under it, a private authority.

    Stores are built once (20-35 ms each) and verdicts kept by chain, name and authority.
    """

    def __init__(self, trust: TrustStore, utc: Callable[[], datetime]) -> None:
        """Load the trust store now, so that no measurement waits for it. Raises OpenSSL.crypto.Error."""
        self._trust = trust
        self._utc = utc
        self._stores: dict[tuple[str, bool], Any] = {}
        self._verdicts: OrderedDict[tuple[str, str, str], ChainVerdict] = OrderedDict()
        self._store("", timeless=True)

    def _store(self, private_ca: str, *, timeless: bool) -> Any:
        key = (hashlib.sha256(private_ca.encode()).hexdigest() if private_ca else "", timeless)
        if key not in self._stores:
            store = crypto.X509Store()
            store.load_locations(self._trust.path)
            for authority in x509.load_pem_x509_certificates(private_ca.encode()) if private_ca else ():
                store.add_cert(crypto.X509.from_cryptography(authority))
            if timeless:
                store.set_flags(NO_CHECK_TIME)
            self._stores[key] = store
        return self._stores[key]

    def known(self, chain: tuple[bytes, ...], name: str, private_ca: str = "") -> ChainVerdict | None:
        """Return the verdict if it was reached before."""
        return self._verdicts.get(_key(chain, name, private_ca))

    def verify(self, chain: tuple[bytes, ...], name: str, private_ca: str = "") -> ChainVerdict:
        """Judge a chain (DER, leaf first) for a host name or address; bad certificates raise nothing."""
        key = _key(chain, name, private_ca)
        found = self._verdicts.get(key)
        if found is None:
            found = self._judge(chain, name, private_ca)
            self._verdicts[key] = found
            if len(self._verdicts) > CACHE:
                self._verdicts.popitem(last=False)
        return found

    def _judge(self, chain: tuple[bytes, ...], name: str, private_ca: str) -> ChainVerdict:

        parsed: list[x509.Certificate | None] = []
        for der in chain:
            try:
                parsed.append(x509.load_der_x509_certificate(der))
            except Exception:  # noqa: BLE001  # whatever the parser says of hostile bytes is data
                parsed.append(None)
        leaf = parsed[0] if parsed else None
        code = self._code(chain, private_ca, timeless=True)
        if code == 0 and leaf is not None and not _serves(leaf):
            code = INVALID_PURPOSE
        chain_failure = _failure_of(code)
        matches = leaf is not None and name_matches(leaf, name)
        failure, shown = chain_failure, code
        now = self._utc()
        if chain_failure is None and not all(_in_time(c, now) for c in parsed):
            # Something sent is out of date: whether the chain needs it is OpenSSL's to say.
            shown = self._code(chain, private_ca, timeless=False)
            failure = _failure_of(shown)
        if failure is None and not matches:
            failure = f.TLS_INVALID_HOSTNAME
        certificates = tuple(_described(der, c) for der, c in zip(chain, parsed, strict=True))
        return ChainVerdict(
            failure=failure,
            chain_failure=chain_failure,
            chain_code=shown,
            name_matches=matches,
            certificates=certificates,
        )

    def _code(self, chain: tuple[bytes, ...], private_ca: str, *, timeless: bool) -> int | None:
        """Return X509_V_OK or the first error's number; None if OpenSSL cannot read the chain."""
        try:
            certificates = [crypto.load_certificate(crypto.FILETYPE_ASN1, der) for der in chain]
            store = self._store(private_ca, timeless=timeless)
            if not timeless:
                store.set_time(self._utc())
            crypto.X509StoreContext(store, certificates[0], chain=certificates[1:]).verify_certificate()
        except crypto.X509StoreContextError as error:
            return int(error.errors[0])
        except (crypto.Error, IndexError, ValueError):
            return None
        return 0


def _key(chain: tuple[bytes, ...], name: str, private_ca: str) -> tuple[str, str, str]:
    digest = hashlib.sha256()
    for der in chain:
        digest.update(len(der).to_bytes(4, "big") + der)
    return digest.hexdigest(), name, private_ca


def _failure_of(code: int | None) -> str | None:
    if code == 0:
        return None
    return f.TLS_UNKNOWN_AUTHORITY if code in UNKNOWN_AUTHORITY else f.TLS_INVALID_CERTIFICATE


def _serves(leaf: x509.Certificate) -> bool:
    """Tell whether the leaf may authenticate a server: no extended key usage, or one that allows it."""
    try:
        usages = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    except Exception:  # noqa: BLE001  # an extension that cannot be read allows nothing
        return False
    return any(usage in (Usage.SERVER_AUTH, Usage.ANY_EXTENDED_KEY_USAGE) for usage in usages)


def _in_time(certificate: x509.Certificate | None, now: datetime) -> bool:
    if certificate is None:
        return False
    try:
        return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc
    except Exception:  # noqa: BLE001  # a date that cannot be read
        return False


def _names(certificate: x509.Certificate) -> tuple[list[str], list[str]]:
    """Return the subject alternative names: DNS names in lower case, IP addresses."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        hosts = [name.rstrip(".").lower() for name in names.get_values_for_type(x509.DNSName)]
        return hosts, [str(address) for address in names.get_values_for_type(x509.IPAddress)]
    except Exception:  # noqa: BLE001  # none, or hostile bytes: either way it holds no name
        return [], []


def ascii_name(name: str) -> str:
    """Return a host name as it stands in DNS and certificates: lower case, A-labels, no trailing dot."""
    plain = name.rstrip(".").lower()
    if plain.isascii():
        return plain
    try:
        return plain.encode("idna").decode("ascii")
    except UnicodeError:
        return plain


def name_matches(leaf: x509.Certificate, name: str) -> bool:
    """Match a host name or literal address against the alternative names (RFC 6125: no common name)."""
    hosts, addresses = _names(leaf)
    try:
        return str(ipaddress.ip_address(name.strip("[]"))) in addresses
    except ValueError:
        pass
    wanted = ascii_name(name)
    parent = wanted.partition(".")[2]
    # A wildcard stands for one whole leftmost label, and never for a name under a top-level domain.
    return wanted in hosts or ("." in parent and f"*.{parent}" in hosts)


def _text(certificate: x509.Certificate, attribute: str) -> str:
    try:
        return str(getattr(certificate, attribute).rfc4514_string())[:MAX_TEXT]
    except Exception:  # noqa: BLE001  # a name that cannot be read is no name
        return ""


def _date(certificate: x509.Certificate, attribute: str) -> str:
    try:
        moment: datetime = getattr(certificate, attribute)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    except Exception:  # noqa: BLE001  # a date that cannot be read
        return ""


def described(der: bytes) -> Certificate:
    """Return what stands in a certificate; of bytes that are none, their hash."""
    try:
        return _described(der, x509.load_der_x509_certificate(der))
    except Exception:  # noqa: BLE001  # whatever the parser says of hostile bytes is data
        return _described(der, None)


def _described(der: bytes, certificate: x509.Certificate | None) -> Certificate:
    digest = hashlib.sha256(der).hexdigest()
    if certificate is None:
        return Certificate(sha256=digest, subject="", issuer="", not_before="", not_after="")
    hosts, addresses = _names(certificate)
    return Certificate(
        sha256=digest,
        subject=_text(certificate, "subject"),
        issuer=_text(certificate, "issuer"),
        not_before=_date(certificate, "not_valid_before_utc"),
        not_after=_date(certificate, "not_valid_after_utc"),
        names=tuple(name[:MAX_TEXT] for name in (*hosts, *addresses)[:MAX_NAMES]),
    )
