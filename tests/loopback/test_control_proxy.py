"""The target through a proxy: what failed is told apart, the proxy from what lies behind it."""

import asyncio
import logging
from typing import Any

import pytest
from msgspec import structs

from loopback import proxies
from loopback.elsewhere import Authority, Session, World, a_world
from loopback.settings import QUICK, a_session, a_target
from loopback.tempers import fin, page, reset, response, silent, tls
from probe.model.measurement import Measurement
from probe.model.observation import ControlAnswer
from probe.model.target import Step

PROXY_IP, TARGET_IP = "93.184.215.30", "93.184.215.14"
BEHIND = {"target.example": TARGET_IP}


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("stranger"), "Strange Root")


def through(
    ca: Authority,
    make: Any,
    target: Session | None,
    *,
    url: str = "https://target.example/",
    proxy: str = f"socks5h://{PROXY_IP}:1080",
    target_port: int = 443,
    vanishes: bool = False,
    **more: Any,
) -> Measurement:
    """Ask for the URL through a proxy made by `make(world, names)`; it `vanishes` after one connection."""

    async def main() -> Measurement:
        async with a_world(ca) as world:
            session = make(world, BEHIND, **more)

            async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                if vanishes:
                    del world.tcp[PROXY_IP, port]
                await session(reader, writer)

            port = int(proxy.rpartition(":")[2])
            await world.serve(PROXY_IP, port, once)
            if target is not None:
                await world.serve(TARGET_IP, target_port, target)
            options = structs.replace(QUICK, control_proxy=proxy.rsplit("@", maxsplit=1)[-1])
            async with a_session(world, options=options, proxy=proxy) as measuring:
                step = Step(target=a_target(url), experiment="control")
                return (await measuring.measure(step)).measurement

    return asyncio.run(main())


def answer(*args: Any, **more: Any) -> ControlAnswer:
    (found,) = through(*args, **more).controls
    return found


@pytest.mark.parametrize(
    ("make", "proxy"),
    [
        (proxies.socks, f"socks5h://{PROXY_IP}:1080"),
        (proxies.socks, f"socks5://{PROXY_IP}:1080"),
        (proxies.connect, f"http://{PROXY_IP}:8080"),
    ],
)
def test_a_page_comes_through_and_its_name_is_resolved_at_the_far_end(
    ca: Authority, make: Any, proxy: str
) -> None:
    asked: list[Any] = []
    found = answer(ca, make, tls(ca, page("<title>Behind</title>")), proxy=proxy, asked=asked)
    assert (found.failure, found.kind, found.control) == (None, "proxy", proxy)
    assert (found.http_asked, found.http_failure, found.status_code) == (True, None, 200)
    assert (found.title, found.body, found.body_length) == ("Behind", "<title>Behind</title>", 21)
    assert found.certificate_issuer == "CN=Test Root"
    assert asked[0] == ("target.example", 443) or asked[0].startswith(
        "CONNECT target.example:443 HTTP/1.1\r\n"
    )


