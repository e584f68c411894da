"""One trial over loopback: what moves, how it ends, and what is said of it."""

import hashlib
import itertools
import random
import socket
import ssl
import sys
import threading
from typing import Any

import anyio
import pytest
from msgspec import structs

from loopback.authority import Authority
from loopback.servers import OTHER, SITE, Loopback, a_session, fast, measured, over_tls, reset, tcp_server
from loopback.transferring import (
    NAME,
    NEUTRAL,
    OBJECT,
    a_plan,
    a_step,
    an_arm,
    head,
    noting,
    one,
    paced,
    sends,
    stalls,
    transferred,
)
from probe.model.measurement import Measurement
from probe.model.transfer import TRIAL_SECONDS, Purpose, Transfer

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="TCP_INFO")
WHOLE = sends(head(131_072), OBJECT[:131_072])


def test_an_object_of_just_the_cap_comes_whole_and_nobody_capped_it(authority: Authority) -> None:
    found = one(transferred(authority, WHOLE))
    assert (found.failure, found.stage, found.ended_by) == (None, "", "")
    assert (found.status_code, found.declared_length, found.n_bytes) == (200, 131_072, 131_072)
    assert 131_072 < found.n_socket_bytes == sum(n for _, n in found.series) < 135_000
    assert found.requested is not None
    assert found.first_byte is not None
    assert found.requested <= found.series[0][0] <= found.first_byte <= found.series[-1][0] <= found.t
    assert found.t - found.requested < TRIAL_SECONDS


def test_a_larger_object_is_left_at_the_cap_and_less_than_a_record_beyond_it(authority: Authority) -> None:
    found = one(transferred(authority, sends(head(len(OBJECT)), OBJECT)))
    assert (found.failure, found.stage, found.ended_by) == (None, "", "we")
    assert (found.declared_length, found.n_bytes) == (len(OBJECT), 131_072)
    assert found.n_socket_bytes <= 131_072 + 2 * 16_500


def test_bytes_that_the_kernel_took_are_counted_for_the_user_though_nobody_read_them(
    authority: Authority,
) -> None:
    m = transferred(authority, sends(head(len(OBJECT)), OBJECT))
    assert m.bytes_received >= one(m).n_socket_bytes
    assert m.bytes_sent > 500


def test_a_slow_object_is_left_at_the_end_of_its_time(authority: Authority) -> None:
    found = one(transferred(authority, paced(17_500), a_plan(max_seconds=1.0)))
    assert (found.failure, found.stage, found.ended_by) == (None, "", "we")
    assert found.requested is not None
    assert 1.0 <= found.t - found.requested < 1.2
    assert 12_000 < found.n_bytes < 18_500
    assert len(found.series) > 10


def test_a_stalled_trial_runs_to_its_end_and_keeps_what_came(authority: Authority) -> None:
    found = one(transferred(authority, sends(head(len(OBJECT)), OBJECT[:16_384], then=stalls)))
    assert (found.failure, found.stage, found.ended_by) == (None, "", "we")
    assert found.n_bytes == 16_384
    assert found.requested is not None
    assert TRIAL_SECONDS <= found.t - found.requested < TRIAL_SECONDS + 0.2


def test_a_body_without_length_ends_with_its_connection(authority: Authority) -> None:
    found = one(transferred(authority, sends(head(None), OBJECT[:5000])))
    assert (found.failure, found.declared_length, found.n_bytes) == (None, None, 5000)
    assert found.ended_by == "close_notify"


def test_a_chunked_body_ends_with_its_last_chunk_and_declares_nothing(authority: Authority) -> None:
    chunks = b"".join(b"3e8\r\n" + OBJECT[:1000] + b"\r\n" for _ in range(5)) + b"0\r\n\r\n"
    found = one(transferred(authority, sends(head(None, "Transfer-Encoding: chunked"), chunks, then=stalls)))
    assert (found.failure, found.declared_length, found.n_bytes, found.ended_by) == (None, None, 5000, "")
    assert found.requested is not None
    assert found.t - found.requested < 1.0


