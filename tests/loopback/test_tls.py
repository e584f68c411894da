"""TLS handshakes on loopback: FIN, reset, silence, junk, alert stay apart; chains are worth what they are."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID as Usage

from loopback.authority import Authority, Pair, make, pem
from loopback.servers import (
    SITE,
    Handler,
    Loopback,
    a_context,
    a_step,
    fast,
    measured,
    over_tls,
    read_hello,
    reset,
    says,
    tcp_server,
)
from probe.measure import hello
from probe.model.observation import TLSHandshake

NAME = "site.example"
URL = f"https://{NAME}/"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def network_to(port: int, authority: Authority | None = None, **more: Any) -> Loopback:
    ca_file = authority.ca_file if authority else ""
    return Loopback(tcp={(SITE, 443): port}, names={NAME: (SITE,)}, ca_file=ca_file, **more)


def shaken(handler: Handler, authority: Authority | None = None, **more: Any) -> TLSHandshake:
    with tcp_server(handler) as port:
        step = a_step(URL, **more)
        (handshake,) = measured(network_to(port, authority), step).measurement.tls_handshakes
    return handshake


def after_hello(*then: bytes | Callable[[socket.socket], None]) -> Handler:
    """Read the ClientHello, then send and do."""

    def handler(sock: socket.socket, stop: threading.Event) -> None:
        read_hello(sock)
        for act in then:
            if isinstance(act, bytes):
                sock.sendall(act)
                stop.wait(0.02)
            else:
                act(sock)
                return
        stop.wait(5)

    return handler


def fin(sock: socket.socket) -> None:
    sock.close()


HALF_A_RECORD = b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03" + bytes(40)


@pytest.mark.parametrize(
    ("handler", "failure", "spoke", "alert"),
    [
        (after_hello(reset), "connection_reset", False, None),
        (after_hello(fin), "eof_error", False, None),
        (after_hello(), "generic_timeout_error", False, None),
        (after_hello(b"\x15\x03\x03\x00\x02\x02\x28", fin), "ssl_failed_handshake", True, 40),
        (after_hello(b"\x15\x03\x03\x00\x02\x02\x70", fin), "ssl_failed_handshake", True, 112),
        (after_hello(b"\x15\x03\x03\x00\x02\x02\x70", reset), "ssl_failed_handshake", True, 112),
        (after_hello(b"\x15\x03\x03\x00\x02\x01\x00", fin), "eof_error", True, None),
        (
            after_hello(b"\x9d\x03\xe1\x00\x7c" * 40),
            "ssl_failed_handshake",
            False,
            None,
        ),
        (
            after_hello(b"HTTP/1.1 403 Forbidden\r\n\r\n<html>blocked</html>", fin),
            "ssl_failed_handshake",
            False,
            None,
        ),
        (after_hello(HALF_A_RECORD), "generic_timeout_error", True, None),
        (after_hello(HALF_A_RECORD, reset), "connection_reset", True, None),
        (after_hello(HALF_A_RECORD, fin), "eof_error", True, None),
        (after_hello(b"\x16\x03\x03\x50\x00" + bytes(300)), "ssl_failed_handshake", True, None),
    ],
    ids=[
        "reset",
        "fin",
        "silence",
        "alert-40",
        "alert-112",
        "alert-then-reset",
        "close-notify",
        "junk",
        "http",
        "half-then-silence",
        "half-then-reset",
        "half-then-fin",
        "record-too-long",
    ],
)
def test_every_way_a_handshake_can_end_has_its_own_name(
    handler: Handler, failure: str, spoke: bool, alert: int | None
) -> None:
    seen = shaken(handler)
    assert (seen.failure, seen.server_spoke, seen.alert, seen.completed) == (failure, spoke, alert, False)
    assert seen.t - seen.t0 < 2.0
    assert seen.certificates == ()


def test_a_silent_server_is_a_timeout_and_not_an_eof() -> None:
    seen = shaken(after_hello())
    assert seen.failure == "generic_timeout_error"
    assert 1.0 <= seen.t - seen.t0 < 2.0
    assert seen.tcp_info is not None
    assert seen.tcp_info.bytes_acked is not None
    assert seen.tcp_info.bytes_acked > seen.client_hello_bytes


def test_the_first_bytes_of_what_was_no_tls_are_kept() -> None:
    seen = shaken(after_hello(b"HTTP/1.1 403 Forbidden\r\n\r\n<html>blocked</html>", fin))
    assert bytes.fromhex(seen.first_bytes).startswith(b"HTTP/1.1 403 Forbidden")
    assert len(seen.first_bytes) <= 128


def test_a_reset_that_does_not_wait_for_the_hello_is_a_reset() -> None:
    def handler(sock: socket.socket, stop: threading.Event) -> None:
        stop.wait(0.05)
        reset(sock)

    assert shaken(handler).failure == "connection_reset"


def test_a_good_server_is_verified_and_described(authority: Authority) -> None:
    seen = shaken(over_tls(says(OK), authority.good(NAME)), authority)
    assert (seen.failure, seen.completed, seen.chain_failure, seen.chain_code) == (None, True, None, 0)
    assert (seen.name_matches, seen.server_spoke, seen.alert) == (True, True, None)
    assert (seen.tls_version, seen.negotiated_protocol) == ("TLSv1.3", "http/1.1")
    assert (seen.server_name, seen.verified_name) == (NAME, NAME)
    assert [c.subject for c in seen.certificates] == [f"CN={NAME}", "CN=Test Intermediate"]
    assert seen.certificates[0].names == (NAME,)
    assert seen.certificates[0].issuer == "CN=Test Intermediate"
    assert seen.client_hello_bytes == 517 or seen.client_hello_bytes > 1000
    assert seen.ja4.startswith("t13d15") or seen.ja4.startswith("t13d16")


def a_leaf(authority: Authority, **more: Any) -> Pair:
    return make(NAME, **{"issuer": authority.middle, "names": (NAME,), **more})


CASES: dict[str, tuple[Callable[[Authority], Pair], str | None, str | None, int | None, bool]] = {
    "good": (a_leaf, None, None, 0, True),
    "expired": (
        lambda a: a_leaf(a, begins_days=-90, ends_days=-1),
        "ssl_invalid_certificate",
        None,
        10,
        True,
    ),
    "not yet": (lambda a: a_leaf(a, begins_days=5), "ssl_invalid_certificate", None, 9, True),
    "self-signed": (
        lambda a: a_leaf(a, issuer=None),
        "ssl_unknown_authority",
        "ssl_unknown_authority",
        18,
        True,
    ),
    "stranger": (
        lambda a: a_leaf(a, issuer=make("Evil Root", is_ca=True)),
        "ssl_unknown_authority",
        "ssl_unknown_authority",
        20,
        True,
    ),
    "other name": (lambda a: a_leaf(a, names=("other.example",)), "ssl_invalid_hostname", None, 0, False),
    "common name only": (lambda a: a_leaf(a, names=()), "ssl_invalid_hostname", None, 0, False),
    "wildcard": (lambda a: a_leaf(a, names=("*.example",)), "ssl_invalid_hostname", None, 0, False),
    "client only": (
        lambda a: a_leaf(a, usage=Usage.CLIENT_AUTH),
        "ssl_invalid_certificate",
        "ssl_invalid_certificate",
        26,
        True,
    ),
    "server": (lambda a: a_leaf(a, usage=Usage.SERVER_AUTH), None, None, 0, True),
}


@pytest.mark.parametrize("case", CASES)
def test_a_chain_is_worth_what_openssl_says_with_and_without_the_clock(
    case: str, authority: Authority
) -> None:
    leaf, failure, chain_failure, code, matches = CASES[case]
    seen = shaken(over_tls(says(OK), authority.context(leaf(authority))), authority)
    assert (seen.failure, seen.chain_failure, seen.chain_code, seen.name_matches) == (
        failure,
        chain_failure,
        code,
        matches,
    )
    assert seen.completed is True


def test_a_chain_without_its_intermediate_has_an_unknown_authority(authority: Authority) -> None:
    context = authority.context(a_leaf(authority), chain=())
    seen = shaken(over_tls(says(OK), context), authority)
    assert (seen.failure, seen.chain_code) == ("ssl_unknown_authority", 20)


@pytest.mark.parametrize(
    ("held", "name", "matches"),
    [
        ("*.wild.example", "a.wild.example", True),
        ("*.wild.example", "a.b.wild.example", False),
        ("*.wild.example", "wild.example", False),
        ("SITE.example", "site.example", True),
        (SITE, SITE, True),
        ("xn--e1afmkfd.example", "пример.example", True),
    ],
)
def test_names_match_as_browsers_match_them(
    authority: Authority, held: str, name: str, matches: bool
) -> None:
    context = authority.context(a_leaf(authority, names=(held,)))
    with tcp_server(over_tls(says(OK), context)) as port:
        ascii_name = name.encode("idna").decode()
        network = Loopback(tcp={(SITE, 443): port}, names={ascii_name: (SITE,)}, ca_file=authority.ca_file)
        (seen,) = measured(network, a_step(f"https://{name}/")).measurement.tls_handshakes
    assert seen.name_matches is matches
    assert seen.failure == (None if matches else "ssl_invalid_hostname")


def test_a_wrong_clock_here_changes_the_failure_and_not_the_chain(authority: Authority) -> None:
    with tcp_server(over_tls(says(OK), authority.good(NAME))) as port:
        network = network_to(port, authority)
        network.clock.utc = lambda: datetime.now(UTC) + timedelta(days=4000)  # type: ignore[method-assign]  # a clock that is wrong
        (seen,) = measured(network, a_step(URL)).measurement.tls_handshakes
    assert (seen.failure, seen.chain_failure, seen.chain_code) == ("ssl_invalid_certificate", None, 10)


@pytest.mark.parametrize("which", [0, 1], ids=["the first", "the second"])
def test_each_private_authority_holds_for_the_target_that_names_them(
    authority: Authority, which: int
) -> None:
    """Signal's file holds two: one that has expired, and the one under which its servers stand now."""
    private = make("Former Root", is_ca=True), make("Present Root", is_ca=True)
    context = authority.context(a_leaf(authority, issuer=private[which]), chain=())
    with tcp_server(over_tls(says(OK), context)) as port:
        network = network_to(port, authority)
        cas = {"signal": "".join(pem(root[1]).decode() for root in private)}
        known = measured(network, a_step(URL, target_private_ca="signal"), private_cas=cas)
        unknown = measured(network, a_step(URL), private_cas=cas)
    assert known.measurement.tls_handshakes[0].failure is None
    assert unknown.measurement.tls_handshakes[0].failure == "ssl_unknown_authority"


