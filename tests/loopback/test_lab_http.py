"""What an HTTP request meets in the lab: the true page, an injected one, RST, FIN, silence, or a refusal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from loopback.lab_clients import REGISTRATION, address_of, get, in_lab
from probe.lab import pages
from probe.lab.names import NOTICE_ADDRESS, NOTICE_HOST

if TYPE_CHECKING:
    from probe.lab import Lab

NEWS = "news.probe-lab.example"
START = "start.probe-lab.example"


def fetched(scenario: str, host: str, path: str = "/", **how: Any) -> tuple[bytes, bytes]:
    """Return head and body."""

    async def use(lab: Lab) -> bytes:
        return await get(lab, host, path, **how)

    head, _, body = in_lab(scenario, use).partition(b"\r\n\r\n")
    return head, body


def status(scenario: str, host: str, path: str = "/", **how: Any) -> int:
    return int(fetched(scenario, host, path, **how)[0].split(b" ")[1])


def test_a_name_has_a_page_of_its_own_that_stays_the_same() -> None:
    head, body = fetched("clean", "x.com")
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert b"<title>Welcome to x.com</title>" in body
    assert fetched("clean", "x.com")[1] == body
    assert fetched("clean", "twitter.com")[1] != body


def test_plain_http_leads_to_tls_where_the_catalogue_asks_for_it() -> None:
    head, _ = fetched("clean", "x.com", "/a?b=c", tls=False)
    assert head.startswith(b"HTTP/1.1 301")
    assert b"\r\nLocation: https://x.com/a?b=c\r\n" in head


def test_another_host_at_an_address_is_not_found_there() -> None:
    async def use(lab: Lab) -> bytes:
        return await get(lab, "x.com", address=address_of(lab, REGISTRATION), tls=False)

    assert in_lab("clean", use).startswith(b"HTTP/1.1 404")


@pytest.mark.parametrize("port", [80, 443])
@pytest.mark.parametrize(("method", "answer"), [("POST", 404), ("GET", 501)])
def test_a_telegram_data_centre_speaks_cleartext_on_both_ports(port: int, method: str, answer: int) -> None:
    dc = "149.154.175.50"
    assert status("clean", dc, address=dc, tls=False, port=port, method=method) == answer


@pytest.mark.parametrize(
    ("host", "path", "answer", "inside"),
    [
        ("captive.apple.com", "/hotspot-detect.html", 200, b"<TITLE>Success</TITLE>"),
        ("detectportal.firefox.com", "/success.txt", 200, b"success\n"),
        ("connectivitycheck.gstatic.com", "/generate_204", 204, b""),
    ],
)
def test_portal_checks_get_what_their_owners_serve(host: str, path: str, answer: int, inside: bytes) -> None:
    head, body = fetched("clean", host, path, tls=False)
    assert (int(head.split(b" ")[1]), inside in body) == (answer, True)
    assert answer != 204 or body == b""


def test_a_portal_sends_every_plain_request_to_its_log_in() -> None:
    head, _ = fetched("portal", "captive.apple.com", "/hotspot-detect.html", tls=False)
    assert b"\r\nLocation: http://login.portal.probe-lab.example/?from=captive.apple.com\r\n" in head
    _, body = fetched("portal", "login.portal.probe-lab.example", tls=False)
    assert "Подтвердите номер телефона".encode() in body


@pytest.mark.parametrize(
    ("scenario", "error"),
    [("http-reset-host", ConnectionResetError), ("http-drop-host", TimeoutError)],
)
def test_a_struck_host_is_struck_wherever_it_is_asked_for(scenario: str, error: type[OSError]) -> None:
    async def use(lab: Lab) -> None:
        for at in (NEWS, "www.iana.org"):
            with pytest.raises(error):
                await get(lab, NEWS, address=address_of(lab, at), tls=False)
        assert (await get(lab, "www.iana.org", address=address_of(lab, NEWS), tls=False))[
            :13
        ] == b"HTTP/1.1 404 "

    in_lab(scenario, use)


def test_a_fin_after_the_host_is_an_empty_answer() -> None:
    assert fetched("http-fin-host", NEWS, tls=False) == (b"", b"")


@pytest.mark.parametrize("scenario", ["http-reset-host", "http-blockpage"])
def test_a_censor_of_plain_http_sees_nothing_in_tls(scenario: str) -> None:
    assert status(scenario, NEWS) == 200


def test_the_injected_notice_comes_in_three_forms() -> None:
    with_headers = fetched("http-blockpage", NEWS, tls=False)
    without = fetched("http-blockpage-no-headers", NEWS, tls=False)
    as_long = fetched("http-blockpage-same-length", NEWS, tls=False)
    assert with_headers[1] == without[1] == pages.NOTICE
    assert without[0] == b"HTTP/1.1 200 OK"
    assert as_long[1].rstrip() == pages.NOTICE.rstrip()
    assert len(as_long[1]) == len(pages.own_page(NEWS).body) > len(pages.NOTICE)


def test_the_redirect_leads_to_the_operators_notice_server() -> None:
    head, _ = fetched("http-redirect-blockpage", NEWS, tls=False)
    assert f"\r\nLocation: http://{NOTICE_HOST}/".encode() in head
    assert fetched("http-redirect-blockpage", NOTICE_HOST, tls=False)[1] == pages.NOTICE


def test_whoever_is_sent_to_the_notice_server_by_dns_reads_the_notice() -> None:
    assert fetched("dns-blockpage", REGISTRATION, address=NOTICE_ADDRESS, tls=False)[1] == pages.NOTICE


@pytest.mark.parametrize(
    ("scenario", "answer", "inside"),
    [
        ("captcha", 403, b"g-recaptcha"),
        ("503", 503, b"503"),
        ("waf-403", 403, b"Sorry, you have been blocked"),
        ("geo-refusal", 403, b"configured to block access from your country"),
        ("legal-451", 451, b"legal reasons"),
        ("short-object", 200, b"ok"),
        ("slow-server", 200, b"Welcome"),
    ],
)
def test_a_site_answers_this_client_in_its_own_way(
    scenario: str, answer: int, inside: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loopback.lab_clients.PATIENCE_S", 5.0)
    head, body = fetched(scenario, REGISTRATION, "/v2/register")
    assert (int(head.split(b" ")[1]), inside in body) == (answer, True)


def test_a_page_that_speaks_of_blocking_quotes_the_notice_and_is_long() -> None:
    _, body = fetched("speaks-of-blocking", NEWS, tls=False)
    assert "Доступ к информационному ресурсу ограничен".encode() in body
    assert len(body.decode()) > 9_000


def test_a_huge_page_is_twenty_megabytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loopback.lab_clients.PATIENCE_S", 20.0)
    assert len(fetched("huge-page", REGISTRATION)[1]) > 20_000_000


def test_a_locale_redirect_leads_to_a_page() -> None:
    head, _ = fetched("locale-redirect", START)
    assert f"\r\nLocation: https://{START}/ru-ru/\r\n".encode() in head
    assert status("locale-redirect", START, "/ru-ru/") == 200


@pytest.mark.parametrize(
    ("scenario", "scheme"),
    [
        ("behind-redirect", "https"),
        ("behind-redirect-dns", "https"),
        ("behind-redirect-tcp", "https"),
        ("behind-redirect-http", "http"),
    ],
)
def test_a_free_site_redirects_to_the_struck_one(scenario: str, scheme: str) -> None:
    head, _ = fetched(scenario, START)
    assert f"\r\nLocation: {scheme}://inner.probe-lab.example/\r\n".encode() in head


def test_two_requests_are_answered_on_one_connection() -> None:
    async def use(lab: Lab) -> bytes:
        import asyncio

        from loopback.lab_clients import exchange, handshaken, request_of

        sock = await handshaken(lab, address_of(lab, "x.com"), "x.com")
        first = request_of("x.com").replace(b"Connection: close\r\n", b"")
        return await asyncio.to_thread(exchange, sock, first + request_of("x.com"))

    assert in_lab("clean", use).count(b"HTTP/1.1 200 OK") == 2


@pytest.mark.parametrize("data", [b"\x00\x01\x02\r\n\r\n", b"GET /\r\n\r\n", b"hello there you\r\n\r\n"])
def test_what_is_no_request_gets_400(data: bytes) -> None:
    async def use(lab: Lab) -> bytes:
        import asyncio

        from loopback.lab_clients import connected, exchange

        sock = await connected(lab.network, address_of(lab, "x.com"), 80)
        return await asyncio.to_thread(exchange, sock, data)

    assert in_lab("clean", use).startswith(b"HTTP/1.1 400")


def test_the_answer_bears_the_true_time_though_this_machines_clock_is_wrong() -> None:
    from datetime import UTC, datetime
    from email.utils import parsedate_to_datetime

    head, _ = fetched("wrong-clock", "www.iana.org")
    [date] = [line[6:].decode() for line in head.split(b"\r\n") if line.startswith(b"Date: ")]
    assert abs((parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()) < 60


def test_helper_answers_are_json_whatever_is_asked() -> None:
    _, body = fetched("clean", "helper-a.probe-lab.example")
    assert json.loads(body)["status"] == "ok"
