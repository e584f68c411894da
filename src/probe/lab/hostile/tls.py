"""Hostile TLS: what may follow a ClientHello, record by record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from probe.lab import injected
from probe.lab.hostile import tls_words as w
from probe.lab.hostile.acts import drips, floods, sends
from probe.lab.hostile.records import Misbehaviour

if TYPE_CHECKING:
    from probe.lab.records import Act

FAILED = "ssl_failed_handshake"
LARGE = "x_tls_handshake_too_large"
SILENT = "generic_timeout_error"
PAGE = b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\n\r\n<html>blocked</html>"
HALF = w.server_hello()[:30]


def _row(word: str, does: str, act: Act, failure: str, *, spoke: bool = True, **facts: Any) -> Misbehaviour:
    """Return the row of a server that acts when it has the ClientHello; whether its words look like TLS."""
    said = {"completed": False, "server_spoke": spoke, **facts}
    return Misbehaviour(name=f"tls.{word}", does=does, door="hello", peer=act, failure=failure, facts=said)


def _again(group: int) -> Act:
    """Ask for another ClientHello, twice if need be, with a key of a group."""
    return w.knowing(lambda hello: w.retry(w.session_of(hello), group), times=2)


ROWS = (
    _row(
        "reset",
        "Resets the connection when it has the ClientHello.",
        injected.reset,
        "connection_reset",
        spoke=False,
    ),
    _row("fin", "Hangs up when it has the ClientHello.", injected.fin, "eof_error", spoke=False),
    _row("drop", "Takes the ClientHello and never answers.", injected.swallow, SILENT, spoke=False),
    _row("alert", "Refuses with the fatal alert handshake_failure.", sends(w.alert(40)), FAILED, alert=40),
    _row(
        "unrecognized",
        "Refuses with the fatal alert unrecognized_name.",
        sends(w.alert(112)),
        FAILED,
        alert=112,
    ),
    _row(
        "unknown_alert",
        "Refuses with a fatal alert that no standard knows.",
        sends(w.alert(255)),
        FAILED,
        alert=255,
    ),
    _row(
        "alert_then_reset",
        "Refuses with a fatal alert and a reset behind it.",
        sends(w.alert(112), then=injected.reset),
        FAILED,
        alert=112,
    ),
    _row(
        "goodbye",
        "Says goodbye, close_notify, and hangs up.",
        sends(w.alert(0, w.WARNING)),
        "eof_error",
        alert=None,
    ),
    _row(
        "warnings",
        "Sends warnings without end.",
        floods(b"", w.alert(90, w.WARNING) * 100),
        FAILED,
        alert=None,
    ),
    _row("plain", "Answers in clear, as a web server would.", sends(PAGE), FAILED, spoke=False),
    _row(
        "garbage",
        "Answers with noise, then waits.",
        sends(bytes(range(1, 201)), then=injected.swallow),
        FAILED,
        spoke=False,
    ),
    _row("zeros", "Sends zeros without end.", floods(b"", bytes(65536)), FAILED, spoke=False),
    _row("echo", "Sends the ClientHello back.", w.knowing(lambda hello: hello), FAILED),
    _row(
        "long_record",
        "Announces a record of 16 kB and sends 300 bytes of it.",
        sends(b"\x16\x03\x03\x40\x00" + bytes(300), then=injected.swallow),
        SILENT,
    ),
    _row(
        "longer_record",
        "Announces a record longer than there may be.",
        sends(w.record(bytes(300), size=0x5000), then=injected.swallow),
        FAILED,
    ),
    _row(
        "record_version",
        "Sends records of a version that never was.",
        sends(w.record(bytes(40), version=0x0505)),
        FAILED,
        spoke=False,
    ),
    _row("empty_records", "Sends empty records without end.", floods(b"", w.record(b"") * 1000), FAILED),
    _row(
        "byte_records",
        "Sends a handshake of 16 MB in records of a byte.",
        floods(w.record(b"\x02"), w.record(b"\xff") * 1000),
        LARGE,
    ),
    _row(
        "half_then_silence",
        "Sends half of a ServerHello, then waits.",
        sends(HALF, then=injected.swallow),
        SILENT,
    ),
    _row(
        "half_then_reset",
        "Sends half of a ServerHello, then resets.",
        sends(HALF, then=injected.reset),
        "connection_reset",
    ),
    _row("half_then_fin", "Sends half of a ServerHello, then hangs up.", sends(HALF), "eof_error"),
    _row("drip", "Sends a ServerHello a byte at a time, and never the last.", drips(HALF), SILENT),
    _row(
        "endless_message",
        "Announces a handshake message of 16 MB and sends it.",
        floods(w.record(w.message(w.SERVER_HELLO, b"", size=0xFFFFFF)), w.record(bytes(16_000))),
        LARGE,
    ),
    _row(
        "hello_requests",
        "Asks for a ClientHello without end.",
        floods(b"", w.record(w.message(w.HELLO_REQUEST, b"")) * 1000),
        LARGE,
    ),
    _row(
        "cipher_changes",
        "Announces a change of ciphers without end.",
        floods(b"", w.record(b"\x01", w.CHANGE_CIPHER) * 1000),
        FAILED,
    ),
    _row(
        "heartbeat",
        "Answers with a heartbeat that asks for 64 kB.",
        sends(w.record(b"\x01\xff\xff", w.HEARTBEAT)),
        FAILED,
        spoke=False,
    ),
    _row("early_data", "Sends a page as data, before any handshake.", sends(w.record(PAGE, w.DATA)), FAILED),
    _row("old_version", "Chooses TLS 1.0.", sends(w.server_hello(version=w.TLS_1_0)), FAILED),
    _row(
        "no_version",
        "Chooses a version of TLS that never was.",
        sends(w.server_hello(version=0x7F7F)),
        FAILED,
    ),
    _row(
        "no_cipher",
        "Chooses a cipher suite that was not offered: none.",
        sends(w.server_hello(cipher=0)),
        FAILED,
    ),
    _row(
        "compression",
        "Chooses a compression that was not offered.",
        sends(w.server_hello(compression=1)),
        FAILED,
    ),
    _row(
        "extension",
        "Answers an extension that was not sent.",
        sends(w.server_hello(w.SAFE, w.extension(w.SRTP, b"\0\2\0\1\0"))),
        FAILED,
    ),
    _row("retry_twice", "Asks for another ClientHello, twice.", _again(w.P_521), FAILED),
    _row("retry_unknown", "Asks for a ClientHello with a key of no known group.", _again(0xFFFF), FAILED),
    _row(
        "certificate_junk",
        "Calls noise a certificate.",
        w.hello_then(w.record(w.certificates(bytes(range(200, 250))))),
        FAILED,
    ),
    _row(
        "no_certificates",
        "Sends a chain of no certificates.",
        w.hello_then(w.record(w.certificates())),
        FAILED,
    ),
    _row(
        "chain_beyond",
        "Announces a chain longer than its message.",
        w.hello_then(w.record(w.certificates(b"\x30\x00", size=60_000))),
        FAILED,
    ),
    _row(
        "endless_chain",
        "Announces certificates of 16 MB and sends them.",
        floods(
            w.PLAIN_HELLO + w.record(w.message(w.CERTIFICATE, b"\xff\xff\xff", size=0xFFFFFF)),
            w.record(bytes(16_000)),
        ),
        LARGE,
    ),
)
