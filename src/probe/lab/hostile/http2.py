"""Hostile HTTP/2: what is none, floods of frames, frames where they may not stand, and odd answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from probe.lab import injected
from probe.lab.hostile import http2_words as w
from probe.lab.hostile.http2_words import after, at_once, flood, frame, head, row, setting
from probe.model import failure as f

if TYPE_CHECKING:
    from probe.lab.hostile.records import Misbehaviour
    from probe.lab.records import Act

EIGHT: Final = bytes(8)
LITERAL: Final = b"\x40\x01x\x7f\xa1\x1e" + b"a" * 4000
"""A header x of 4,000 letters, to be kept in the table; \\xbe then names it again."""
PAIR: Final = b"\x40\x01x\x01y"
MANY_SETTINGS: Final = frame(
    w.SETTINGS, 0, 0, b"".join(bytes((255, n % 256)) + bytes(4) for n in range(2700))
)


def _none(word: str, does: str, act: Act) -> Misbehaviour:
    """Return the row of what is no HTTP/2 that one could go on with, before there was an answer."""
    return row(word, does, act, f.HTTP_REQUEST_FAILED, status_code=None)


def _spoilt(word: str, does: str, act: Act, **facts: Any) -> Misbehaviour:
    """Return the row of an answer that began well."""
    return row(word, does, act, f.HTTP_REQUEST_FAILED, status_code=200, **facts)


def _capped(word: str, does: str, act: Act) -> Misbehaviour:
    return row(word, does, act, status_code=200, body_is_capped=True)


_NO_HTTP2 = (
    _none(
        "http1", "Answers in HTTP/1.1 what was agreed to be HTTP/2.", at_once(b"HTTP/1.1 200 OK\r\n\r\nok")
    ),
    _none("noise", "Sends bytes that are no frames.", at_once(bytes(range(1, 200)))),
    _none(
        "no_settings",
        "Answers without having said its settings.",
        at_once(frame(w.PING, 0, 0, EIGHT), w.OK, w.END),
    ),
    row("silent", "Shakes hands and says nothing.", injected.swallow, f.TIMEOUT, status_code=None),
    row("hello_only", "Says its settings and never answers.", after(), f.TIMEOUT, status_code=None),
    row("window_zero", "Lets nobody send, for ever.", after(setting(4, 0)), f.TIMEOUT, status_code=None),
    _none("oversize_hello", "Announces settings of 16 MB.", at_once(b"\xff\xff\xff\x04" + bytes(105))),
    _none("oversize_headers", "Announces headers of 16 MB.", after(b"\xff\xff\xff\x01\x04\0\0\0\x01")),
    _capped(
        "oversize_data",
        "Announces 16 MB in a frame and sends them.",
        flood(w.OK + b"\xff\xff\xff\0\0\0\0\0\x01", bytes(65536)),
    ),
    _spoilt(
        "large_data", "Sends a frame longer than it may.", after(w.OK, frame(w.DATA, 1, 1, bytes(20_000)))
    ),
)

_FLOODS = (
    _none("settings_flood", "Sends settings without end.", flood(b"", w.HELLO * 1000)),
    _none("many_settings", "Sends 2,700 settings in a frame, over and over.", flood(b"", MANY_SETTINGS)),
    _none("ping_flood", "Pings without end.", flood(b"", frame(w.PING, 0, 0, EIGHT) * 500)),
    _capped(
        "ping_flood_in_body",
        "Answers, then pings without end.",
        flood(w.OK, frame(w.PING, 0, 0, EIGHT) * 500),
    ),
    _none(
        "window_flood",
        "Opens its window a byte at a time.",
        flood(b"", frame(w.WINDOW, 0, 0, b"\0\0\0\1") * 1000),
    ),
    _none(
        "priority_flood",
        "Tells of priorities that nobody asked for.",
        flood(b"", frame(w.PRIORITY, 0, 3, bytes(5)) * 1000),
    ),
    _none(
        "unknown_flood", "Sends frames that nobody knows.", flood(b"", frame(0xEE, 255, 1, bytes(100)) * 100)
    ),
    _none(
        "reset_storm",
        "Resets streams that nobody opened.",
        flood(b"", b"".join(frame(w.RESET, 0, n, b"\0\0\0\x08") for n in range(3, 2003, 2))),
    ),
    _none("interim_flood", "Says 103 Early Hints without end.", flood(b"", head(status=("103",)) * 500)),
    _none(
        "continuation_flood",
        "Goes on with its headers without end.",
        flood(frame(w.HEADERS, 0, 1, b"\x88"), frame(w.CONTINUATION, 0, 1, PAIR) * 100),
    ),
    _none(
        "empty_continuations",
        "Goes on with its headers and adds nothing.",
        flood(frame(w.HEADERS, 0, 1, b"\x88"), frame(w.CONTINUATION, 0, 1) * 100),
    ),
    _capped(
        "empty_data", "Sends empty pieces of a body without end.", flood(w.OK, frame(w.DATA, 0, 1) * 1000)
    ),
    _capped(
        "padding_only",
        "Sends padding for a body.",
        flood(w.OK, frame(w.DATA, w.PADDED, 1, b"\xff" + bytes(255)) * 50),
    ),
    _capped("endless_data", "Sends a body without end.", flood(w.OK, frame(w.DATA, 0, 1, bytes(16_000)))),
    _spoilt(
        "endless_trailers",
        "Sends blocks of trailers without end.",
        flood(w.OK + frame(w.HEADERS, 0, 1, PAIR), frame(w.CONTINUATION, 0, 1, PAIR) * 100),
    ),
)

_PACKED = (
    _none(
        "hpack_bomb",
        "Names one long header 10,000 times.",
        after(frame(w.HEADERS, 4, 1, b"\x88" + LITERAL + b"\xbe" * 10_000)),
    ),
    _none(
        "hpack_index",
        "Names a header that its table does not hold.",
        after(frame(w.HEADERS, 4, 1, b"\xff\xff\xff\xff\x0f")),
    ),
    _none("hpack_zero", "Names the header of number 0.", after(frame(w.HEADERS, 4, 1, b"\x80"))),
    _none(
        "hpack_number", "Writes a number of 10,000 bytes.", after(frame(w.HEADERS, 4, 1, b"\xff" * 10_001))
    ),
    _none(
        "hpack_table",
        "Makes its table larger than it may.",
        after(frame(w.HEADERS, 4, 1, b"\x3f\xff\xff\xff\xff\x0f\x88")),
    ),
    _none(
        "hpack_huffman",
        "Packs a header with a code that is none.",
        after(frame(w.HEADERS, 4, 1, b"\x88\x40\x01x\x84\xff\xff\xff\xff")),
    ),
    row(
        "many_headers",
        "Sends a thousand headers in one block.",
        after(head(*((f"x-{n}", "y") for n in range(1000)))),
        f.X_HTTP_HEADERS_TOO_LARGE,
    ),
)

_OUT_OF_PLACE = (
    _none("settings_of_stream", "Says settings of a single stream.", after(frame(w.SETTINGS, 0, 1))),
    _none("settings_of_five", "Says settings of five bytes.", at_once(frame(w.SETTINGS, 0, 0, b"abcde"))),
    _none("window_vast", "Sets a window of four gigabytes.", after(setting(4, 2**32 - 1), w.OK, w.END)),
    _none(
        "window_overflow",
        "Opens its window beyond what a window may be.",
        after(frame(w.WINDOW, 0, 0, b"\x7f\xff\xff\xff") * 2),
    ),
    _none("window_nothing", "Opens its window by nothing.", after(frame(w.WINDOW, 0, 0, bytes(4)))),
    _none("short_ping", "Pings with three bytes.", after(frame(w.PING, 0, 0, b"abc"))),
    _none("push", "Pushes what it was told not to.", after(frame(w.PUSH, 4, 1, b"\0\0\0\2\x82"))),
    _none("data_first", "Sends a body before its headers.", after(w.END)),
    _none("data_of_nothing", "Sends data of the connection.", after(frame(w.DATA, 0, 0, b"x"))),
    _none("data_elsewhere", "Sends data of a stream that nobody opened.", after(frame(w.DATA, 0, 3, b"x"))),
    _none("headers_elsewhere", "Answers a request that nobody made.", after(frame(w.HEADERS, 4, 3, b"\x88"))),
    row(
        "headers_of_push",
        "Answers what it never pushed.",
        after(frame(w.HEADERS, 4, 2, b"\x88")),
        f.TIMEOUT,
        status_code=None,
    ),
    _none(
        "continuation_alone",
        "Goes on with headers that never began.",
        after(frame(w.CONTINUATION, 4, 1, b"\x88")),
    ),
    _none(
        "headers_cut",
        "Pings within its headers.",
        after(frame(w.HEADERS, 0, 1, b"\x88") + frame(w.PING, 0, 0, EIGHT)),
    ),
    _none(
        "priority_of_itself",
        "Lets a stream depend on itself.",
        after(frame(w.PRIORITY, 0, 1, b"\0\0\0\1\x10")),
    ),
    _spoilt(
        "padding_beyond",
        "Pads a frame by more than its length.",
        after(w.OK, frame(w.DATA, w.PADDED, 1, b"\xffab")),
    ),
    _spoilt("headers_twice", "Answers twice.", after(w.OK, w.OK, w.END)),
)

_ENDS = (
    _none("reset", "Resets the stream for an answer.", after(frame(w.RESET, 0, 1, b"\0\0\0\7"))),
    _spoilt(
        "reset_in_body",
        "Resets the stream within the body.",
        after(w.OK, frame(w.DATA, 0, 1, b"half"), frame(w.RESET, 0, 1, b"\0\0\0\2")),
        body="half",
    ),
    _none("goaway", "Says goodbye for an answer.", after(frame(w.GOAWAY, 0, 0, EIGHT))),
    _none(
        "goaway_with_words",
        "Says goodbye with 16 kB that paint the terminal.",
        after(frame(w.GOAWAY, 0, 0, b"\0\0\0\1\0\0\0\x0b" + b"\x1b[2J" * 4000)),
    ),
    _spoilt(
        "goaway_in_body",
        "Says goodbye within the body.",
        after(w.OK, frame(w.DATA, 0, 1, b"half"), frame(w.GOAWAY, 0, 0, EIGHT)),
        body="half",
    ),
    row(
        "goaway_and_answer",
        "Says goodbye to further requests, and answers.",
        after(frame(w.GOAWAY, 0, 0, b"\0\0\0\1" + bytes(4)) + w.OK + w.END),
        body="ok",
    ),
    row(
        "stalls",
        "Stops within the body and says no more.",
        after(w.OK, frame(w.DATA, 0, 1, b"half")),
        f.TIMEOUT,
        body="half",
    ),
    row(
        "more_than_the_end",
        "Sends more behind the end.",
        after(w.OK, w.END, frame(w.DATA, 0, 1, b"more")),
        body="ok",
    ),
)

_ANSWERS = (
    _none("no_status", "Answers without a status.", after(head(("server", "x"), status=()), w.END)),
    _none("two_statuses", "Answers 200 and 403 at once.", after(head(status=("200", "403")), w.END)),
    _none(
        "word_status",
        "Gives a word for a status in its block of headers.",
        after(head(status=("two",)), w.END),
    ),
    _none("long_status", "Gives a status of five digits.", after(head(status=("99999",)), w.END)),
    _none("negative_status", "Gives a status below zero.", after(head(status=("-20",)), w.END)),
    _none(
        "two_lengths",
        "Tells two lengths of its body in one block of headers.",
        after(head(("content-length", "2"), ("content-length", "3")), w.END),
    ),
    _none("word_length", "Gives a word for a length.", after(head(("content-length", "two")), w.END)),
    _spoilt("short_length", "Sends more than it said.", after(head(("content-length", "1")), w.END)),
    _spoilt("long_length", "Sends less than it said.", after(head(("content-length", "9")), w.END)),
    row(
        "nul",
        "Sends a NUL and another line within a header.",
        after(head(("x", "a\0b\r\nInjected: c")), w.END),
        headers=(("x", "a\0b\r\nInjected: c"),),
    ),
    row(
        "no_name",
        "Sends a header without a name in its block.",
        after(head(("", "x")), w.END),
        headers=(("", "x"),),
    ),
    row(
        "pseudo", "Sends a pseudo-header that there is none.", after(head((":evil", "x")), w.END), headers=()
    ),
    row(
        "hop_by_hop",
        "Sends headers of HTTP/1.1.",
        after(head(("transfer-encoding", "chunked")), w.END),
        body="ok",
    ),
    row(
        "vast_table",
        "Lets our table grow to four gigabytes.",
        after(setting(1, 2**32 - 1), w.OK, w.END),
        body="ok",
    ),
)

ROWS: Final = (*_NO_HTTP2, *_FLOODS, *_PACKED, *_OUT_OF_PLACE, *_ENDS, *_ANSWERS)