def test_a_page_behind_a_bad_certificate_is_still_fetched(authority: Authority) -> None:
    context = authority.context(a_leaf(authority, issuer=None))
    with tcp_server(over_tls(says(OK), context)) as port:
        found = measured(network_to(port, authority), a_step(URL)).measurement
    assert found.tls_handshakes[0].failure == "ssl_unknown_authority"
    assert (found.requests[0].failure, found.requests[0].body) == (None, "ok")


def test_certificates_are_kept_as_blobs_under_their_digest(authority: Authority) -> None:
    with tcp_server(over_tls(says(OK), authority.good(NAME))) as port:
        found = measured(network_to(port, authority), a_step(URL))
    named = [c.sha256 for c in found.measurement.tls_handshakes[0].certificates]
    assert sorted(named) == sorted(found.blobs)
    assert all(blob[:1] == b"\x30" for blob in found.blobs.values())


def test_a_chain_of_more_than_ten_certificates_is_too_large(authority: Authority) -> None:
    context = authority.context(a_leaf(authority), chain=(authority.middle[1],) * 10)
    seen = shaken(over_tls(says(OK), context), authority)
    assert (seen.failure, seen.completed, seen.server_spoke) == ("x_tls_handshake_too_large", False, True)


def test_ten_megabytes_of_certificate_chain_are_not_read(authority: Authority) -> None:
    fat = make("Fat", issuer=authority.middle, is_ca=True, padding=64_000)
    context = authority.context(a_leaf(authority), chain=(authority.middle[1], *(fat[1],) * 150))
    sent = 0
    done = threading.Event()

    def counting(sock: socket.socket, stop: threading.Event) -> None:
        nonlocal sent
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        secured = context.wrap_bio(incoming, outgoing, server_side=True)
        incoming.write(read_hello(sock))
        with contextlib.suppress(ssl.SSLWantReadError):
            secured.do_handshake()
        flight = outgoing.read()
        assert len(flight) > 9_000_000
        try:
            while flight:
                n = sock.send(flight[:16384])
                sent += n
                flight = flight[n:]
        finally:
            done.set()

    with tcp_server(counting) as port:
        (seen,) = measured(network_to(port, authority), a_step(URL)).measurement.tls_handshakes
        assert done.wait(5)
    assert (seen.failure, seen.completed, seen.server_spoke) == ("x_tls_handshake_too_large", False, True)
    assert seen.t - seen.t0 < 2.0
    assert sent < 8_000_000


