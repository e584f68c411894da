"""QUIC on loopback: a true server, other versions, closes, silence, junk; the name is ours to choose."""

import contextlib
import os
from collections.abc import Callable

import anyio
from aioquic.h3.connection import H3Connection

from loopback.authority import Authority, make
from loopback.quic_servers import (
    at_http3_server,
    network_to,
    page,
    udp_answering,
)
from loopback.servers import SITE, Loopback, a_context
from probe.measure import http3, quic, quic_version
from probe.model.observation import HTTPRoundTrip
from probe.model.quic import QUICHandshake

NAME = "site.example"
URL = f"https://{NAME}/"


def shaken(
    authority: Authority,
    *,
    server_name: str | None = NAME,
    alpn: tuple[str, ...] = ("h3",),
    names: str = NAME,
) -> QUICHandshake:
    async def run() -> QUICHandshake:
        async with at_http3_server(authority, names, SITE) as ctx:
            seen, line = await quic.handshake(ctx, SITE, 443, server_name, verified_name=NAME, alpn=alpn)
            if line:
                line.close()
            assert ctx.quic_handshakes == [seen]
        return seen

    return anyio.run(run)


def answered(answer: Callable[[bytes], bytes | None], timeout_s: float = 0.6) -> QUICHandshake:
    async def run() -> QUICHandshake:
        async with udp_answering(answer) as port, a_context(network_to(port, SITE)) as ctx:
            seen, line = await quic.handshake(ctx, SITE, 443, NAME, verified_name=NAME, timeout_s=timeout_s)
            assert line is None
        return seen

    return anyio.run(run)


def fetched(authority: Authority, answer: Callable[[H3Connection, int], None] = page) -> HTTPRoundTrip:
    async def run() -> HTTPRoundTrip:
        async with at_http3_server(authority, NAME, SITE, answer=answer) as ctx:
            _, line = await quic.handshake(ctx, SITE, 443, NAME, verified_name=NAME)
            assert line is not None
            got = await http3.round_trip(ctx, line, URL)
            assert ctx.requests == [got]
        return got

    return anyio.run(run)


def version_negotiation(data: bytes, *versions: int) -> bytes:
    own, theirs = data[6 : 6 + data[5]], data[7 + data[5] : 7 + data[5] + data[6 + data[5]]]
    ids = bytes([len(theirs)]) + theirs + bytes([len(own)]) + own
    return b"\x80\0\0\0\0" + ids + b"".join(v.to_bytes(4) for v in versions)


def test_a_handshake_completes_and_its_chain_is_verified_offline(authority: Authority) -> None:
    seen = shaken(authority)
    assert (seen.completed, seen.failure, seen.name_matches) == (True, None, True)
    assert (seen.quic_version, seen.negotiated_protocol) == ("00000001", "h3")
    assert [c.names for c in seen.certificates] == [(NAME,), ()]
    assert seen.first_byte_s is not None
    assert 0 < seen.first_byte_s <= seen.t - seen.t0
    assert seen.bytes_received >= 1200


def test_the_name_in_the_client_hello_is_ours_to_choose(authority: Authority) -> None:
    assert shaken(authority, server_name="other.example").server_name == "other.example"
    assert shaken(authority, server_name=None).completed


def test_a_certificate_for_another_name_is_a_failure_after_a_handshake(authority: Authority) -> None:
    seen = shaken(authority, names="other.example")
    assert (seen.completed, seen.failure, seen.name_matches) == (True, "ssl_invalid_hostname", False)


def test_a_protocol_that_the_server_does_not_speak_is_refused_with_its_alert(authority: Authority) -> None:
    seen = shaken(authority, alpn=("nothing",))
    assert (seen.completed, seen.failure, seen.close_code) == (False, "ssl_failed_handshake", 0x178)


def test_silence_is_a_time_out() -> None:
    seen = answered(lambda _: None)
    assert (seen.failure, seen.datagrams_received, seen.first_byte_s) == ("generic_timeout_error", 0, None)


def test_junk_is_passed_over_and_ends_as_silence_that_spoke() -> None:
    seen = answered(lambda _: os.urandom(64))
    assert seen.failure == "generic_timeout_error"
    assert seen.datagrams_received >= 1


def test_a_closed_port_is_refused() -> None:
    async def run() -> QUICHandshake:
        async with a_context(Loopback()) as ctx:
            seen, _ = await quic.handshake(ctx, SITE, 443, NAME, verified_name=NAME)
        return seen

    assert anyio.run(run).failure == "connection_refused"


