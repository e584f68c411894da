"""The arms at a helper: what it announces, which certificate it shows, what it sends, and what it signs."""

import functools
import json
import re
import socket
import threading
from typing import Any

import anyio
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from loopback.authority import Authority
from loopback.helper_arms import C2, HOST, IP, PORT, URL, Helper, X, a_helper, a_payload, pairs, signed
from loopback.servers import Loopback, fast, page, reset
from loopback.transferring import NAME, NEUTRAL, OBJECT, a_plan, head, stalls
from probe.helper.transfer import open_transfer_server
from probe.model.measurement import Measurement
from probe.model.options import RunOptions
from probe.model.transfer import ArmPlan, Transfer, TransferPlan

PAIR = a_plan(X, C2)


def asked(
    authority: Authority,
    helper: Helper,
    *plans: TransferPlan,
    options: RunOptions | None = None,
    pinned: str = "",
) -> list[Measurement]:
    with a_helper(authority, helper, pinned=pinned) as network:
        return anyio.run(functools.partial(pairs, network, *(plans or (PAIR,)), options=options))


def both(authority: Authority, helper: Helper, **more: Any) -> tuple[Transfer, ...]:
    (m,) = asked(authority, helper, **more)
    assert [t.arm for t in m.transfers] == ["X", "C2"]
    return m.transfers


def test_an_honest_helper_gives_both_arms_their_bytes_and_valid_receipts(authority: Authority) -> None:
    helper = Helper()
    (m,) = asked(authority, helper)
    x, c2 = m.transfers
    for t, name in ((x, NAME), (c2, NEUTRAL)):
        assert (t.failure, t.stage, t.ended_by) == (None, "", "")
        assert (t.ip, t.port, t.host, t.path, t.helper) == (IP, PORT, HOST, "/transfer", URL)
        assert (t.n_bytes, t.declared_length, t.status_code) == (131_072, 131_072, 200)
        assert t.receipt is not None
        assert (t.receipt.is_valid, t.receipt.server_name, t.receipt.n_bytes) == (True, name, 131_072)
        assert (t.receipt.retransmits, t.receipt.rtt_us, t.receipt.min_rtt_us) == (3, 43_000, 41_000)
        assert t.receipt.client_asn == "AS12389"
    assert (m.tcp_connect, m.tls_handshakes, m.queries, m.controls) == ((), (), (), ())
    assert m.bytes_received > 2 * 131_072


def test_receipts_are_asked_of_the_endpoint_and_cost_no_handshake_under_any_name(
    authority: Authority,
) -> None:
    helper = Helper()
    both(authority, helper)
    assert helper.names == [NAME, NEUTRAL]
    assert helper.asked[0] == "GET /transfer HTTP/1.1"
    assert all(
        re.fullmatch(r"GET /transfer\?bytes=131072&nonce=[0-9a-f]{32} HTTP/1\.1", line)
        for line in helper.asked[1:3]
    )
    assert helper.asked[3:] == ["POST /receipts HTTP/1.1"]
    assert len(helper.seen) == 2


def test_it_is_asked_once_a_run_what_it_serves(authority: Authority) -> None:
    helper = Helper()
    asked(authority, helper, PAIR, PAIR)
    assert [line.split("?")[0] for line in helper.asked].count("GET /transfer HTTP/1.1") == 1


def test_an_upload_to_a_helper_is_signed_for_too(authority: Authority) -> None:
    helper = Helper()
    (m,) = asked(authority, helper, a_plan(X, direction="up", max_bytes=50_000))
    (x,) = m.transfers
    assert (x.failure, x.status_code, x.n_bytes, x.direction) == (None, 200, 50_000, "up")
    assert x.receipt is not None
    assert (x.receipt.is_valid, x.receipt.n_bytes) == (True, 50_000)
    assert re.fullmatch(r"POST /transfer\?nonce=[0-9a-f]{32} HTTP/1\.1", helper.asked[1])
    assert helper.names == [NAME]