def test_a_name_may_be_left_out_of_the_hello(authority: Authority) -> None:
    said: list[str | None] = []
    context = authority.good(SITE)
    context.sni_callback = lambda _, name, __: said.append(name)
    with tcp_server(over_tls(says(OK), context)) as port:
        network = Loopback(tcp={(SITE, 443): port}, ca_file=authority.ca_file)
        (seen,) = measured(network, a_step(f"https://{SITE}/")).measurement.tls_handshakes
    assert (seen.server_name, seen.verified_name, seen.failure, said) == (None, SITE, None, [None])
    assert seen.ja4.startswith("t13i")


def test_the_catalogues_name_for_an_address_goes_into_the_hello(authority: Authority) -> None:
    with tcp_server(over_tls(says(OK), authority.good(NAME))) as port:
        network = Loopback(tcp={(SITE, 443): port}, ca_file=authority.ca_file)
        step = a_step(f"https://{SITE}/", target_server_name=NAME)
        (seen,) = measured(network, step).measurement.tls_handshakes
    assert (seen.server_name, seen.verified_name, seen.failure) == (NAME, NAME, None)


def test_the_hello_is_the_same_every_time() -> None:
    first, second = shaken(after_hello(fin)), shaken(after_hello(fin))
    assert first.ja4 == second.ja4 != ""
    assert first.client_hello_bytes == second.client_hello_bytes


def test_ja4_of_a_known_hello() -> None:
    context = hello.client_context(("h2", "http/1.1"))
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing, server_hostname=NAME).do_handshake()
    said = hello.ja4(outgoing.read())
    head, ciphers, _ = said.split("_")
    assert head[:4] == "t13d"
    assert head[-2:] == "h2"
    assert int(head[4:6]) == len(hello.CIPHERS.split(":")) + 4
    assert ciphers != "0" * 12
    assert hello.ja4(b"GET / HTTP/1.1\r\n") == ""
    assert hello.ja4(b"\x16\x03\x01\x00\x05\x01") == ""


def test_ctrl_c_during_a_handshake_leaves_what_was_seen() -> None:
    async def run() -> None:
        with tcp_server(after_hello()) as port:
            async with a_context(network_to(port), fast(timeout_s=5)) as ctx:
                from probe.measure import tcp, tls

                _, stream = await tcp.connect(ctx, SITE, 443)
                assert stream is not None
                with anyio.move_on_after(0.2):
                    await tls.handshake(ctx, stream, NAME, verified_name=NAME)
                assert [h.failure for h in ctx.tls_handshakes] == ["interrupted"]
                assert stream.sock.fileno() == -1

    anyio.run(run)
