"""What a router, a middlebox or a portal writes of the volunteer into its certificate is blanked."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import re
from datetime import UTC, datetime

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID

from probe.model.observation import Certificate
from probe.model.quic import QUICHandshake
from probe.store import OwnValues, Redactor, redact
from probe.store.redact import Scope
from unit.a_run import a_measurement
from unit.test_redact import OWN, VOLUNTEER, VOLUNTEER_SIX

NOTHING = Scope(frozenset(), frozenset())


def a_certificate(
    name: str,
    *,
    names: tuple[str, ...] = (),
    addresses: tuple[str, ...] = (),
    kind: _ASN1Type = _ASN1Type.UTF8String,
) -> bytes:
    """Return the DER of a certificate that somebody signed for himself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name, kind)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(20261121)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
    )
    others: list[x509.GeneralName] = [x509.DNSName(each) for each in names]
    others += [x509.IPAddress(ipaddress.ip_address(each)) for each in addresses]
    if others:
        builder = builder.add_extension(x509.SubjectAlternativeName(others), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def blanked(der: bytes, allowed: tuple[str, ...] = ()) -> x509.Certificate:
    """Return the certificate as it is kept; it can still be read, and is as long as it was."""
    clean = Redactor(OWN).certificate(der, Scope(frozenset(allowed), frozenset()))
    assert len(clean) == len(der)
    return x509.load_der_x509_certificate(clean)


def common_name(certificate: x509.Certificate) -> str:
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def others_of(certificate: x509.Certificate) -> tuple[list[str], list[str]]:
    value = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return value.get_values_for_type(x509.DNSName), list(map(str, value.get_values_for_type(x509.IPAddress)))


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        (VOLUNTEER, "x" * 12),
        (f"Router at {VOLUNTEER} (home)", f"Router at {'x' * 12} (home)"),
        ("203-0-113-77.pppoe.example", "x" * 26),
        (VOLUNTEER_SIX, "x" * len(VOLUNTEER_SIX)),
        ("00:11:22:33:44:55", "x" * 17),
        ("router-001122aabbcc", "x" * 19),
        ("ivanova@mail.example", "x" * 20),
        ("3f2504e0-4f89-11d3-9a0c-0305e82c3301", "x" * 36),
        ("Proxy of IVANOVA-PC", "Proxy of xxxxxxxxxx"),
        ("Transparent Filtering Gateway CA", "Transparent Filtering Gateway CA"),
        ("*.example.org", "*.example.org"),
    ],
)
def test_a_name_keeps_its_length_and_loses_whom_it_names(name: str, kept: str) -> None:
    assert common_name(blanked(a_certificate(name))) == kept


def test_wide_letters_are_letters_too() -> None:
    assert common_name(blanked(a_certificate(VOLUNTEER, kind=_ASN1Type.BMPString))) == "x" * 12


@pytest.mark.parametrize("kind", [_ASN1Type.UTF8String, _ASN1Type.BMPString])
@pytest.mark.parametrize("n", [10, 60])
def test_a_text_that_is_too_long_for_one_byte_of_length_is_looked_at(kind: _ASN1Type, n: int) -> None:
    pairs = ".".join((VOLUNTEER.replace(".", "-"), *("abcdefghijkl" for _ in range(n))))
    content = pairs.encode("utf-16-be" if kind is _ASN1Type.BMPString else "utf-8")
    size = (
        b"\x81" + bytes((len(content),)) if len(content) < 256 else b"\x82" + len(content).to_bytes(2, "big")
    )
    for tag in (kind.value, *((0x82,) if kind is _ASN1Type.UTF8String else ())):
        head = b"\x30\x82\x09\x00" + bytes((tag,)) + size
        clean = Redactor(OWN).certificate(head + content, NOTHING)
        assert clean == head + ("x" * len(pairs)).encode(
            "utf-16-be" if kind is _ASN1Type.BMPString else "utf-8"
        )


def test_alternative_names_and_addresses_of_somebody_s_router_are_blanked() -> None:
    der = a_certificate("router", names=("203-0-113-77.pppoe.example",), addresses=(VOLUNTEER, VOLUNTEER_SIX))
    assert others_of(blanked(der)) == (["x" * 26], ["0.0.0.0", "::"])


def test_a_public_resolver_s_certificate_stays_as_it_is() -> None:
    der = a_certificate("one.one", names=("one.one.one.one",), addresses=("1.1.1.1", "162.159.36.1"))
    assert Redactor(OWN).certificate(der, Scope(frozenset(("1.1.1.1",)), frozenset())) == der


