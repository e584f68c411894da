"""Hostile resolvers over connections: TCP, TLS, HTTPS and QUIC."""

from __future__ import annotations

import asyncio
import struct
from typing import TYPE_CHECKING, Any

from probe.lab import injected, pages
from probe.lab.hostile import dns_words as w
from probe.lab.hostile.acts import answers, drips, floods, sends
from probe.lab.hostile.records import Misbehaviour
from probe.lab.records import Answer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from probe.lab.hostile.records import Door
    from probe.lab.records import Act, Request, Wire

    Asked = Callable[[Wire, bytes], Awaitable[None]]

MESSAGE = (("Content-Type", "application/dns-message"),)
TEN_MB = bytes(10_000_000)
PATIENCE_S = 2.7
"""Of TLS and an HTTP exchange after it, each of which has the probe's second."""


def framed(message: bytes) -> bytes:
    """Return a message with its length in front."""
    return struct.pack("!H", len(message)) + message


def _after(made: Callable[[bytes], Act]) -> Asked:
    async def asked(wire: Wire, query: bytes) -> None:
        await made(query)(wire)

    return asked


def _row(
    door: Door, word: str, does: str, made: Callable[[bytes], Act], failure: str | None, **more: Any
) -> Misbehaviour:
    name = f"{door.replace('-', '_')}.{word}"
    return Misbehaviour(name=name, does=does, door=door, peer=_after(made), failure=failure, **more)


def _doh(
    word: str, does: str, answer: Callable[[Request], Answer], failure: str, **more: Any
) -> Misbehaviour:
    return Misbehaviour(name=f"doh.{word}", does=does, door="doh", peer=answer, failure=failure, **more)


def _says(
    body: Callable[[bytes], bytes], *headers: tuple[str, str], status: int = 200
) -> Callable[[Request], Answer]:
    """Answer with what the function makes of the query; whoever asks nothing gets 400."""

    def answer(request: Request) -> Answer:
        if not request.body:
            return Answer(status=400)
        return Answer(status=status, headers=headers or MESSAGE, body=body(request.body))

    return answer


def _in_two(query: bytes) -> Act:
    """Send the good answer in two halves, the second after the probe's patience."""

    async def act(wire: Wire) -> None:
        whole = framed(w.good(query))
        await wire.write(whole[:20])
        await asyncio.sleep(1.5)
        await wire.write(whole[20:])

    return act


def _doq(
    word: str, does: str, made: Callable[[bytes], bytes], failure: str | None, **more: Any
) -> Misbehaviour:
    def peer(query: bytes) -> list[tuple[float, bytes]]:
        return [(0.0, made(query))]

    return Misbehaviour(name=f"doq.{word}", does=does, door="doq", peer=peer, failure=failure, **more)


TRULY = {"answers": (w.TRUE,)}

