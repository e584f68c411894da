"""Hostile certificates and chains, and what may come after a handshake that went well."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from probe.lab import injected
from probe.lab.hostile.acts import sends
from probe.lab.hostile.records import Misbehaviour

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from probe.lab.ca import Authority
    from probe.lab.records import Act, Wire

    Chain = Callable[[Authority, str], Iterable[x509.Certificate]]

UNKNOWN, INVALID, OTHER_NAME = "ssl_unknown_authority", "ssl_invalid_certificate", "ssl_invalid_hostname"
LARGE = "x_tls_handshake_too_large"
KEY = ec.generate_private_key(ec.SECP256R1())
"""Of whoever signs and is nobody's authority."""
START = datetime(2020, 1, 1, tzinfo=UTC)
END = datetime(2040, 1, 1, tzinfo=UTC)


def _called(common: str, times: int = 1) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)] * times)


def _signed(
    ca: Authority,
    subject: str,
    *names: str,
    issuer: tuple[x509.Name, ec.EllipticCurvePrivateKey] | None = None,
    key: ec.EllipticCurvePrivateKey | None = None,
    is_ca: bool = False,
    path_length: int | None = None,
    usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.SERVER_AUTH,
    days: tuple[datetime, datetime] = (START, END),
    attributes: int = 1,
    constraints: Iterable[str] = (),
) -> x509.Certificate:
    """Return a certificate, by the lab's intermediate authority unless another issuer is given.

    Its subject holds the common name so many times; `constraints` are names that it may sign for.
    """
    name, signer = issuer or (ca.middle_name, ca.middle_key)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_called(subject, attributes))
        .issuer_name(name)
        .public_key((key or ca.key).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(days[0])
        .not_valid_after(days[1])
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=path_length), critical=True)
    )
    if names:
        alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = builder.add_extension(alternatives, critical=False)
    if allowed := [x509.DNSName(name) for name in constraints]:
        limits = x509.NameConstraints(permitted_subtrees=allowed, excluded_subtrees=None)
        builder = builder.add_extension(limits, critical=True)
    if not is_ca:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return builder.sign(signer, hashes.SHA256())


def _context(ca: Authority, chain: Iterable[x509.Certificate]) -> ssl.SSLContext:
    """Return a server's context that shows the chain, whatever it is worth."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    key = ca.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = ca.folder / "hostile.pem"
    file.write_bytes(key + b"".join(one.public_bytes(Encoding.PEM) for one in chain))
    context.load_cert_chain(file)
    file.unlink()
    return context


def _row(word: str, does: str, chain: Chain | str, failure: str | None, **more: Any) -> Misbehaviour:
    """Return the row of a server that shows a chain, or a variant of the authority's, and then a page."""

    def peer(ca: Authority, host: str) -> ssl.SSLContext:
        return ca.context(host, chain) if isinstance(chain, str) else _context(ca, chain(ca, host))

    return Misbehaviour(
        name=f"chain.{word}", does=does, door="certificate", peer=peer, failure=failure, **more
    )


def _loop(ca: Authority, host: str) -> tuple[x509.Certificate, ...]:
    """Return two authorities that vouch for each other and for nobody else's satisfaction."""
    one = _signed(ca, "One", issuer=(_called("Two"), KEY), key=KEY, is_ca=True)
    two = _signed(ca, "Two", issuer=(_called("One"), KEY), key=KEY, is_ca=True)
    return _signed(ca, host, host, issuer=(_called("One"), KEY)), one, two


def _below(ca: Authority, host: str, *, is_ca: bool, path_length: int | None) -> tuple[x509.Certificate, ...]:
    """Return a leaf below an authority below one that may have none below it, or that is none."""
    upper = _signed(ca, "Upper", key=KEY, is_ca=is_ca, path_length=path_length)
    lower = _signed(ca, "Lower", issuer=(_called("Upper"), KEY), key=KEY, is_ca=True)
    return _signed(ca, host, host, issuer=(_called("Lower"), KEY)), lower, upper, ca.middle


def _constrained(ca: Authority, host: str) -> tuple[x509.Certificate, ...]:
    """Return 2,000 names below an authority that may sign for 2,000 others: four million comparisons."""
    many = [f"n{n}.example" for n in range(2000)]
    upper = _signed(ca, "Upper", key=KEY, is_ca=True, constraints=(f"m{n}.example" for n in range(2000)))
    return _signed(ca, host, *many, host, issuer=(_called("Upper"), KEY)), upper, ca.middle


def _copied_root(ca: Authority, host: str) -> tuple[x509.Certificate, ...]:
    """Return a root of the true one's name and another key."""
    root = _signed(ca, "Probe Lab Root", issuer=(ca.root_name, KEY), key=KEY, is_ca=True)
    return _signed(ca, host, host, issuer=(ca.root_name, KEY)), root


def _tickets(ca: Authority, host: str) -> ssl.SSLContext:
    context = _context(ca, (_signed(ca, host, host), ca.middle))
    context.num_tickets = 2000
    return context


