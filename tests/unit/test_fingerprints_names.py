"""Addresses, issuers, certificate names and refusals that are known, and their innocent neighbours."""

import pytest

from probe.judge.fingerprints import (
    LOCAL_KINDS,
    Scope,
    is_bogon,
    match_certificate_names,
    match_dns_address,
    match_issuer,
)
from probe.judge.fingerprints.book import book

# --- bogons


@pytest.mark.parametrize(
    ("ip", "kind"),
    [
        ("0.0.0.0", "unspecified"),
        ("10.10.34.34", "private"),
        ("100.64.0.1", "shared"),
        ("127.0.0.1", "loopback"),
        ("169.254.1.1", "link_local"),
        ("172.31.0.1", "private"),
        ("192.0.0.1", "reserved"),
        ("192.0.2.1", "documentation"),
        ("192.168.0.1", "private"),
        ("198.18.0.1", "fake_ip"),
        ("198.19.255.255", "fake_ip"),
        ("203.0.113.9", "documentation"),
        ("224.0.0.1", "multicast"),
        ("243.185.187.39", "reserved"),
        ("255.255.255.255", "reserved"),
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("fc00::1", "private"),
        ("fe80::1%eth0", "link_local"),
        ("ff02::1", "multicast"),
        ("2001:db8::1", "documentation"),
        ("2001:2::1", "fake_ip"),
        ("2001::1", "reserved"),
        ("d0::11", "reserved"),
        ("::ffff:10.0.0.1", "private"),
        ("2002:7f00:1::", "loopback"),
        ("64:ff9b::a0a:2222", "private"),
        ("64:ff9b::5db8:d70e", "nat64"),
        ("64:ff9b:1::5db8:d70e", "nat64"),
        ("nonsense", "not_an_address"),
        ("", "not_an_address"),
    ],
)
def test_what_no_public_name_can_have_is_a_bogon(ip: str, kind: str) -> None:
    assert is_bogon(ip) == kind


@pytest.mark.parametrize(
    "ip",
    [
        "93.184.215.14",
        "172.32.0.1",
        "198.20.0.1",
        "100.128.0.1",
        "2a02:6b8:a::a",
        "2001:4860:4860::8888",
        "::ffff:8.8.8.8",
    ],
)
def test_an_ordinary_address_is_none(ip: str) -> None:
    assert is_bogon(ip) is None


def test_what_the_users_own_side_hands_out_is_told_apart() -> None:
    assert {"fake_ip", "private", "loopback"} <= LOCAL_KINDS
    assert not {"documentation", "reserved", "nat64"} & LOCAL_KINDS


# --- addresses in DNS answers


@pytest.mark.parametrize(("ip", "origin"), book().addresses.items())
def test_each_address_is_known_and_its_neighbour_is_not_by_accident(ip: str, origin: object) -> None:
    found = match_dns_address(ip)
    assert found is not None
    assert found.id == origin.id  # type: ignore[attr-defined]  # an Origin
    assert found.kind == "dns_address"
    assert match_dns_address(ip + "0") is None or ip + "0" in book().addresses


@pytest.mark.parametrize("ip", ["93.184.215.14", "10.10.34.33", "10.10.34.37", "8.8.8.8", "nonsense"])
def test_other_addresses_are_not_known(ip: str) -> None:
    assert match_dns_address(ip) is None


@pytest.mark.parametrize("ip", ["00d0:0:0:0:0:0:0:11", "::ffff:10.10.34.34", "64:ff9b::10.10.34.34"])
def test_an_address_is_known_however_it_is_written(ip: str) -> None:
    found = match_dns_address(ip)
    assert found is not None
    assert (found.id, found.cc, found.excerpt) == ("dns.ir.national", "IR", ip)


def test_a_filter_that_the_user_ordered_is_no_notice() -> None:
    found = match_dns_address("193.58.251.1")
    assert found is not None
    assert found.scope is Scope.PARENTAL_FILTER


def test_an_injected_address_without_a_notice_has_a_scope_of_its_own() -> None:
    found = match_dns_address("93.46.8.89")
    assert found is not None
    assert found.scope is Scope.INJECTED


# --- issuers and names of certificates


@pytest.mark.parametrize(
    ("issuer", "expected", "scope"),
    [
        (
            "CN=Kaspersky Anti-Virus Personal Root Certificate,O=AO Kaspersky Lab",
            "issuer.kaspersky",
            Scope.ANTIVIRUS,
        ),
        ("O=avast! Web/Mail Shield, CN=Avast Web/Mail Shield Root", "issuer.avast", Scope.ANTIVIRUS),
        ("/C=US/O=Fortinet/CN=FGT60", "issuer.fortinet", Scope.OFFICE),
        ("CN=Zscaler Intermediate Root CA", "issuer.office_cloud", Scope.OFFICE),
        ("CN=UserGate CA", "issuer.office_ru", Scope.OFFICE),
        (
            "CN=Russian Trusted Sub CA,O=The Ministry of Digital Development and Communications,C=RU",
            "issuer.ru.mincifry",
            Scope.NATIONAL_CA,
        ),
        ("CN=Qaznet Trust Network,C=KZ", "issuer.kz.national", Scope.NATIONAL_CA),
        ("CN=lawfilter.ertelecom.ru", "issuer.ru.notice", Scope.CENSOR_CA),
        ("CN=mitmproxy,O=mitmproxy", "issuer.debug_proxy", Scope.ANTIVIRUS),
    ],
)
def test_an_issuer_that_stands_between_is_known(issuer: str, expected: str, scope: Scope) -> None:
    found = match_issuer(issuer)
    assert found is not None
    assert (found.id, found.scope, found.kind) == (expected, scope, "issuer")


@pytest.mark.parametrize(("part", "origin"), book().issuers)
def test_each_issuer_is_known_by_its_own_words(part: str, origin: object) -> None:
    found = match_issuer(part.upper())
    assert found is not None
    assert found.scope == origin.scope  # type: ignore[attr-defined]  # an Origin


@pytest.mark.parametrize(
    "issuer",
    [
        "CN=R11,O=Let's Encrypt,C=US",
        "CN=GlobalSign RSA OV SSL CA 2018,O=GlobalSign nv-sa,C=BE",
        "CN=DigiCert TLS RSA SHA256 2020 CA1,O=DigiCert Inc,C=US",
        "CN=Sectigo RSA Domain Validation Secure Server CA,O=Sectigo Limited",
        "CN=WE1,O=Google Trust Services",
        "CN=Ministry of Sound CA",
        "",
    ],
)
def test_an_ordinary_issuer_is_not(issuer: str) -> None:
    assert match_issuer(issuer) is None


def test_a_certificate_for_a_notice_host_is_known() -> None:
    found = match_certificate_names(["example.org", "*.Lawfilter.ertelecom.ru"])
    assert found is not None
    assert (found.id, found.kind) == ("redirect.ru.ertelecom.lawfilter", "certificate_name")


@pytest.mark.parametrize(
    "names", [[], ["example.org"], ["ufanet.ru"], ["rt.ru"], ["www.warning.rt.ru.example"]]
)
def test_a_certificate_for_other_hosts_is_not(names: list[str]) -> None:
    assert match_certificate_names(names) is None