ROWS = (
    _row(
        "dns-tcp",
        "reset",
        "Resets the connection when it is asked.",
        lambda _q: injected.reset,
        "connection_reset",
    ),
    _row("dns-tcp", "fin", "Hangs up when it is asked.", lambda _q: injected.fin, "eof_error"),
    _row(
        "dns-tcp",
        "silence",
        "Takes a query over TCP and never answers.",
        lambda _q: injected.swallow,
        "generic_timeout_error",
    ),
    _row(
        "dns-tcp",
        "no_bytes",
        "Answers with a message of length zero.",
        lambda _q: sends(framed(b"")),
        "x_dns_reply_unparsable",
    ),
    _row(
        "dns-tcp",
        "one_byte",
        "Sends half of the length, then hangs up.",
        lambda _q: sends(b"\0"),
        "eof_error",
    ),
    _row(
        "dns-tcp",
        "cut",
        "Announces 500 bytes, sends twenty and hangs up.",
        lambda q: sends(b"\x01\xf4" + w.good(q)[:20]),
        "eof_error",
    ),
    _row(
        "dns-tcp",
        "drip",
        "Sends a message a byte at a time over TCP, and never the last.",
        lambda _q: drips(b"\xff\xff"),
        "generic_timeout_error",
    ),
    _row("dns-tcp", "half", "Sends half of its answer, the rest too late.", _in_two, "generic_timeout_error"),
    _row(
        "dns-tcp",
        "in_pieces",
        "Sends a good answer in seven segments.",
        lambda q: sends(*(framed(w.good(q))[at : at + 8] for at in range(0, 56, 8))),
        None,
        facts=TRULY,
    ),
    _row(
        "dns-tcp",
        "two_answers",
        "Sends a good answer and a forged one behind it.",
        lambda q: sends(framed(w.good(q)) + framed(w.good(q, w.OTHER))),
        None,
        facts=TRULY,
    ),
    _row(
        "dns-tcp",
        "wrong_id",
        "Answers under another id, over TCP.",
        lambda q: sends(framed(w.reply(q, w.GOOD, number=~q[0] << 8))),
        "dns_reply_with_wrong_query_id",
    ),
    _row(
        "dns-tcp",
        "flood",
        "Sends zeros without end behind a length of 65,535.",
        lambda _q: floods(b"\xff\xff", bytes(65536)),
        "dns_reply_with_wrong_query_id",
    ),
    _row(
        "dns-tcp",
        "web",
        "Answers as a web server would.",
        lambda _q: sends(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
        "eof_error",
    ),
    _row(
        "dot",
        "reset",
        "Resets the connection when it is asked within TLS.",
        lambda _q: injected.reset,
        "connection_reset",
    ),
    _row("dot", "fin", "Says goodbye when it is asked within TLS.", lambda _q: injected.fin, "eof_error"),
    _row(
        "dot",
        "no_bytes",
        "Answers with a message of length zero, within TLS.",
        lambda _q: sends(framed(b"")),
        "x_dns_reply_unparsable",
    ),
    _row(
        "dot",
        "drip",
        "Sends a byte at a time within TLS, and never the last.",
        lambda _q: drips(b"\xff\xff"),
        "generic_timeout_error",
        within_s=PATIENCE_S,
    ),
    _row(
        "dot",
        "flood",
        "Sends zeros without end within TLS, behind a length of 65,535.",
        lambda _q: floods(b"\xff\xff", bytes(65536)),
        "dns_reply_with_wrong_query_id",
    ),
    _doh("page", "Answers with a web page.", lambda _r: pages.own_page("dns"), "x_doh_not_dns"),
    _doh(
        "noise",
        "Calls noise a DNS message.",
        _says(lambda _q: bytes(range(200, 240))),
        "x_dns_reply_unparsable",
    ),
    _doh("empty", "Calls nothing a DNS message.", _says(lambda _q: b""), "x_dns_reply_unparsable"),
    _doh(
        "error",
        "Answers with status 500 and a good message.",
        _says(w.good, *MESSAGE, status=500),
        "http_unexpected_status_code",
    ),
    _doh(
        "redirect",
        "Sends the query elsewhere.",
        lambda _r: pages.redirect("https://dns.example/"),
        "http_unexpected_status_code",
    ),
    _doh(
        "no_content",
        "Answers that there is no content.",
        _says(lambda _q: b"", status=204),
        "http_unexpected_status_code",
    ),
    _doh(
        "ten_megabytes",
        "Answers with ten megabytes of zeros.",
        _says(lambda _q: TEN_MB),
        "x_dns_not_a_response",
    ),
    _doh(
        "drip",
        "Sends its answer a byte at a time, and never the last.",
        answers(
            drips(b"HTTP/1.1 200 OK\r\nContent-Type: application/dns-message\r\nContent-Length: 9999\r\n\r\n")
        ),
        "generic_timeout_error",
        within_s=PATIENCE_S,
    ),
    _doh(
        "silence",
        "Takes the query and never answers.",
        answers(injected.swallow),
        "generic_timeout_error",
        within_s=PATIENCE_S,
    ),
    _doh(
        "reset", "Resets the connection when it has the query.", answers(injected.reset), "connection_reset"
    ),
    _doq(
        "no_bytes",
        "Answers with a message of length zero, over QUIC.",
        lambda _q: b"",
        "x_dns_reply_unparsable",
    ),
    _doq(
        "wrong_id",
        "Answers under an id that is not zero.",
        lambda q: w.reply(q, w.GOOD, number=7),
        "dns_reply_with_wrong_query_id",
    ),
    _doq(
        "maze",
        "Gives sixteen thousand records in one message, over QUIC.",
        lambda q: w.reply(q, w.GOOD * 16_000, counts=(1, 16_000, 0, 0))[:65_535],
        "x_dns_reply_unparsable",
    ),
)