def test_no_more_is_asked_for_than_it_said_it_gives(authority: Authority) -> None:
    helper = Helper(announce=lambda said: {**said, "max_bytes": 20_000})
    for t in both(authority, helper):
        assert (t.failure, t.n_bytes, t.max_bytes, t.ended_by) == (None, 20_000, 20_000, "")


def test_a_certificate_that_is_not_the_announced_one_ends_the_arm_before_a_byte_is_asked_for(
    authority: Authority,
) -> None:
    helper = Helper()
    for t in both(authority, helper, pinned="ab" * 32):
        assert (t.failure, t.stage, t.requested) == ("x_helper_certificate", "helper", None)
        assert t.receipt is None
        assert len(t.certificate_sha256) == 64
    assert [line for line in helper.asked if "nonce" in line] == []


def test_after_another_certificate_it_is_asked_anew(authority: Authority) -> None:
    helper = Helper()
    asked(authority, helper, PAIR, PAIR, pinned="ab" * 32)
    assert helper.asked.count("GET /transfer HTTP/1.1") >= 2


ANNOUNCEMENTS: dict[str, tuple[Any, str]] = {
    "no JSON": (b"<html>hello", "json_parse_error"),
    "deep JSON": (b"[" * 4000, "x_helper_answer"),
    "torn JSON": (b'{"v":1,', "json_parse_error"),
    "a list": ([1], "x_helper_answer"),
    "another version": ({"v": 2}, "x_helper_answer"),
    "a port that is a word": ({"port": "443"}, "x_helper_answer"),
    "a port that is true": ({"port": True}, "x_helper_answer"),
    "no port at all": ({"port": 0}, "x_helper_answer"),
    "no fingerprint": ({"certificate_sha256": "AB" * 32}, "x_helper_answer"),
    "a fingerprint and more": ({"certificate_sha256": "ab" * 32 + "\n"}, "x_helper_answer"),
    "no key": ({"key": None}, "x_helper_answer"),
    "no bytes": ({"max_bytes": 0}, "x_helper_answer"),
    "time that is no number": ({"max_seconds": "NaN"}, "x_helper_answer"),
    "too much of it": (b" " * 5000, "json_parse_error"),
}


@pytest.mark.parametrize("what", ANNOUNCEMENTS)
def test_an_announcement_that_is_none_is_the_helpers_failure(authority: Authority, what: str) -> None:
    said, failure = ANNOUNCEMENTS[what]
    helper = Helper(announce=lambda honest: {**honest, **said} if isinstance(said, dict) else said)
    for t in both(authority, helper):
        assert (t.failure, t.stage, t.ip, t.helper) == (failure, "helper", "", URL)


def test_a_helper_without_transfers_says_so(authority: Authority) -> None:
    helper = Helper(status="404 Not Found")
    assert {(t.failure, t.stage) for t in both(authority, helper)} == {
        ("http_unexpected_status_code", "helper")
    }


def test_a_helper_that_failed_twice_is_left_alone(authority: Authority) -> None:
    helper = Helper(announce=lambda _: b"junk")
    ms = asked(authority, helper, PAIR, PAIR)
    assert [t.failure for m in ms for t in m.transfers] == [
        "json_parse_error",
        "json_parse_error",
        "x_control_resting",
        "x_control_resting",
    ]


def test_an_announcement_in_clear_is_not_asked_for(authority: Authority) -> None:
    helper = Helper()
    arm = ArmPlan(arm="X", server_name=NAME, helper="http://helper.example/")
    (m,) = asked(authority, helper, a_plan(arm))
    assert (m.transfers[0].failure, m.transfers[0].stage) == ("x_helper_answer", "helper")
    assert helper.asked == []


def test_a_helper_behind_a_bad_certificate_is_not_believed(authority: Authority) -> None:
    arm = ArmPlan(arm="X", server_name=NAME, helper="https://other.example/")
    with a_helper(authority, Helper()) as network:
        network.names["other.example"] = (IP,)
        (m,) = anyio.run(functools.partial(pairs, network, a_plan(arm)))
    assert (m.transfers[0].failure, m.transfers[0].stage) == ("ssl_invalid_hostname", "helper")