def test_a_server_of_other_versions_is_an_incompatible_version() -> None:
    seen = answered(lambda data: version_negotiation(data, 0x0A0A0A0A, 0xFF00001D))
    assert (seen.failure, seen.server_versions) == ("quic_incompatible_version", ("0a0a0a0a", "ff00001d"))


def test_an_endless_server_ends_at_our_bound() -> None:
    seen = answered(lambda data: version_negotiation(data, *range(1, 4000)), timeout_s=1.0)
    assert len(seen.server_versions) == 16


def test_who_speaks_quic_answers_a_reserved_version_without_seeing_a_name(authority: Authority) -> None:
    async def run() -> QUICHandshake:
        async with at_http3_server(authority, NAME, SITE) as ctx:
            return await quic_version.negotiate_version(ctx, SITE, 443, timeout_s=2.0)

    seen = anyio.run(run)
    assert (seen.failure, seen.server_name, seen.offered_version) == (None, None, "5a6a7a8a")
    assert "00000001" in seen.server_versions


def test_a_version_list_for_somebody_else_is_not_believed() -> None:
    async def run() -> QUICHandshake:
        async with (
            udp_answering(
                lambda _: b"\x80\0\0\0\0\x08" + b"x" * 8 + b"\x08" + b"y" * 8 + b"\0\0\0\1"
            ) as port,
            a_context(network_to(port, SITE)) as ctx,
        ):
            return await quic_version.negotiate_version(ctx, SITE, 443, timeout_s=0.4)

    seen = anyio.run(run)
    assert (seen.failure, seen.server_versions, seen.datagrams_received) == ("generic_timeout_error", (), 1)


def test_a_page_comes_over_http3(authority: Authority) -> None:
    got = fetched(authority)
    assert (got.status_code, got.failure, got.http_version) == (200, None, "HTTP/3")
    assert (got.title, got.body_length, got.ip, got.port) == ("over QUIC", 24, SITE, 443)
    assert dict(got.headers)["server"] == "here"


def test_a_page_that_never_ends_is_a_time_out_with_what_came(authority: Authority) -> None:
    def halfway(h3: H3Connection, stream: int) -> None:
        h3.send_headers(stream, [(b":status", b"200")])
        h3.send_data(stream, b"half", end_stream=False)

    got = fetched(authority, halfway)
    assert (got.status_code, got.failure, got.body) == (200, "generic_timeout_error", "half")


def test_a_page_too_large_is_capped(authority: Authority) -> None:
    def large(h3: H3Connection, stream: int) -> None:
        h3.send_headers(stream, [(b":status", b"200")])
        h3.send_data(stream, b"x" * 400_000, end_stream=True)

    got = fetched(authority, large)
    assert (got.failure, got.body_is_capped) == (None, True)
    assert got.body_length is not None
    assert 65536 <= got.body_length < 80_000


def test_a_status_that_is_none_is_no_http(authority: Authority) -> None:
    got = fetched(
        authority, lambda h3, stream: h3.send_headers(stream, [(b":status", b"2x0")], end_stream=True)
    )
    assert (got.status_code, got.failure) == (None, "x_quic_protocol_error")


def test_an_authority_that_nobody_knows_is_named(authority: Authority) -> None:
    stranger = make("Stranger", is_ca=True)
    other = Authority(authority.folder, authority.root, stranger)

    async def run() -> QUICHandshake:
        async with at_http3_server(other, NAME, SITE, trusted=authority) as ctx:
            seen, line = await quic.handshake(ctx, SITE, 443, NAME, verified_name=NAME)
            with contextlib.closing(line) if line else contextlib.nullcontext():
                return seen

    seen = anyio.run(run)
    assert (seen.completed, seen.failure) == (True, "ssl_unknown_authority")


def test_early_hints_are_not_the_answer(authority: Authority) -> None:
    def hinting(h3: H3Connection, stream: int) -> None:
        h3.send_headers(stream, [(b":status", b"103"), (b"link", b"</a>; rel=preload")])
        page(h3, stream)

    got = fetched(authority, hinting)
    assert (got.status_code, got.failure, got.title) == (200, None, "over QUIC")


def test_headers_that_do_not_end_are_too_large(authority: Authority) -> None:
    def endless(h3: H3Connection, stream: int) -> None:
        h3._quic.send_stream_data(
            stream, b"\x01" + (0x80000000 | 200_000).to_bytes(4, "big") + bytes(200_000)
        )

    got = fetched(authority, endless)
    assert (got.status_code, got.failure) == (None, "x_http_headers_too_large")
