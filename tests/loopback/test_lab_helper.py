"""The lab's test helper tells how a target is for everybody, in OONI's protocol, whatever the censor does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from loopback.lab_clients import REGISTRATION, address_of, get, in_lab
from probe.lab.hostile import ADDRESSES
from probe.lab.names import HELPERS

if TYPE_CHECKING:
    from probe.lab import Lab

HELPER = next(iter(HELPERS))
URL = f"https://{REGISTRATION}/v2/register"


def answered(
    scenario: str, url: str = URL, endpoints: tuple[str, ...] = (), host: str = HELPER, *, quic: bool = False
) -> bytes:
    """Return the helper's whole answer."""

    async def use(lab: Lab) -> bytes:
        asked = {
            "http_request": url,
            "http_request_headers": {"Accept": ["*/*"]},
            "tcp_connect": list(endpoints),
            "x_quic_enabled": quic,
        }
        return await get(lab, host, method="POST", body=json.dumps(asked).encode())

    return in_lab(scenario, use)


def told(
    scenario: str, url: str = URL, endpoints: tuple[str, ...] = (), *, quic: bool = False
) -> dict[str, Any]:
    head, _, body = answered(scenario, url, endpoints, quic=quic).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK")
    decoded: dict[str, Any] = json.loads(body)
    return decoded


def endpoints(scenario: str) -> list[str]:
    async def use(lab: Lab) -> list[str]:
        addresses = [address_of(lab, REGISTRATION, n) for n in range(3)]
        return [f"[{a}]:443" if ":" in a else f"{a}:443" for a in addresses]

    return in_lab(scenario, use)


def test_a_clean_target_is_told_in_all_its_parts() -> None:
    here = endpoints("clean")
    got = told("clean")
    ok = {"status": True, "failure": None}
    assert got["tcp_connect"] == dict.fromkeys(here, ok)
    assert got["tls_handshake"] == {e: {"server_name": REGISTRATION, **ok} for e in here}
    assert got["dns"] == {"failure": None, "addrs": [e.rsplit(":", 1)[0].strip("[]") for e in here]}
    assert {row["asn"] for row in got["ip_info"].values()} == {32934}
    request = got["http_request"]
    assert (request["failure"], request["status_code"], request["title"]) == (
        None,
        200,
        f"Welcome to {REGISTRATION}",
    )
    assert request["body_length"] > 500
    assert request["headers"]["Server"] == "nginx"
    assert got["http3_request"] is None
    assert got["quic_handshake"] == {}


@pytest.mark.parametrize(
    "scenario",
    [
        "dns-nxdomain",
        "dns-nxdomain-all",
        "dns-bogon",
        "tcp-drop",
        "tcp-reset",
        "tcp-unreachable",
        "tls-reset-sni",
        "tls-reset-ip",
        "tls-mitm",
        "tls-flaky-60",
        "one-address-dead",
        "captcha",
        "503",
        "waf-403",
        "geo-refusal",
        "legal-451",
        "no-ipv6",
        "nat64",
        "fake-ip",
        "wrong-clock",
    ],
)
def test_elsewhere_the_target_of_this_scenario_works(scenario: str) -> None:
    got = told(scenario)
    assert (got["dns"]["failure"], got["http_request"]["failure"], got["http_request"]["status_code"]) == (
        None,
        None,
        200,
    )
    assert got["http_request"]["title"] == f"Welcome to {REGISTRATION}"


@pytest.mark.parametrize(
    ("scenario", "dns", "tcp", "tls", "http"),
    [
        ("down-for-all", None, "connection_refused", None, "connection_refused_error"),
        ("silent-for-all", None, "generic_timeout_error", None, "generic_timeout_error"),
        ("tls-reset-for-all", None, None, "connection_reset", "unknown_error"),
        ("tls-silent-for-all", None, None, "generic_timeout_error", "generic_timeout_error"),
        ("bad-cert-for-all", None, None, "ssl_invalid_certificate", "unknown_error"),
    ],
)
def test_what_is_broken_for_all_is_broken_for_the_helper(
    scenario: str, dns: str | None, tcp: str | None, tls: str | None, http: str
) -> None:
    got = told(scenario)
    assert got["dns"]["failure"] == dns
    assert {row["failure"] for row in got["tcp_connect"].values()} == {tcp}
    assert {row["failure"] for row in got["tls_handshake"].values()} == ({tls} if tls else set())
    assert (got["http_request"]["failure"], got["http_request"]["status_code"]) == (http, -1)