def _raw(data: bytes) -> Act:
    """Send bytes under the TLS that was agreed on, as somebody in between could."""

    async def act(wire: Wire) -> None:
        await wire.read(65536)
        await wire.plain.write(data)  # type: ignore[attr-defined]  # this door opens on a TLSWire
        await injected.swallow(wire)

    return act


def _within(word: str, does: str, act: Act, failure: str) -> Misbehaviour:
    return Misbehaviour(name=f"within.{word}", does=does, door="tls", peer=act, failure=failure)


ROWS = (
    _row("expired", "Shows a certificate that has expired.", "expired", INVALID),
    _row("future", "Shows a certificate that is not valid yet.", "future", INVALID),
    _row("wrong_name", "Shows a certificate for another name.", "wrong-name", OTHER_NAME),
    _row("selfsigned", "Shows a certificate that nobody else signed.", "selfsigned", UNKNOWN),
    _row("middlebox", "Shows a certificate of an authority that nobody trusts.", "middlebox", UNKNOWN),
    _row("ten_megabytes", "Shows a chain of ten megabytes.", "huge", LARGE, facts={"completed": False}),
    _row(
        "alone",
        "Leaves the intermediate authority out.",
        lambda ca, host: (_signed(ca, host, host),),
        UNKNOWN,
    ),
    _row(
        "eleven",
        "Shows eleven certificates.",
        lambda ca, host: (_signed(ca, host, host), *[ca.middle] * 10),
        LARGE,
        facts={"completed": False},
    ),
    _row(
        "other_order",
        "Shows the root before the intermediate.",
        lambda ca, host: (_signed(ca, host, host), ca.root, ca.middle),
        None,
    ),
    _row("loop", "Shows two authorities that vouch for each other.", _loop, UNKNOWN),
    _row("copied_root", "Shows a root of the true one's name.", _copied_root, UNKNOWN),
    _row(
        "too_deep",
        "Shows an authority below one that may have none below it.",
        lambda ca, host: _below(ca, host, is_ca=True, path_length=0),
        INVALID,
    ),
    _row(
        "no_authority",
        "Shows an authority below a certificate that is none.",
        lambda ca, host: _below(ca, host, is_ca=False, path_length=None),
        INVALID,
    ),
    _row(
        "client_only",
        "Shows a certificate for clients.",
        lambda ca, host: (_signed(ca, host, host, usage=ExtendedKeyUsageOID.CLIENT_AUTH), ca.middle),
        INVALID,
    ),
    _row(
        "common_name",
        "Names itself in the subject only.",
        lambda ca, host: (_signed(ca, host), ca.middle),
        OTHER_NAME,
    ),
    _row(
        "nul_name",
        "Shows its name with a NUL and another name behind it.",
        lambda ca, host: (_signed(ca, "nul", f"{host}\0.evil.example"), ca.middle),
        OTHER_NAME,
    ),
    _row(
        "star",
        "Shows a certificate for every name there is.",
        lambda ca, _host: (_signed(ca, "*", "*"), ca.middle),
        OTHER_NAME,
    ),
    _row(
        "three_thousand_names",
        "Shows a certificate for three thousand names, its own the last.",
        lambda ca, host: (_signed(ca, host, *(f"name-{n}.example" for n in range(3000)), host), ca.middle),
        None,
    ),
    _row(
        "long_subject",
        "Writes its name five thousand times into its subject.",
        lambda ca, host: (_signed(ca, "again", host, attributes=5000), ca.middle),
        None,
    ),
    _row("constraints", "Has two thousand names held against two thousand others.", _constrained, INVALID),
    _row(
        "escapes",
        "Writes control characters into its subject.",
        lambda ca, host: (_signed(ca, "\x1b[2J\x1b]0;x\x07[bold]\u202e", host), ca.middle),
        None,
    ),
    _row(
        "year_9999",
        "Shows a certificate that begins in the year 9999.",
        lambda ca, host: (
            _signed(ca, host, host, days=(END + timedelta(days=2_900_000), END + timedelta(days=2_906_000))),
            ca.middle,
        ),
        INVALID,
    ),
    Misbehaviour(
        name="chain.tickets",
        does="Sends two thousand session tickets after the handshake.",
        door="certificate",
        peer=_tickets,
        failure=None,
    ),
    _within(
        "bad_record",
        "Lets somebody send a record that does not decrypt.",
        _raw(b"\x17\x03\x03\x00\x40" + bytes(64)),
        "x_tls_bad_record",
    ),
    _within(
        "clear_alert",
        "Lets somebody send an alert in clear.",
        _raw(b"\x15\x03\x03\x00\x02\x02\x28"),
        "x_tls_bad_record",
    ),
    _within(
        "clear_page",
        "Lets somebody send a page in clear.",
        _raw(b"HTTP/1.1 200 OK\r\n\r\n<html>blocked</html>"),
        "x_tls_bad_record",
    ),
    _within("goodbye", "Says goodbye within TLS instead of answering.", injected.fin, "eof_error"),
    _within("reset", "Resets the connection after the handshake.", injected.reset, "connection_reset"),
    _within("silence", "Shakes hands and never answers.", injected.swallow, "generic_timeout_error"),
    _within(
        "half_a_line", "Sends half a status line within TLS and says goodbye.", sends(b"HTTP/1."), "eof_error"
    ),
)