def test_a_plain_page_comes_through_and_a_redirect_is_not_followed(ca: Authority) -> None:
    async def moved(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(response(b"", status="301 Moved", headers=(("Location", "https://target.example/"),)))
        await writer.drain()

    asked: proxies.Asked = []
    found = answer(ca, proxies.socks, moved, url="http://target.example/", target_port=80, asked=asked)
    assert (found.status_code, found.http_failure) == (301, None)
    assert ("Location", "https://target.example/") in found.headers
    assert asked == [("target.example", 80)]


def test_a_large_body_is_kept_to_16_kib_and_its_length_is_told(ca: Authority) -> None:
    found = answer(ca, proxies.socks, tls(ca, page("x" * 100_000)))
    assert (len(found.body), found.body_length) == (16_384, 100_000)


def test_the_way_through_is_no_observation_and_its_bytes_are_counted(ca: Authority) -> None:
    m = through(ca, proxies.socks, tls(ca, page()))
    assert (m.tcp_connect, m.tls_handshakes, m.requests, m.queries) == ((), (), (), ())
    assert m.bytes_received > 500


@pytest.mark.parametrize(
    ("reply", "failure"),
    [
        (3, "network_unreachable"),
        (4, "host_unreachable"),
        (5, "connection_refused"),
        (6, "generic_timeout_error"),
    ],
)
def test_a_socks_reply_about_the_target_is_the_targets_failure(
    ca: Authority, reply: int, failure: str
) -> None:
    found = answer(ca, proxies.socks, None, reply=reply)
    assert (found.failure, found.http_failure) == (None, failure)


@pytest.mark.parametrize("reply", [1, 2, 7, 8, 200])
def test_a_socks_reply_that_leaves_it_open_is_the_controls_failure(ca: Authority, reply: int) -> None:
    found = answer(ca, proxies.socks, None, reply=reply)
    assert (found.failure, found.http_failure) == ("x_proxy_refused", None)


@pytest.mark.parametrize(
    ("refuse", "failure", "http_failure"),
    [
        ("504 Gateway Timeout", None, "generic_timeout_error"),
        ("502 Bad Gateway\r\nProxy-Status: p; error=connection_refused", None, "connection_refused"),
        (
            "502 Bad Gateway\r\nProxy-Status: p; error=dns_error; rcode=NXDOMAIN",
            None,
            "dns_server_misbehaving",
        ),
        ("503 Service Unavailable\r\nX-Squid-Error: ERR_CONNECT_FAIL 111", None, "connection_refused"),
        ("503 Service Unavailable\r\nX-Squid-Error: ERR_CONNECT_FAIL 110", None, "generic_timeout_error"),
        ("502 Bad Gateway", "x_proxy_refused", None),
        ("503 Service Unavailable", "x_proxy_refused", None),
        ("502 Bad Gateway\r\nProxy-Status: p; error=proxy_internal_error", "x_proxy_refused", None),
        ("403 Forbidden", "x_proxy_refused", None),
        ("407 Proxy Authentication Required", "x_proxy_authentication", None),
        ("2", "x_proxy_protocol_error", None),
    ],
)
def test_an_http_proxy_is_believed_about_the_target_only_where_it_says_why(
    ca: Authority, refuse: str, failure: str | None, http_failure: str | None
) -> None:
    found = answer(ca, proxies.connect, None, proxy=f"http://{PROXY_IP}:8080", refuse=refuse)
    assert (found.failure, found.http_failure) == (failure, http_failure)


@pytest.mark.parametrize(
    ("target", "failure"),
    [(reset, "connection_reset"), (fin, "eof_error"), (silent, "generic_timeout_error")],
)
def test_what_breaks_behind_a_proxy_that_still_talks_is_the_targets(
    ca: Authority, target: Session, failure: str
) -> None:
    found = answer(ca, proxies.socks, target)
    assert (found.failure, found.http_failure) == (None, failure)


@pytest.mark.parametrize(
    ("target", "failure"),
    [(reset, "connection_reset"), (fin, "eof_error"), (silent, "generic_timeout_error")],
)
def test_the_same_through_a_proxy_that_is_gone_afterwards_is_the_controls(
    ca: Authority, target: Session, failure: str
) -> None:
    found = answer(ca, proxies.socks, target, vanishes=True)
    assert (found.failure, found.http_failure) == (failure, None)


def test_a_bad_certificate_behind_the_proxy_is_the_targets_and_nothing_is_asked(
    ca: Authority, stranger: Authority
) -> None:
    found = answer(ca, proxies.socks, tls(stranger))
    assert (found.failure, found.http_failure, found.status_code) == (None, "ssl_unknown_authority", None)


def _raw(world: World, _names: Any, *, says: bytes) -> Session:
    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(3)
        writer.write(says)
        await writer.drain()
        await asyncio.sleep(0 if says else 30)

    return session


@pytest.mark.parametrize(
    ("says", "failure"),
    [
        (b"", "generic_timeout_error"),
        (b"\x05", "eof_error"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "x_proxy_protocol_error"),
        (b"\x05\xff", "x_proxy_authentication"),
        (b"\x05\x00\x05\x00\x00\x09", "x_proxy_protocol_error"),
    ],
)
def test_a_proxy_that_stalls_cuts_or_babbles_is_the_controls_failure(
    ca: Authority, says: bytes, failure: str
) -> None:
    found = answer(ca, _raw, None, says=says)
    assert (found.failure, found.http_failure) == (failure, None)


def test_no_proxy_there_is_the_controls_failure(ca: Authority) -> None:
    async def main() -> Measurement:
        options = structs.replace(QUICK, control_proxy=f"socks5://{PROXY_IP}:1080")
        async with a_world(ca) as world, a_session(world, options=options) as session:
            step = Step(target=a_target("https://target.example/"), experiment="control")
            return (await session.measure(step)).measurement

    assert [c.failure for c in asyncio.run(main()).controls] == ["network_unreachable"]


def test_an_endpoint_is_connected_to_and_nothing_else(ca: Authority) -> None:
    asked: proxies.Asked = []
    found = answer(ca, proxies.socks, silent, url=f"tcp://{TARGET_IP}:5222", target_port=5222, asked=asked)
    assert (found.failure, found.http_asked, found.http_failure) == (None, False, None)
    assert [(e.endpoint, e.failure) for e in found.tcp_connect] == [(f"{TARGET_IP}:5222", None)]
    assert asked == [(TARGET_IP, 5222)]
    refused = answer(ca, proxies.socks, None, url=f"tcp://{TARGET_IP}:5222", reply=5)
    assert [(e.endpoint, e.failure) for e in refused.tcp_connect] == [
        (f"{TARGET_IP}:5222", "connection_refused")
    ]


SECRET = "hunter2-s3cret"


@pytest.mark.parametrize("good", [True, False])
def test_credentials_reach_the_proxy_and_stand_nowhere_else(
    ca: Authority, caplog: pytest.LogCaptureFixture, good: bool
) -> None:
    caplog.set_level(logging.DEBUG)
    m = through(
        ca,
        proxies.socks,
        tls(ca, page()),
        proxy=f"socks5h://volunteer:{SECRET}@{PROXY_IP}:1080",
        login=("volunteer", SECRET if good else "other"),
    )
    (found,) = m.controls
    assert found.failure == (None if good else "x_proxy_authentication")
    assert found.control == f"socks5h://{PROXY_IP}:1080"
    assert SECRET not in repr(m)
    assert SECRET not in caplog.text
    assert "volunteer" not in repr(m)


def test_an_http_proxy_gets_its_credentials_as_basic(ca: Authority) -> None:
    asked: list[str] = []
    proxy = f"http://user:p%40ss@{PROXY_IP}:8080"
    found = answer(ca, proxies.connect, tls(ca, page()), proxy=proxy, asked=asked)
    assert found.failure is None
    assert "Proxy-Authorization: Basic dXNlcjpwQHNz\r\n" in asked[0]


def test_a_proxy_of_another_kind_is_a_failed_control(ca: Authority) -> None:
    found = answer(ca, proxies.socks, None, proxy=f"gopher://{PROXY_IP}:1080")
    assert (found.failure, found.control) == ("http_request_failed", "")
