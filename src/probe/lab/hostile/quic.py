"""Hostile QUIC before there is a handshake: lists of versions, Retries, floods, broken packets, closes."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Final

from probe.lab.hostile import quic_words as w
from probe.lab.hostile.quic_words import crypto, first, flood, initial, number, row
from probe.model import failure as f

if TYPE_CHECKING:
    from probe.lab.hostile.records import Misbehaviour

DRAFT: Final = 0xFF00001D
"""A version that clients have left behind."""
OURS: Final = ("00000001", "6b3343cf")
NOISE: Final = random.Random(1).randbytes(4000)


def _silent(word: str, does: str, peer: Any, **facts: Any) -> Misbehaviour:
    """Return the row of what is passed over: silence, in the end."""
    return row(word, does, peer, f.TIMEOUT, completed=False, close_code=None, **facts)


def _broken(word: str, does: str, *frames: bytes, size: int = w.SMALLEST) -> Misbehaviour:
    """Return the row of Initials that open and hold what may not stand there."""
    peer = first(lambda d: [initial(d, said, n, size) for n, said in enumerate(frames)])
    return row(word, does, peer, f.X_QUIC_PROTOCOL, completed=False, close_code=None)


def _closed(word: str, does: str, code: int, reason: bytes = b"", *, failure: str) -> Misbehaviour:
    peer = first(lambda d: [initial(d, w.close(code, reason))])
    return row(word, does, peer, failure, close_code=code, close_reason=reason[:256].decode())


_NOTHING = (
    _silent("silent", "Says nothing to any datagram.", lambda _datagram, _send: None, datagrams_received=0),
    _silent("empty", "Sends datagrams of no bytes.", lambda _datagram, send: send(b"")),
    _silent("noise", "Sends noise.", first(lambda _: [NOISE[:1200]])),
    _silent("echo", "Sends everything back.", lambda datagram, send: send(datagram)),
    row("flood", "Sends noise without end.", flood(lambda _: NOISE, 400), f.X_QUIC_PROTOCOL, completed=False),
    _silent("vast", "Sends datagrams of 60 kB.", first(lambda _: [NOISE * 15] * 3)),
)

_VERSIONS = (
    row(
        "versions",
        "Lists 10,000 versions that nobody speaks.",
        first(lambda d: [w.versions(d, range(0x1A2A3A4A, 0x1A2A3A4A + 10_000))]),
        f.QUIC_INCOMPATIBLE_VERSION,
        server_versions=tuple(f"{0x1A2A3A4A + n:08x}" for n in range(16)),
    ),
    row(
        "versions_cut",
        "Lists a version and a half.",
        first(lambda d: [w.versions(d, (DRAFT,)) + b"\1\2"]),
        f.QUIC_INCOMPATIBLE_VERSION,
        server_versions=("ff00001d",),
    ),
    row(
        "versions_none",
        "Lists no version at all.",
        first(lambda d: [w.versions(d, ())]),
        f.X_QUIC_PROTOCOL,
        server_versions=(),
        close_code=None,
    ),
    _silent(
        "versions_ours",
        "Lists the version that it was asked in.",
        first(lambda d: [w.versions(d, (1, 0x6B3343CF))]),
        server_versions=OURS,
    ),
    _silent(
        "versions_two",
        "Lists a version that we speak too, and is silent in it.",
        first(lambda d: [w.versions(d, (0x6B3343CF,))]),
        server_versions=OURS[1:],
    ),
    _silent(
        "versions_stranger",
        "Lists versions for somebody else.",
        first(lambda _: [b"\x80\0\0\0\0\x08" + b"x" * 8 + b"\x08" + b"y" * 8 + b"\xff\0\0\x1d"]),
        server_versions=(),
    ),
)

_RETRIES = (
    _silent("retry", "Asks to try again, for ever.", first(lambda d: [w.retry(d, b"again")])),
    _silent(
        "retry_unsealed",
        "Asks to try again under a bad tag.",
        first(lambda d: [w.retry(d, b"x", is_sealed=False)]),
    ),
    _silent("retry_no_token", "Asks to try again and gives no token.", first(lambda d: [w.retry(d, b"")])),
    _silent(
        "retry_vast", "Asks to try again with a token of 60 kB.", first(lambda d: [w.retry(d, NOISE * 15)])
    ),
    _silent(
        "retry_large",
        "Asks to try again with a token that leaves no room for a packet.",
        first(lambda d: [w.retry(d, NOISE[:1180])]),
    ),
    _silent(
        "retry_tight",
        "Asks to try again with a token that leaves room for a few bytes.",
        first(lambda d: [w.retry(d, NOISE[:1140])]),
    ),
)

_PACKETS = (
    _silent(
        "long_ids", "Gives itself a name of 255 bytes.", first(lambda _: [b"\xc0\0\0\0\1\xff" + bytes(1195)])
    ),
    _silent(
        "cut", "Cuts its packets off, anywhere.", first(lambda d: [initial(d, w.PING)[:n] for n in range(60)])
    ),
    _silent(
        "sealed_else",
        "Seals its packets with another's keys.",
        first(lambda d: [initial(d, w.PING, keys=b"stranger")]),
    ),
    _silent("padding", "Sends padding and nothing else.", flood(lambda d: initial(d, b""), 200)),
    _silent("pings", "Pings over and over.", flood(lambda d: initial(d, w.PING), 200)),
    _silent(
        "packed",
        "Packs 60 packets into a datagram.",
        first(lambda d: [b"".join(initial(d, w.PING, n, 0) for n in range(60))]),
    ),
    _silent(
        "ack_unsent",
        "Confirms what nobody sent.",
        first(lambda d: [initial(d, w.ACK + number(1000) + bytes(3))]),
    ),
    _broken(
        "ack_ranges",
        "Confirms a billion ranges of packets.",
        w.ACK + number(1 << 40) + b"\0" + number(1 << 30) + b"\0",
    ),
    _broken("unknown_frame", "Sends a frame that nobody knows.", b"\x40\x99"),
    _broken("stream_early", "Sends data before there are keys.", b"\x0a\0\5hello"),
    _broken("done_early", "Says that the handshake is done.", b"\x1e"),
    _broken("application_close", "Closes as only an application may.", b"\x1d\2\0"),
    _broken("cut_frame", "Cuts a frame off.", b"\6\0\x44\xff" + b"x" * 3, size=0),
)

_HANDSHAKES = (
    _broken("crypto_gap", "Begins the handshake a terabyte late.", crypto(b"x" * 10, 1 << 40)),
    _broken("crypto_end", "Begins it where QUIC ends.", crypto(b"x" * 10, (1 << 62) - 5)),
    _broken(
        "crumbs",
        "Sends every other byte of a handshake.",
        *(b"".join(crypto(b"x", 2 * (200 * n + m) + 1) for m in range(200)) for n in range(4)),
    ),
    _silent(
        "hello_vast",
        "Announces a handshake of 16 MB.",
        first(lambda d: [initial(d, crypto(b"\2\xff\xff\xff" + bytes(900)))]),
    ),
    _silent(
        "hello_text",
        "Answers a block page for a handshake.",
        first(lambda d: [initial(d, crypto(b"HTTP/1.1 403 Forbidden\r\n\r\n"))]),
    ),
    row(
        "hello_noise",
        "Answers a handshake that is none.",
        first(lambda d: [initial(d, crypto(b"\2\0\0\4abcd"))]),
        f.TLS_FAILED_HANDSHAKE,
        close_code=None,
    ),
)

_CLOSES = (
    _closed("refused", "Refuses the connection.", 0x02, failure=f.CONNECTION_REFUSED),
    _closed("alert", "Closes as its handshake failed.", 0x128, b"no", failure=f.TLS_FAILED_HANDSHAKE),
    _closed("alert_name", "Closes as it knows no such name.", 0x170, failure=f.TLS_INVALID_HOSTNAME),
    _closed("last_words", "Closes with 900 letters.", 0x0A, b"\x1b[2J" * 225, failure=f.X_QUIC_CLOSED),
    _closed("vast_code", "Closes with the largest code there is.", (1 << 62) - 1, failure=f.X_QUIC_CLOSED),
)

ROWS: Final = (*_NOTHING, *_VERSIONS, *_RETRIES, *_PACKETS, *_HANDSHAKES, *_CLOSES)