def test_a_target_that_is_known_by_its_address_keeps_it_in_its_name() -> None:
    der = a_certificate("149.154.167.51")
    assert common_name(blanked(der, ("149.154.167.51",))) == "149.154.167.51"
    assert common_name(blanked(der)) == "x" * 14


def test_of_the_authorities_that_browsers_trust_only_mail_is_blanked() -> None:
    redactor = Redactor(OWN)
    parts = certifi.contents().split("-----BEGIN CERTIFICATE-----")[1:]
    kept = [base64.b64decode(part.partition("-----END")[0]) for part in parts]
    assert len(kept) > 100
    changed = [der for der in kept if redactor.certificate(der, NOTHING) != der]
    mailed = [der for der in kept if re.search(rb"[\w.]+@[\w-]+\.\w+", der)]
    assert changed == mailed
    assert 0 < len(mailed) < 5


def test_of_a_long_name_nothing_is_kept_where_a_part_tells() -> None:
    name = f"203-0-113-77.{'a' * 60}.example"
    assert others_of(blanked(a_certificate("router", names=(name, "b.example")))) == (
        ["x" * len(name), "b.example"],
        [],
    )


def test_a_certificate_that_says_nothing_is_looked_into_once_if_there_is_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[bytes] = []

    def look(content: bytes, *_how: object) -> bytes:
        looked.append(content)
        return content

    monkeypatch.setattr(redact, "blanked", look)
    der = a_certificate("plain")
    for most, times in ((0, 2), (1, 1)):
        monkeypatch.setattr(redact, "_MOST_REMEMBERED", most)
        looked.clear()
        redactor = Redactor(OWN)
        assert [redactor.certificate(der, NOTHING) for _each in range(2)] == [der, der]
        assert len(looked) == times


def test_a_name_that_may_pass_for_one_target_is_blanked_for_another() -> None:
    redactor, der = Redactor(OWN), a_certificate("149.154.167.51")
    allowed = Scope(frozenset(("149.154.167.51",)), frozenset())
    assert [redactor.certificate(der, scope) == der for scope in (allowed, NOTHING, allowed)] == [
        True,
        False,
        True,
    ]


def test_what_was_blanked_is_counted_once() -> None:
    redactor = Redactor(OWN)
    redactor.certificate(a_certificate("plain"), NOTHING)
    assert redactor.counts() == ()
    redactor.certificate(a_certificate("router", addresses=(VOLUNTEER,)), NOTHING)
    assert redactor.counts() == (("ip", 1),)
    redactor.certificate(a_certificate(f"Router at {VOLUNTEER} (home)"), NOTHING)
    assert redactor.counts() == (("ip", 3),)  # as subject and as issuer


def test_of_a_certificate_larger_than_any_only_its_length_is_kept() -> None:
    der = a_certificate("router") + bytes(70_000)
    assert Redactor(OWN).certificate(der, NOTHING) == b"x" * len(der)


def test_a_certificate_over_quic_is_a_certificate_and_no_page() -> None:
    der = a_certificate(f"Router at {VOLUNTEER}")
    sha256 = hashlib.sha256(der).hexdigest()
    told = Certificate(sha256=sha256, subject="", issuer="", not_before="", not_after="")
    shaken = QUICHandshake(
        t0=0.0,
        t=0.1,
        failure=None,
        ip="192.0.2.1",
        port=443,
        server_name="x",
        verified_name="x",
        completed=True,
        certificates=(told,),
    )
    clean, blobs = Redactor(OwnValues()).measurement(a_measurement(quic_handshakes=(shaken,)), {sha256: der})
    ((kept, content),) = blobs.items()
    assert common_name(x509.load_der_x509_certificate(content)) == f"Router at {'x' * 12}"
    assert clean.quic_handshakes[0].certificates[0].sha256 == kept


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"\x0c",
        b"\x0c\x7f203.0.113.77",
        b"\x06\x03\x55\x1d\x11\x04",
        b"\x06\x03\x55\x1d\x11\x04\x84\xff\xff\xff\xff\x30\x84\xff\xff\xff\xff\x87\x04",
        b"\x06\x03\x55\x1d\x11\x04\x04\x30\x80\x87\x04",
        b"\x1e\x0f" + b"\0x" * 7,
    ],
)
def test_what_is_no_certificate_is_left_as_it_is(junk: bytes) -> None:
    assert Redactor(OWN).certificate(junk, NOTHING) == junk
