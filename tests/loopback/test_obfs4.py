"""obfs4 against a small bridge of the test's own: only who knows its identity gets its mark."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING

from loopback.servers import SITE, Loopback, tcp_server
from loopback.settings import QUICK, a_session, a_target
from probe.measure import obfs4
from probe.model.target import Step
from probe.model.vpn import Obfs4Keys, VPNExchange

if TYPE_CHECKING:
    import socket
    import threading

KEYS = Obfs4Keys(node_id=bytes(range(20)), public_key=bytes(range(32)))
STRANGER = Obfs4Keys(node_id=bytes(20), public_key=bytes(range(32)))


def answer(heard: bytes) -> bytes:
    """Return the bridge's answer: its key, the proof of its own, padding, mark, MAC; nothing to strangers."""
    now = int(time.time()) // obfs4.HOUR_S
    near = (str(each).encode() for each in (now, now - 1))  # the hour may have ended on the way
    hour = next((each for each in near if obfs4.mac(KEYS, heard[:-16], each) == heard[-16:]), None)
    if hour is None:
        return b""
    body = secrets.token_bytes(364)
    body += obfs4.mac(KEYS, body[:32])
    return body + obfs4.mac(KEYS, body, hour)


def measured(*, ours: Obfs4Keys = KEYS, cut: int = 0, closes: bool = False) -> list[VPNExchange]:
    """Measure the bridge, which leaves out the last bytes of its answer, or closes behind it."""

    def bridge(sock: socket.socket, stop: threading.Event) -> None:
        said = answer(sock.recv(8192))
        sock.sendall(said[: len(said) - cut])
        if not closes:
            stop.wait(5)

    async def run(port: int) -> list[VPNExchange]:
        target = a_target(f"obfs4://{SITE}:444", experiment="vpn")
        network = Loopback(tcp={(SITE, 444): port})
        async with a_session(network, options=QUICK, keys={target.target_id: ours}) as session:
            return list(
                (await session.measure(Step(target=target, experiment="vpn"))).measurement.vpn_exchanges
            )

    with tcp_server(bridge) as port:
        return asyncio.run(run(port))


def told(found: list[VPNExchange]) -> list[tuple[str, str | None, str, int]]:
    return [(x.stage, x.failure, x.reached, x.packets_received) for x in found]


def test_a_bridge_that_is_the_one_of_the_line_shows_its_mark_and_no_data_is_sent() -> None:
    assert told(measured()) == [("handshake", None, "mark", 1)]


def test_somebody_elses_line_meets_silence() -> None:
    assert told(measured(ours=STRANGER)) == [("handshake", "generic_timeout_error", "", 0)]


def test_an_answer_whose_last_byte_is_missing_proves_nothing() -> None:
    assert told(measured(cut=1)) == [("handshake", "generic_timeout_error", "", 0)]


def test_a_bridge_that_closes_early_is_an_end_of_the_stream() -> None:
    assert told(measured(cut=1, closes=True)) == [("handshake", "eof_error", "", 0)]


def test_the_message_is_of_a_length_that_one_packet_carries_and_differs_each_time() -> None:
    first, second = (obfs4.hello(KEYS, 0.0)[0] for _ in range(2))
    assert first[:32] != second[:32]
    assert 141 <= len(first) < 1100