FAILURES: dict[str, tuple[Any, str, str, str]] = {
    "an end before the declared length": (
        sends(head(100_000), OBJECT[:5000]),
        "eof_error",
        "body",
        "close_notify",
    ),
    "a reset in the body": (
        sends(head(100_000), OBJECT[:5000], 0.1, then=lambda sock, _: reset(sock)),
        "connection_reset",
        "body",
        "rst",
    ),
    "a reset instead of an answer": (
        sends(then=lambda sock, _: reset(sock)),
        "connection_reset",
        "request",
        "rst",
    ),
    "an end instead of an answer": (sends(), "eof_error", "request", "close_notify"),
    "what is no HTTP": (sends(b"SSH-2.0-OpenSSH_9.9\r\n\r\n"), "x_http_no_status_line", "request", ""),
    "broken HTTP": (sends(b"HTTP/1.1 nothing\r\n\r\n"), "x_http_parse_error", "request", ""),
    "endless headers": (
        sends(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000, then=stalls),
        "x_http_headers_too_large",
        "request",
        "",
    ),
    "endless interim answers": (
        sends(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 40_000, then=stalls),
        "x_http_headers_too_large",
        "request",
        "we",
    ),
    "two lengths": (
        sends(head(10, "Content-Length: 20"), OBJECT[:20]),
        "x_http_parse_error",
        "request",
        "",
    ),
    "a head that never comes": (sends(then=stalls), "generic_timeout_error", "request", "we"),
}


@pytest.mark.parametrize("what", FAILURES)
def test_what_ends_a_trial_is_named_with_the_stage_it_happened_in(authority: Authority, what: str) -> None:
    handler, failure, stage, ended_by = FAILURES[what]
    # Only silence is ended by the clock; what else ends a trial has time to, on a busy machine too.
    seconds = 0.6 if failure == "generic_timeout_error" else 5.0
    found = one(transferred(authority, handler, a_plan(max_seconds=seconds)))
    assert (found.failure, found.stage, found.ended_by) == (failure, stage, ended_by)


def test_a_head_that_crawls_ends_with_the_trial(authority: Authority) -> None:
    crawl = tuple(x for byte in head(5) for x in (bytes([byte]), 0.05))
    found = one(transferred(authority, sends(*crawl), a_plan(max_seconds=0.5)))
    assert (found.failure, found.stage) == ("generic_timeout_error", "request")
    assert found.requested is not None
    assert 0.5 <= found.t - found.requested < 1.5


def test_connecting_and_shaking_hands_have_stages_of_their_own(authority: Authority) -> None:
    network = Loopback(ca_file=authority.ca_file)
    found = one(measured(network, a_step(a_plan())).measurement)
    assert (found.failure, found.stage, found.requested) == ("connection_refused", "connect", None)

    def refuses(sock: socket.socket, _stop: threading.Event) -> None:
        sock.recv(1)
        reset(sock)

    with tcp_server(refuses) as port:
        network = Loopback(tcp={(SITE, 443): port}, ca_file=authority.ca_file)
        found = one(measured(network, a_step(a_plan())).measurement)
    assert (found.failure, found.stage, found.ended_by) == ("connection_reset", "tls", "rst")
    assert found.connect_s is not None


@pytest.mark.parametrize("ip", ["127.0.0.1", "10.0.0.1", "", "junk"])
def test_an_arm_at_an_address_that_is_not_public_is_not_tried(authority: Authority, ip: str) -> None:
    found = one(transferred(authority, WHOLE, a_plan(an_arm(ip=ip))))
    assert (found.failure, found.stage, found.n_bytes) == ("x_not_tried_reserved_address", "connect", 0)


def test_arms_run_in_their_order_under_their_names_and_nothing_else_is_recorded(authority: Authority) -> None:
    names: list[str | None] = []
    arms = (an_arm(arm="C1", server_name=NEUTRAL), an_arm(arm="T"))
    m = transferred(authority, WHOLE, a_plan(*arms, test=1, number=3), names=names)
    assert names == [NEUTRAL, NAME]
    assert [(t.arm, t.position, t.server_name, t.host, t.path, t.test, t.number) for t in m.transfers] == [
        ("C1", 0, NEUTRAL, NAME, "/large", 1, 3),
        ("T", 1, NAME, NAME, "/large", 1, 3),
    ]
    assert m.transfers[0].t <= m.transfers[1].t0
    assert (m.tcp_connect, m.tls_handshakes, m.requests, m.queries, m.network_events) == ((), (), (), (), ())


def test_an_arm_without_a_name_sends_none(authority: Authority) -> None:
    names: list[str | None] = []
    found = one(transferred(authority, WHOLE, a_plan(an_arm(server_name="")), names=names))
    assert (names, found.failure) == ([None], None)


