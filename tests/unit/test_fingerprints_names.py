"""Addresses, issuers, certificate names and refusals that are known, and their innocent neighbours."""

import pytest

from probe.judge.fingerprints import (
    FINGERPRINTS_VERSION,
    LOCAL_KINDS,
    Confidence,
    Scope,
    fingerprint_files,
    fingerprints_digest,
    is_bogon,
    match_certificate_names,
    match_dns_address,
    match_issuer,
    match_refusal,
)
from probe.judge.fingerprints.book import FILES, Refusal, book, read_book

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


# --- refusals


def refusal(
    status: int | None,
    body: str = "",
    headers: tuple[tuple[str, str], ...] = (),
    url: str = "https://x.example/",
) -> Refusal | None:
    return match_refusal(status=status, headers=headers, title=None, body=body, url=url)


@pytest.mark.parametrize(
    ("found", "expected", "confidence"),
    [
        (
            refusal(
                403,
                "<p>The Amazon CloudFront distribution is configured to block access from your country.</p>",
            ),
            "geo.cloudfront",
            Confidence.HIGH,
        ),
        (
            refusal(
                403,
                "<h1>Error 1009</h1>The owner of this website (x) has banned the country or region your IP "
                "address is in (RU) from accessing this website.",
                (("Server", "cloudflare"),),
            ),
            "geo.cloudflare_1009",
            Confidence.HIGH,
        ),
        (
            refusal(403, "Since Docker is a US company, we must comply with US export control regulations."),
            "geo.docker",
            Confidence.HIGH,
        ),
        (
            refusal(403, '{"error": {"code": "unsupported_country_region_territory"}}'),
            "geo.openai",
            Confidence.HIGH,
        ),
        (
            refusal(200, url="https://www.intel.com/content/www/us/en/support/ru-banner-inside.html"),
            "geo.intel",
            Confidence.MEDIUM,
        ),
        (
            refusal(200, "We have immediately suspended all business operations in Russia."),
            "geo.intel_text",
            Confidence.MEDIUM,
        ),
        (
            refusal(403, "Sorry, this service is not available in your country."),
            "geo.text_country",
            Confidence.MEDIUM,
        ),
        (refusal(451, "Due to the GDPR we cannot serve you."), "geo.gdpr_451", Confidence.MEDIUM),
        (refusal(451), "legal.451", Confidence.AMBIGUOUS),
        (
            refusal(403, "Sorry, you have been blocked", (("server", "cloudflare"),)),
            "waf.cloudflare",
            Confidence.AMBIGUOUS,
        ),
        (
            refusal(403, "You don't have permission to access this. Reference #18.1"),
            "waf.akamai",
            Confidence.AMBIGUOUS,
        ),
        (refusal(403, "403 Forbidden", (("Server", "Apache"),)), "origin.403", Confidence.AMBIGUOUS),
        (refusal(403, "<title>Just a moment...</title>"), "challenge.cloudflare", Confidence.CAPTCHA),
        (
            refusal(403, "", (("CF-Mitigated", "challenge"),)),
            "challenge.cloudflare_header",
            Confidence.CAPTCHA,
        ),
        (refusal(405, "", (("x-amzn-waf-action", "captcha"),)), "challenge.aws_waf", Confidence.CAPTCHA),
        (
            refusal(200, "Подтвердите, что запросы отправляли вы, а не робот"),
            "challenge.generic",
            Confidence.CAPTCHA,
        ),
        (refusal(429), "challenge.too_many", Confidence.CAPTCHA),
    ],
)
def test_how_a_service_refuses_is_known(found: Refusal | None, expected: str, confidence: Confidence) -> None:
    assert found is not None
    assert (found.id, found.confidence) == (expected, confidence)


@pytest.mark.parametrize(
    "found",
    [
        refusal(200, "<h1>Example Domain</h1>"),
        refusal(200, "This film is not available in your country. " + "Other films are. " * 500),
        refusal(200, "Access denied? " * 20),
        refusal(404, "not found"),
        refusal(None),
        refusal(503, "Service Unavailable"),
        refusal(200, "An article on Cloudflare", (("Server", "cloudflare"),)),
    ],
)
def test_what_is_no_refusal_is_not(found: Refusal | None) -> None:
    assert found is None


@pytest.mark.parametrize("signature", book().refusals, ids=lambda signature: str(signature.id))
def test_each_refusal_names_its_source_and_asks_for_something(signature: Refusal) -> None:
    assert signature.source
    assert signature.statuses or signature.headers or signature.all or signature.any or signature.url


# --- the book


def test_what_a_run_keeps_is_what_it_was_judged_by() -> None:
    files = fingerprint_files()
    assert tuple(files) == FILES
    assert read_book(files) == book()
    assert len(fingerprints_digest()) == 64
    assert FINGERPRINTS_VERSION >= 1


def changed(name: str, text: str) -> dict[str, bytes]:
    return fingerprint_files() | {name: fingerprint_files()[name] + text.encode()}


def test_two_entries_of_one_id_are_refused() -> None:
    twin = '\n[[redirect]]\nid = "redirect.ru.ttk.fz139"\nhost = "x.example"\n'
    with pytest.raises(ValueError, match=r"^fingerprint 'redirect\.ru\.ttk\.fz139' is there twice$"):
        read_book(changed("redirects.toml", twin))


def test_a_page_that_nothing_opens_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^fingerprint 'page\.new' has neither gates nor markup$"):
        read_book(changed("pages_ru.toml", '\n[[page]]\nid = "page.new"\nany = ["x"]\n'))


def test_an_unknown_scope_or_field_is_refused() -> None:
    with pytest.raises(ValueError, match="'guilty' is not a valid Scope"):
        read_book(changed("addresses.toml", '\n[[address]]\nid = "dns.new"\nip = []\nscope = "guilty"\n'))
    with pytest.raises(TypeError, match="pattern"):
        read_book(changed("pages_ru.toml", '\n[[page]]\nid = "page.new"\ngates = ["x"]\npattern = "y"\n'))