def test_a_helper_that_does_not_exist_is_a_failed_helper(authority: Authority) -> None:
    network = Loopback(ca_file=authority.ca_file)
    (m,) = anyio.run(functools.partial(pairs, network, PAIR))
    assert {(t.failure, t.stage) for t in m.transfers} == {("dns_nxdomain_error", "helper")}


def short(n: int) -> bytes:
    return head(n - 1) + OBJECT[: n - 1]


def cut(n: int) -> bytes:
    return head(n) + OBJECT[:5000]


def resets(sock: socket.socket, stop: threading.Event) -> None:
    stop.wait(0.1)
    reset(sock)


BODIES: dict[str, tuple[Helper, str | None, str, int]] = {
    "another length": (
        Helper(body=lambda n: head(n - 1) + OBJECT[: n - 1]),
        "x_helper_answer",
        "helper",
        131_071,
    ),
    "no length": (Helper(body=lambda n: head(None) + OBJECT[:n]), "x_helper_answer", "helper", 131_072),
    "another status": (
        Helper(body=lambda _: page(b"{}", status="429 Too Many Requests")),
        "http_unexpected_status_code",
        "helper",
        2,
    ),
    "a cut": (Helper(body=cut), "eof_error", "body", 5000),
    "a reset": (Helper(body=cut, after=resets), "connection_reset", "body", 5000),
    "a stall": (Helper(body=cut, after=stalls), None, "", 5000),
    "junk": (Helper(body=lambda _: b"\0" * 100), "x_http_no_status_line", "request", 0),
}


@pytest.mark.parametrize("what", BODIES)
def test_what_a_helper_sends_is_held_against_what_was_asked(authority: Authority, what: str) -> None:
    helper, failure, stage, n_bytes = BODIES[what]
    helper.asked.clear()
    helper.names.clear()
    (m,) = asked(authority, helper, a_plan(X, max_seconds=0.5 if what == "a stall" else 5.0))
    (x,) = m.transfers
    assert (x.failure, x.stage) == (failure, stage)
    assert x.n_bytes == n_bytes


def others(said: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**said, **changes}


INVALID: dict[str, Helper] = {
    "more bytes than were asked for": Helper(payload=lambda s: others(s, bytes=131_073)),
    "fewer bytes than arrived": Helper(payload=lambda s: others(s, bytes=131_071)),
    "the other direction": Helper(payload=lambda s: others(s, direction="up")),
    "another's signature": Helper(key=Ed25519PrivateKey.generate()),
    "a signature that is none": Helper(
        receipts=lambda rs: {"receipts": [{**r, "signature": "zz"} for r in rs]}
    ),
}


@pytest.mark.parametrize("what", INVALID)
def test_a_receipt_that_cannot_be_true_is_kept_and_not_valid(authority: Authority, what: str) -> None:
    for t in both(authority, INVALID[what]):
        assert t.failure is None
        assert t.receipt is not None
        assert not t.receipt.is_valid
        assert t.receipt.payload
        assert (t.receipt.signature == "") == ("signature" in what)


JUNK: dict[str, Helper] = {
    "another name": Helper(payload=lambda s: others(s, server_name="203.0.113.77")),
    "an address beside": Helper(payload=lambda s: others(s, client_ip="203.0.113.77")),
    "an address as a number": Helper(payload=lambda s: others(s, rtt_us=3405803853)),
    "an address as an AS": Helper(payload=lambda s: others(s, client_asn="AS3405803853")),
    "an address as a date": Helper(payload=lambda s: others(s, utc="203.0.113.77")),
    "a truth for a number": Helper(payload=lambda s: others(s, retransmits=True)),
    "a fraction": Helper(payload=lambda s: others(s, rtt_us=203.0113)),
    "another version": Helper(payload=lambda s: others(s, v=2)),
    "no JSON": Helper(receipts=lambda _: b"203.0.113.77"),
    "no list": Helper(receipts=lambda _: {"receipts": {}}),
    "a list of anything": Helper(receipts=lambda _: {"receipts": [1, None, "203.0.113.77", []]}),
    "another key": Helper(receipts=lambda rs: {"receipts": [{**r, "key": "203.0.113.77"} for r in rs]}),
    "a space in the payload": Helper(
        receipts=lambda rs: {"receipts": [signed(r["payload"] + " ") for r in rs]}
    ),
    "a field twice": Helper(
        receipts=lambda rs: {
            "receipts": [signed(r["payload"].replace('"v":1', '"v":"203.0.113.77","v":1')) for r in rs]
        }
    ),
    "receipts of others": Helper(receipts=lambda _: {"receipts": [signed(a_payload(nonce="f" * 32))] * 2}),
}