def test_the_request_bears_the_owners_name_and_asks_for_what_is_planned(authority: Authority) -> None:
    heads: list[bytes] = []

    def handler(sock: socket.socket, _stop: threading.Event) -> None:
        heads.append(sock.recv(65536))
        sock.sendall(head(3) + b"abc")

    plan = a_plan(an_arm(server_name=NEUTRAL, host="owner.example:8443", path="/a b?c=d"))
    found = one(transferred(authority, handler, plan))
    assert found.failure is None
    lines = heads[0].decode().split("\r\n")
    assert lines[0] == "GET /a%20b?c=d HTTP/1.1"
    assert lines[1] == "Host: owner.example:8443"
    assert "Accept-Encoding: identity" in lines
    assert any(line.startswith("User-Agent: Mozilla/5.0") for line in lines)


def test_any_certificate_will_do_and_what_was_shown_is_kept(authority: Authority) -> None:
    context = authority.good("somebody.else")
    with tcp_server(over_tls(WHOLE, context)) as port:
        network = Loopback(tcp={(SITE, 443): port}, ca_file=authority.ca_file)
        found = one(measured(network, a_step(a_plan())).measurement)
        leaf = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", port)))
    assert (found.failure, found.n_bytes) == (None, 131_072)
    assert found.chain_length == 2
    assert found.certificate_sha256 == hashlib.sha256(leaf).hexdigest()


@LINUX
def test_samples_lie_fifty_milliseconds_apart_and_grow(authority: Authority) -> None:
    found = one(transferred(authority, paced(50_000), a_plan(max_seconds=0.8)))
    assert 8 <= len(found.samples) <= 16
    times = [s.t for s in found.samples]
    assert all(b - a >= 0.05 for a, b in itertools.pairwise(times))
    received = [s.bytes_received or 0 for s in found.samples]
    assert received == sorted(received)
    assert received[-1] > 20_000
    last = found.samples[-1]
    assert 0 < last.rtt_us < 200_000
    assert last.min_rtt_us is not None
    assert (last.reordering, last.rcv_ooopack, last.total_retrans) == (0, 0, 0)


@LINUX
def test_a_long_trial_thins_its_samples_out(authority: Authority) -> None:
    found = one(
        transferred(authority, paced(20_000), a_plan(max_seconds=4.0, max_bytes=10**6), fast(timeout_s=5.0))
    )
    assert 32 <= len(found.samples) <= 64
    assert found.samples[-1].t - found.samples[0].t > 3.5


@LINUX
@pytest.mark.parametrize(("asked", "at_most"), [(536, 536), (None, 65_535)])
def test_smaller_segments_are_what_the_server_sends(
    authority: Authority, asked: int | None, at_most: int
) -> None:
    sizes: list[int] = []

    def handler(sock: socket.socket, stop: threading.Event) -> None:
        sizes.append(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG))
        WHOLE(sock, stop)

    plan = a_plan(purpose="small_segments" if asked else "pair", max_segment=asked)
    found = one(transferred(authority, handler, plan))
    assert (found.failure, found.max_segment) == (None, asked)
    assert sizes[0] <= at_most
    assert (sizes[0] > 10_000) == (asked is None)


@LINUX
def test_a_segment_size_that_the_system_refuses_is_a_fault_of_this_machine(authority: Authority) -> None:
    found = one(transferred(authority, WHOLE, a_plan(max_segment=5)))
    assert (found.failure, found.stage) == ("x_local_invalid_argument", "connect")


def test_a_freeze_ends_when_nothing_came_for_a_while(authority: Authority) -> None:
    frozen = sends(head(len(OBJECT)), OBJECT[:16_384], then=stalls)
    found = one(transferred(authority, frozen, a_plan(purpose="freeze"), fast(timeout_s=6.0)))
    assert (found.failure, found.stage, found.ended_by, found.n_bytes) == (None, "", "we", 16_384)
    assert 1.2 <= found.t - found.series[-1][0] < 1.5
    assert (found.max_bytes, found.max_seconds) == (1_000_000, 6.0)


@pytest.mark.parametrize(("purpose", "n_bytes"), [("freeze", 16_384), ("small_segments", 40_000)])
def test_the_trial_in_small_segments_is_waited_for_as_a_page_is_so_that_a_server_may_pause(
    authority: Authority, purpose: Purpose, n_bytes: int
) -> None:
    pausing = sends(head(40_000), OBJECT[:16_384], 2.0, OBJECT[16_384:40_000])
    found = one(transferred(authority, pausing, a_plan(purpose=purpose), fast(timeout_s=6.0)))
    assert (found.failure, found.n_bytes, found.max_seconds) == (None, n_bytes, 6.0)