@pytest.mark.parametrize(
    ("scenario", "failure"),
    [("nxdomain-for-all", "dns_name_error"), ("broken-dnssec", "dns_server_failure")],
)
def test_a_name_that_fails_for_all_fails_for_the_helper(scenario: str, failure: str) -> None:
    got = told(scenario)
    assert got["dns"] == {"failure": failure, "addrs": []}
    assert got["http_request"]["failure"] == "dns_lookup_error"
    assert got["tcp_connect"] == {}


def test_the_helper_tries_the_endpoints_it_is_given_too() -> None:
    got = told("clean", endpoints=("149.154.175.50:443", "185.76.144.9:443"))
    assert got["tcp_connect"]["149.154.175.50:443"] == {"status": True, "failure": None}
    assert got["tls_handshake"]["149.154.175.50:443"]["failure"] == "ssl_invalid_hostname"
    assert got["tcp_connect"]["185.76.144.9:443"] == {"status": False, "failure": "generic_timeout_error"}


def test_an_endpoint_without_url_is_asked_for_as_plain_http() -> None:
    got = told("tcp-drop", "http://149.154.175.50:443/", ("149.154.175.50:443",))
    assert got["tcp_connect"] == {"149.154.175.50:443": {"status": True, "failure": None}}
    assert (got["http_request"]["failure"], got["http_request"]["status_code"]) == (None, 501)


@pytest.mark.parametrize(
    ("scenario", "failure"),
    [
        ("http-reset-for-all", "unknown_error"),
        ("http-eof-for-all", "unknown_error"),
        ("http-silent-for-all", "generic_timeout_error"),
    ],
)
def test_a_web_server_that_fails_for_all_fails_for_the_helper(scenario: str, failure: str) -> None:
    got = told(scenario, "http://news.probe-lab.example/")
    assert {row["failure"] for row in got["tcp_connect"].values()} == {None}
    assert got["http_request"]["failure"] == failure


def test_redirects_are_followed_and_loops_are_not() -> None:
    assert told("behind-redirect", "https://start.probe-lab.example/")["http_request"]["title"] == (
        "Welcome to inner.probe-lab.example"
    )
    for word in ("loop", "for-ever"):
        got = told("hostile", f"http://{word}.redirect.probe-lab.example/")
        assert got["http_request"]["failure"] == "unknown_error"


def test_elsewhere_nobody_sees_the_block_page() -> None:
    got = told("http-blockpage", "http://news.probe-lab.example/")
    assert got["http_request"]["title"] == "Welcome to news.probe-lab.example"


def test_a_helper_that_fails_says_502() -> None:
    assert answered("control-failed").startswith(b"HTTP/1.1 502")


def test_a_helper_that_is_refused_tells_of_a_403() -> None:
    got = told("helper-refused")
    assert (got["http_request"]["status_code"], got["http_request"]["failure"]) == (403, None)


def test_a_helper_may_lie_or_be_silent() -> None:
    got = told("helper-lies")
    assert got["http_request"]["title"] == "A page"
    assert got["dns"]["addrs"] == ["151.101.1.1"]
    with pytest.raises(TimeoutError):
        answered("helper-silent")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"http_request": 5}',
        b'{"http_request": "ftp://x/"}',
        b"\xff\x00",
        b'{"http_request": "https://x.com/", "tcp_connect": ["junk"]}',
    ],
)
def test_a_bad_request_gets_400(body: bytes) -> None:
    async def use(lab: Lab) -> bytes:
        return await get(lab, HELPER, method="POST", body=body)

    assert in_lab("clean", use).startswith(b"HTTP/1.1 400")


def test_the_public_helpers_of_the_catalogue_are_the_same_helper_here() -> None:
    assert b'"status_code": 200' in answered("clean", host="0.th.ooni.org")


@pytest.mark.parametrize(
    ("host", "failure"),
    [
        ("silent.quic.probe-lab.example", "generic_timeout_error"),
        ("versions-stranger.quic.probe-lab.example", "generic_timeout_error"),
        ("versions-cut.quic.probe-lab.example", "quic_incompatible_version"),
        ("versions-none.quic.probe-lab.example", "unknown_error"),
        ("qpack-wait.http3.probe-lab.example", None),
    ],
)
def test_of_a_hostile_quic_peer_the_helper_tells_what_everybody_meets(host: str, failure: str | None) -> None:
    got = told("hostile", f"https://{host}/", (f"{ADDRESSES[host]}:443",), quic=True)
    assert got["quic_handshake"] == {
        f"{ADDRESSES[host]}:443": {"server_name": host, "status": failure is None, "failure": failure}
    }
