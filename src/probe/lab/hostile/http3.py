"""Hostile HTTP/3: servers that shake hands over QUIC, if they do, and then send frames by hand.

Needs the extra `quic` when it is used, not when it is read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from probe.lab.hostile.quic_words import number
from probe.lab.hostile.records import Misbehaviour
from probe.model import failure as f

Act = Callable[[Any], object]
"""Takes aioquic's connection of the server and sends."""

DATA, HEADERS, SETTINGS, PUSH, GOAWAY, UNKNOWN = 0, 1, 4, 5, 7, 0x21
ASKED: Final = 0
"""The stream of the client's first request."""
CONTROL, ENCODER, OTHER = 3, 7, 11
"""Streams that a server opens; the first byte tells what for."""


def frame(kind: int, payload: bytes = b"", length: int | None = None) -> bytes:
    """Return a frame (RFC 9114, 7.1), with the length it announces if that is another."""
    return number(kind) + number(len(payload) if length is None else length) + payload


HELLO: Final = b"\0" + frame(SETTINGS)
OK: Final = frame(HEADERS, b"\0\0\xd9")
""":status 200 by the number that it has in every table (RFC 9204, A)."""
HINTS: Final = frame(HEADERS, b"\0\0\xd8")
PAGE: Final = frame(DATA, b"ok")
ENTRY: Final = b"\x3f\xe1\x1f" + b"\x41x\x7f\xa1\x1e" + b"a" * 4000
"""A table of 4,096 bytes, and in it a header x of 4,000 letters."""


def _answering(act: Act, parameters: bytes | None = None) -> Callable[..., Any]:
    """Return what makes the server's side: it acts when the first bytes of a request are here.

    `parameters` stand where the transport parameters should.
    """

    def make(connection: Any, stream_handler: Any = None) -> Any:
        from aioquic.asyncio.protocol import QuicConnectionProtocol
        from aioquic.quic.events import StreamDataReceived

        class Hostile(QuicConnectionProtocol):
            has_acted = False

            def quic_event_received(self, event: Any) -> None:
                if isinstance(event, StreamDataReceived) and event.stream_id == ASKED and not self.has_acted:
                    self.has_acted = True
                    act(connection)
                    self.transmit()

        if parameters is not None:
            connection._serialize_transport_parameters = lambda: parameters  # noqa: SLF001  # no public way
        return Hostile(connection, stream_handler=stream_handler)

    return make


def _sends(*pieces: bytes, control: bytes = HELLO, encoder: bytes = b"", ends: bool = True) -> Act:
    """Send the control stream, the encoder's, then an answer in pieces."""

    def act(connection: Any) -> None:
        if control:
            connection.send_stream_data(CONTROL, control)
        if encoder:
            connection.send_stream_data(ENCODER, b"\2" + encoder)
        connection.send_stream_data(ASKED, b"".join(pieces), end_stream=ends)

    return act


def _controls(*pieces: bytes, ends: bool = False) -> Act:
    return lambda connection: connection.send_stream_data(CONTROL, b"".join(pieces), end_stream=ends)


def _two_controls(connection: Any) -> None:
    for stream in (CONTROL, ENCODER):
        connection.send_stream_data(stream, HELLO)


def _strange_streams(connection: Any) -> None:
    _sends(OK, PAGE)(connection)
    for n in range(60):
        connection.send_stream_data(OTHER + 4 * n, b"\x40\x99" + bytes(50))


def _resets(connection: Any) -> None:
    connection.reset_stream(ASKED, 0x10C)


def _closes(connection: Any) -> None:
    connection.close(error_code=0x100, reason_phrase="\x1b[2J")


def _row(word: str, does: str, act: Act, failure: str | None = None, **facts: Any) -> Misbehaviour:
    return Misbehaviour(
        name=f"http3.{word}",
        does=does,
        door="h3",
        peer=_answering(act),
        failure=failure,
        facts=facts,
        seen_in="requests",
    )


def _none(word: str, does: str, act: Act) -> Misbehaviour:
    """Return the row of what is no HTTP/3 that one could go on with."""
    return _row(word, does, act, f.X_QUIC_PROTOCOL, status_code=None)