def test_and_what_stays_silent_is_given_up_when_a_page_would_be(authority: Authority) -> None:
    frozen = sends(head(len(OBJECT)), OBJECT[:16_384], then=stalls)
    found = one(transferred(authority, frozen, a_plan(purpose="small_segments"), fast(timeout_s=3.0)))
    assert (found.failure, found.ended_by, found.n_bytes) == (None, "we", 16_384)
    assert found.requested is not None
    assert 3.0 <= found.t - found.requested < 3.3


def test_a_freeze_is_not_capped_by_bytes_below_a_megabyte(authority: Authority) -> None:
    found = one(transferred(authority, sends(head(400_000), OBJECT[:400_000]), a_plan(purpose="freeze")))
    assert (found.n_bytes, found.ended_by) == (400_000, "")
    found = one(transferred(authority, sends(head(len(OBJECT)), OBJECT), a_plan(purpose="freeze")))
    assert (found.n_bytes, found.ended_by) == (1_000_000, "we")


def test_a_freeze_that_trickles_goes_on_to_the_time_out(authority: Authority) -> None:
    plan = a_plan(purpose="freeze")
    found = one(transferred(authority, paced(3000), plan, fast(timeout_s=2.0)))
    assert found.ended_by == "we"
    assert found.requested is not None
    assert 2.0 <= found.t - found.requested < 2.3


def test_a_server_that_thinks_before_it_answers_is_not_frozen(authority: Authority) -> None:
    late = sends(1.5, head(1000), OBJECT[:1000])
    found = one(transferred(authority, late, a_plan(purpose="freeze"), fast(timeout_s=4.0)))
    assert (found.failure, found.n_bytes) == (None, 1000)


def test_as_many_bytes_as_asked_for_elsewhere_and_no_more(authority: Authority) -> None:
    plan = a_plan(an_arm(arm="N", server_name=NEUTRAL), purpose="elsewhere", max_bytes=20_000)
    found = one(transferred(authority, sends(head(len(OBJECT)), OBJECT), plan))
    assert (found.n_bytes, found.ended_by, found.purpose) == (20_000, "we", "elsewhere")


