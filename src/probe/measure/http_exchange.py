"""What one HTTP exchange leaves behind, and the pipe it goes through: counted, timed, its headers bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import httpcore
from msgspec import Struct, field

from probe.measure.body import MAX_TEXT
from probe.measure.http2_frames import EnoughError

if TYPE_CHECKING:
    from probe.measure.stream import AnyStream

MAX_HEADER_BYTES: Final = 64 * 1024
"""Read before the headers are complete; a hundred-continue storm ends here too."""
MAX_INTERIM: Final = 32
"""Answers before the answer (1xx): 64 KiB of them would keep the parser and the loop for a second."""
FRAMING: Final = 3
"""Times the bytes a body may have, read in whatever framing: tiny chunks, a frame of 16 megabytes."""
READ: Final = 16 * 1024
INTERIM: Final = b"HTTP/1.1 1"
H2_SETTINGS: Final = 4
"""The type of the first frame of every HTTP/2 server (RFC 9113, 3.4)."""


class HeadersTooLargeError(Exception):
    """The server did not end its headers within the bounds."""


class Exchange(Struct):
    """One request and its answer, raw. Times are seconds since the measurement began."""

    t0: float = 0.0
    t: float = 0.0
    failure: str | None = None
    http_version: str = ""
    status_code: int | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    raw: bytearray = field(default_factory=bytearray)
    """Of the body, still coded; at most MAX_BODY and one read."""
    is_capped: bool = False
    head: bytes = b""
    """First bytes of the answer as they came, until the headers were complete."""
    t_sent: float | None = None
    t_first: float | None = None
    ended_by: str = ""

    def header(self, name: str) -> str:
        """Return the first value under a lower-case name, or ""."""
        return next((value for key, value in self.headers if key.lower() == name), "")


class Pipe(httpcore.AsyncNetworkStream):
    """What httpcore reads and writes through; it counts, notes first times, and bounds the headers."""

    def __init__(self, stream: AnyStream, seen: Exchange, max_body: int) -> None:
        """Begin before the request; what passes is noted in `seen`."""
        self.stream = stream
        self.seen = seen
        self.before = 0
        self.interim = 0
        self.after = 0
        self.limit = FRAMING * max(max_body, READ)
        self.open = True
        """Whether headers are still awaited."""
        self.preface = b"" if stream.alpn == "h2" else None
        """The first bytes of HTTP/2 wait for those of the request: one record and one packet for both."""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002, ASYNC109  # httpcore's signature; the deadline is round the whole exchange
        """Read at most a block, the headers within their bounds, the body within its framing."""
        if not self.open:
            data = await self.stream.read(min(max_bytes, READ))
            self.after += len(data)
            if self.after > self.limit:
                raise EnoughError
            return data
        room = MAX_HEADER_BYTES - self.before
        if room <= 0:
            raise HeadersTooLargeError
        data = await self.stream.read(min(max_bytes, READ, room))
        self.before += len(data)
        self.interim += data.count(INTERIM)
        if self.interim > MAX_INTERIM:
            raise HeadersTooLargeError
        if data and len(self.seen.head) < MAX_TEXT:
            self.seen.head += data[: MAX_TEXT - len(self.seen.head)]
        if self.stream.alpn == "h2" and len(self.seen.head) >= 9 and self.seen.head[3] != H2_SETTINGS:
            # h2 would wait for as many bytes as the junk happens to announce.
            raise httpcore.RemoteProtocolError
        if data and (self.seen.t_first is None or self.stream.alpn == "h2"):
            # Over HTTP/2 the first bytes are SETTINGS: the read that completes the headers counts.
            self.seen.t_first = self.stream.raw.last_received
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109  # as above
        """Send; the preface of HTTP/2 waits for the request."""
        if self.preface is not None:
            if not self.preface:
                self.preface = buffer
                return
            buffer, self.preface = self.preface + buffer, None
        try:
            await self.stream.write(buffer)
        except OSError as error:
            # httpcore then looks for an answer that came all the same; the next read tells what happened.
            raise httpcore.WriteError from error
        if self.seen.t_first is None:
            self.seen.t_sent = self.stream.raw.last_sent

    async def aclose(self) -> None:
        """Close the stream."""
        self.stream.close()

    def get_extra_info(self, info: str) -> Any:  # noqa: ARG002  # httpcore's signature
        """Return nothing: httpcore asks for the socket."""
        return None