@pytest.mark.parametrize("what", JUNK)
def test_of_what_is_no_receipt_nothing_is_kept(authority: Authority, what: str) -> None:
    for t in both(authority, JUNK[what]):
        assert t.failure is None
        assert t.receipt is not None
        assert not t.receipt.is_valid
        assert (t.receipt.payload, t.receipt.signature, t.receipt.key) == ("", "", "")
        assert "203.0.113.77" not in repr(t)
        assert "3405803853" not in repr(t)


def test_swapped_receipts_do_not_pass_for_each_other(authority: Authority) -> None:
    helper = Helper()
    names = {NAME: NEUTRAL, NEUTRAL: NAME}
    helper.payload = lambda s: others(s, server_name=names[s["server_name"]])
    assert [t.receipt is not None and t.receipt.is_valid for t in both(authority, helper)] == [False, False]


def test_a_helper_that_gives_no_receipts_is_one_without(authority: Authority) -> None:
    helper = Helper(receipts=lambda _: {"receipts": []})
    assert [t.receipt for t in both(authority, helper)] == [None, None]


def test_receipts_that_never_come_hold_up_nothing(authority: Authority) -> None:
    class Slow(Helper):
        def tell_receipts(self, sock: socket.socket, held: bytes, stop: threading.Event) -> None:
            stop.wait(10)

    found = both(authority, Slow(), options=fast(timeout_s=1.0))
    assert [(t.failure, t.n_bytes, t.receipt) for t in found] == [(None, 131_072, None)] * 2


@pytest.mark.parametrize("direction", ["down", "up"])
def test_our_own_helper_and_our_own_client_agree(authority: Authority, direction: Any) -> None:
    async def run() -> Measurement:
        async with open_transfer_server(asn_of=lambda _: "AS64496") as server:
            announced = {
                "v": 1,
                "port": server.port,
                "certificate_sha256": server.certificate_sha256,
                "key": server.public_key,
                "max_bytes": 262_144,
                "max_seconds": 10.0,
            }
            helper = Helper(announce=lambda _: announced, others=server.receipts.of)
            with a_helper(authority, helper) as network:
                network.tcp[IP, server.port] = server.port
                (m,) = await pairs(network, a_plan(X, C2, direction=direction))
                return m

    m = anyio.run(run)
    for t in m.transfers:
        assert (t.failure, t.n_bytes, t.status_code) == (None, 131_072, 200)
        assert t.receipt is not None
        assert (t.receipt.is_valid, t.receipt.server_name) == (True, t.server_name)
        assert (t.receipt.n_bytes, t.receipt.client_asn) == (131_072, "AS64496")
        assert json.loads(t.receipt.payload)["direction"] == direction


def test_a_reset_by_name_at_the_helper_is_the_arms_failure_and_not_the_helpers(authority: Authority) -> None:
    class Censored(Helper):
        def back(self, sock: socket.socket, stop: threading.Event) -> None:
            if self.names[-1] == NAME:
                sock.recv(1)  # it was asked, and not in the midst of the handshake
                reset(sock)
                return
            super().back(sock, stop)

    x, c2 = both(authority, Censored())
    assert (x.failure, x.stage) == ("connection_reset", "request")
    assert (c2.failure, c2.receipt is not None and c2.receipt.is_valid) == (None, True)
    assert x.receipt is None or not x.receipt.is_valid


def test_a_dead_transfer_port_is_a_refused_connection(authority: Authority) -> None:
    helper = Helper(announce=lambda said: {**said, "port": 9})
    for t in both(authority, helper):
        assert (t.failure, t.stage, t.port) == ("connection_refused", "connect", 9)