def taking(bytes_per_s: int | None, answer: bytes = head(2) + b"{}") -> Any:
    """Take a body, evenly if a rate is given, and answer when all of it has come."""

    def handler(sock: socket.socket, stop: threading.Event) -> None:
        held = b""
        while b"\r\n\r\n" not in held:
            held += sock.recv(4096)
        first, _, body = held.partition(b"\r\n\r\n")
        length = int(first.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        got = len(body)
        while got < length:
            if bytes_per_s is not None and stop.wait(4096 / bytes_per_s):
                return
            data = sock.recv(4096)
            if not data:
                return
            got += len(data)
        sock.sendall(answer)

    return handler


def test_an_upload_counts_what_the_other_side_acknowledged(authority: Authority) -> None:
    found = one(transferred(authority, taking(None), a_plan(direction="up")))
    assert (found.failure, found.stage, found.status_code) == (None, "", 200)
    assert (found.n_bytes, found.direction) == (131_072, "up")
    assert 131_072 < found.n_socket_bytes < 136_000
    assert found.requested == found.first_byte
    assert found.requested is not None


@LINUX
def test_a_slow_upload_shows_its_rate_and_not_that_of_the_send_buffer(authority: Authority) -> None:
    def slow(sock: socket.socket, stop: threading.Event) -> None:
        taking(100_000)(sock, stop)

    context = noting(authority.good(NAME), [])

    def small_buffer(sock: socket.socket, stop: threading.Event) -> None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        over_tls(slow, context)(sock, stop)

    with tcp_server(small_buffer) as port:
        network = Loopback(tcp={(SITE, 443): port}, ca_file=authority.ca_file)
        plan = a_plan(direction="up", max_bytes=2_000_000, max_seconds=1.0)
        found = one(measured(network, a_step(plan), fast(timeout_s=3.0)).measurement)
    assert (found.failure, found.ended_by) == (None, "we")
    assert 0 < found.n_bytes < 1_500_000
    assert found.n_bytes <= found.n_socket_bytes


def test_an_upload_that_is_reset_keeps_what_was_taken(authority: Authority) -> None:
    def handler(sock: socket.socket, _stop: threading.Event) -> None:
        got = 0
        while got < 60_000:
            got += len(sock.recv(4096))
        reset(sock)

    found = one(transferred(authority, handler, a_plan(direction="up", max_bytes=1_000_000)))
    assert (found.failure, found.stage) == ("connection_reset", "body")
    assert found.n_bytes < 1_000_000


def test_a_trial_that_is_interrupted_is_kept_as_far_as_it_got(authority: Authority) -> None:
    kept: list[Measurement] = []

    async def run(network: Loopback) -> None:
        async with a_session(network, fast(timeout_s=5.0)) as session:
            session.on_interrupted = lambda m: kept.append(m.measurement)
            with anyio.move_on_after(0.7):
                await session.measure(a_step(a_plan(max_seconds=4.0)))

    frozen = sends(head(100_000), OBJECT[:5000], then=stalls)
    with tcp_server(over_tls(frozen, authority.good(NAME))) as port:
        anyio.run(run, Loopback(tcp={(SITE, 443): port}, ca_file=authority.ca_file))
    found = one(kept[0])
    assert (found.failure, found.stage, found.n_bytes) == ("interrupted", "body", 5000)
    assert sum(n for _, n in found.series) == found.n_socket_bytes > 5000


def test_whatever_a_server_says_the_trial_ends_with_a_record(authority: Authority) -> None:
    chance = random.Random(3)  # the same junk every time
    starts = [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", head(50)]
    pieces = [
        b"\r\n",
        b"Content-Length: ",
        b"0",
        b"ffffffff\r\n",
        b": ",
        b"\0",
        b"\xff",
        b"HTTP/1.1 100 \r\n\r\n",
    ]
    said = [chance.choice(starts) + b"".join(chance.choices(pieces, k=12)) for _ in range(24)]
    answers = iter(said)

    def handler(sock: socket.socket, stop: threading.Event) -> None:
        sends(next(answers))(sock, stop)

    with tcp_server(over_tls(handler, authority.good(NAME))) as port:
        network = Loopback(tcp={(SITE, 443): port}, ca_file=authority.ca_file)
        plan = a_plan(*(an_arm(server_name=f"n{i}.example") for i in range(len(said))), max_seconds=5.0)
        found = measured(network, a_step(plan)).measurement.transfers
    assert len(found) == len(said)
    assert {t.failure for t in found} <= {
        None,
        "eof_error",
        "x_http_parse_error",
        "x_http_no_status_line",
        "connection_reset",
    }


def test_neighbours_of_one_name_keep_their_distance(authority: Authority) -> None:
    found = transferred(authority, WHOLE, a_plan(an_arm(), an_arm())).transfers
    assert [t.failure for t in found] == [None, None]
    assert found[1].t0 - found[0].t0 >= 0.45


def test_a_step_without_a_plan_is_a_fault_of_ours(authority: Authority) -> None:
    step = structs.replace(a_step(a_plan()), transfer=None)
    with pytest.raises(ExceptionGroup) as raised:
        measured(Loopback(ca_file=authority.ca_file), step)
    assert raised.group_contains(ValueError, match="no transfer is planned")


def test_what_others_moved_is_the_interface_without_what_was_ours(authority: Authority) -> None:
    class Busy(Loopback):
        moved = 0
        step = 0

        def interface_bytes(self) -> int:
            self.moved += self.step
            return self.moved

    def foreign(step: int) -> Transfer:
        with tcp_server(over_tls(WHOLE, authority.good(NAME))) as port:
            network = Busy(tcp={(SITE, 443): port}, ca_file=authority.ca_file)
            network.step = step
            return one(measured(network, a_step(a_plan())).measurement)

    assert foreign(0).foreign_bytes == 0
    assert foreign(131_072).foreign_bytes == 0
    many = foreign(1_000_000).foreign_bytes
    assert many is not None
    assert 800_000 < many < 870_000


def test_where_the_system_does_not_tell_what_others_moved_nothing_is_said(authority: Authority) -> None:
    class Silent(Loopback):
        def interface_bytes(self) -> None:
            return None

    with tcp_server(over_tls(WHOLE, authority.good(NAME))) as port:
        network = Silent(tcp={(SITE, 443): port, (OTHER, 443): port}, ca_file=authority.ca_file)
        assert one(measured(network, a_step(a_plan())).measurement).foreign_bytes is None
