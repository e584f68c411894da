"""How servers of the loopback world behave: DNS from a table, pages, TLS by name, and every bad temper."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from typing import TYPE_CHECKING

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from loopback.elsewhere import Authority, Session


# DNS


def zone(records: Mapping[str, tuple[str, ...]]) -> Callable[[dns.message.Message], dns.message.Message]:
    """Answer from a table of names; a name that is not in it does not exist."""

    def answer(query: dns.message.Message) -> dns.message.Message:
        reply = dns.message.make_response(query)
        question = query.question[0]
        name = question.name.to_text().rstrip(".").lower()
        reply.flags |= dns.flags.RA
        if name not in records:
            reply.set_rcode(dns.rcode.NXDOMAIN)
            return reply
        wanted = [a for a in records[name] if (":" in a) == (question.rdtype == dns.rdatatype.AAAA)]
        if wanted:
            kind = "AAAA" if question.rdtype == dns.rdatatype.AAAA else "A"
            reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *wanted))
        return reply

    return answer


def doh(records: Mapping[str, tuple[str, ...]]) -> Session:
    """Serve DNS over HTTPS, inside TLS."""
    table = zone(records)

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, body = await read_request(reader)
        wire = table(dns.message.from_wire(body)).to_wire(want_shuffle=False)
        writer.write(response(wire, headers=(("Content-Type", "application/dns-message"),)))
        await writer.drain()

    return session


# HTTP


async def read_request(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    """Return the head of one request and its body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    length = next(
        (
            int(line.split(":")[1])
            for line in head.lower().split("\r\n")
            if line.startswith("content-length:")
        ),
        0,
    )
    return head, await reader.readexactly(length)


def response(body: bytes, *, status: str = "200 OK", headers: tuple[tuple[str, str], ...] = ()) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join((*lines, "", "")).encode() + body


def page(text: str = "<title>A page</title>", *, status: str = "200 OK") -> Session:
    """Answer any request with a page."""

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(response(text.encode(), status=status))
        await writer.drain()

    return session


# Tempers


async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Take everything and say nothing."""
    while await reader.read(65536):
        pass


async def reset(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """End with a RST."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def fin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """End with a FIN, after what came was read: a kernel resets a connection closed over unread bytes."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(reader.read(65536), 0.05)
    writer.close()


async def alert(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Refuse with unrecognized_name."""
    writer.write(b"\x15\x03\x03\x00\x02\x02\x70")
    await writer.drain()


def by_host(tempers: Mapping[str, Session], default: Session) -> Session:
    """Plain HTTP that looks at the Host header before it decides how to behave."""

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        host = next(
            (
                line.split(":", 1)[1].strip()
                for line in head.decode("latin-1").split("\r\n")
                if line.lower().startswith("host:")
            ),
            "",
        )
        again = asyncio.StreamReader()
        again.feed_data(head)
        await tempers.get(host, default)(again, writer)

    return session


def tls(
    authority: Authority,
    inside: Session | None = None,
    *,
    tempers: Mapping[str, Session] | None = None,
    certificate: str = "",
    seen: list[str] | None = None,
    decide: Callable[[str], Session | None] | None = None,
) -> Session:
    """A TLS server with a certificate for the name it is asked for (or `certificate`).

    `tempers` and `decide` say by the ClientHello's name how to behave instead; `seen` collects the names.
    """
    inside = inside or page()

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello = await _record(reader)
        name = sni_of(hello)
        if seen is not None:
            seen.append(name)
        temper = (decide(name) if decide else None) or (tempers or {}).get(name)
        if temper is not None:
            await temper(reader, writer)
            return
        await _secured(
            reader, writer, authority.context(certificate or name or "nameless.test"), hello, inside
        )

    return session


async def _record(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(5)
    return head + await reader.readexactly(int.from_bytes(head[3:5], "big"))


def sni_of(record: bytes) -> str:
    """Read the server name out of a ClientHello in one record."""
    body = record[5 + 4 + 2 + 32 :]
    body = body[1 + body[0] :]
    body = body[2 + int.from_bytes(body[:2], "big") :]
    body = body[1 + body[0] :]
    extensions = body[2:]
    while len(extensions) >= 4:
        kind, size = struct.unpack_from(">HH", extensions)
        if kind == 0:
            return extensions[4 + 5 : 4 + size].decode("ascii")
        extensions = extensions[4 + size :]
    return ""


async def _secured(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    context: ssl.SSLContext,
    hello: bytes,
    inside: Session,
) -> None:
    """Be the server of one TLS connection whose first record was read already; one request, one answer."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = context.wrap_bio(incoming, outgoing, server_side=True)
    incoming.write(hello)

    async def flush() -> None:
        writer.write(outgoing.read())
        await writer.drain()

    async def feed() -> None:
        await flush()
        data = await reader.read(65536)
        if not data:
            raise EOFError
        incoming.write(data)

    while True:
        try:
            server.do_handshake()
            break
        except ssl.SSLWantReadError:
            await feed()
    await flush()
    plain = asyncio.StreamReader(limit=1 << 22)
    sink = _Sink()

    async def pump() -> None:
        with contextlib.suppress(EOFError, OSError, ssl.SSLError):
            while True:
                try:
                    plain.feed_data(server.read(65536))
                except ssl.SSLWantReadError:
                    await feed()
        plain.feed_eof()

    pumping = asyncio.create_task(pump())
    try:
        await inside(plain, sink)  # type: ignore[arg-type]  # as much of a StreamWriter as sessions here use
        if sink.is_reset:
            await reset(reader, writer)
            return
        server.write(sink.data)
        with contextlib.suppress(ssl.SSLWantReadError):
            server.unwrap()
        await flush()
    finally:
        pumping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await pumping


class _Sink:
    """Collects what a session writes inside TLS."""

    def __init__(self) -> None:
        self.data = b""
        self.is_reset = False
        self.transport = self

    def write(self, data: bytes) -> None:
        self.data += data

    async def drain(self) -> None:
        return

    def close(self) -> None:
        return

    def abort(self) -> None:
        self.is_reset = True

    def get_extra_info(self, _what: str) -> socket.socket:
        return socket.socket()