def _large(word: str, does: str, act: Act) -> Misbehaviour:
    return _row(word, does, act, f.X_HTTP_HEADERS_TOO_LARGE, status_code=None)


def _parameters(word: str, does: str, parameters: bytes) -> Misbehaviour:
    """Return the row of a handshake with these transport parameters."""
    return Misbehaviour(
        name=f"http3.{word}",
        does=does,
        door="h3",
        peer=_answering(_sends(OK, PAGE), parameters),
        failure=f.X_QUIC_PROTOCOL,
        facts={"completed": False, "close_code": None},
    )


ROWS: Final = (
    _parameters("no_parameters", "Shakes hands without transport parameters.", b""),
    _parameters("parameter_noise", "Shakes hands with noise for transport parameters.", b"\xff" * 50),
    _parameters("tiny_parameter", "Takes datagrams of a hundred bytes at most.", b"\x03\x02\x40\x64"),
    _none("settings_twice", "Says its settings twice.", _controls(HELLO, frame(SETTINGS))),
    _none("no_settings", "Says goodbye before its settings.", _controls(b"\0", frame(GOAWAY, b"\0"))),
    _none("old_settings", "Says settings of HTTP/2.", _controls(b"\0", frame(SETTINGS, b"\2\0"))),
    _none("control_ends", "Ends the stream that must not end.", _controls(HELLO, ends=True)),
    _none("two_controls", "Opens the one control stream twice.", _two_controls),
    _none("data_first", "Sends a body before its headers, over HTTP/3.", _sends(PAGE)),
    _none("settings_for_answer", "Answers with settings.", _sends(frame(SETTINGS))),
    _none("no_status", "Answers without a status, over HTTP/3.", _sends(frame(HEADERS, b"\0\0\x21x\x01y"))),
    _none(
        "two_statuses",
        "Answers 200 and 403 at once, over HTTP/3.",
        _sends(frame(HEADERS, b"\0\0\xd9\xff\x04")),
    ),
    _none(
        "qpack_index", "Names a header that no table holds.", _sends(frame(HEADERS, b"\0\0\xff\xff\xff\x0f"))
    ),
    _none(
        "qpack_bomb",
        "Names one long header 10,000 times, by QPACK's table.",
        _sends(frame(HEADERS, b"\x02\0\xd9" + b"\x80" * 10_000), encoder=ENTRY),
    ),
    _none("push", "Promises what it was told not to.", _sends(frame(PUSH, b"\0\0\0\xd9"))),
    _row(
        "vast_headers",
        "Announces headers of a gigabyte.",
        _sends(frame(HEADERS, b"x", 1 << 30), ends=False),
        f.TIMEOUT,
        status_code=None,
    ),
    _large(
        "many_headers",
        "Sends 20,000 headers in as many bytes.",
        _sends(frame(HEADERS, b"\0\0\xd9" + b"\xf4" * 20_000)),
    ),
    _none("qpack_wait", "Names a header that its table never gets.", _sends(frame(HEADERS, b"\x02\0\x80"))),
    _row(
        "unknown_frame",
        "Announces a frame of an exabyte that nobody knows.",
        _sends(frame(UNKNOWN, b"x", 1 << 60), ends=False),
        f.TIMEOUT,
        status_code=None,
    ),
    _row(
        "reset",
        "Resets the stream for an answer, over HTTP/3.",
        _resets,
        f.CONNECTION_RESET,
        status_code=None,
    ),
    _row("closes", "Closes the connection for an answer.", _closes, f.EOF, status_code=None),
    _row(
        "stalls",
        "Stops within the body and says no more, over HTTP/3.",
        _sends(OK, PAGE, ends=False),
        f.TIMEOUT,
        body="ok",
    ),
    _row(
        "hints",
        "Says 103 Early Hints before its answer.",
        _sends(HINTS * 3, OK, PAGE),
        status_code=200,
        body="ok",
    ),
    _row(
        "endless_hints",
        "Says 103 Early Hints and never answers.",
        _sends(HINTS * 2000, ends=False),
        f.X_HTTP_HEADERS_TOO_LARGE,
    ),
    _row("strange_streams", "Opens sixty streams of a kind that nobody knows.", _strange_streams, body="ok"),
)
