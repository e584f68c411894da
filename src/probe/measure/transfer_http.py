"""One request of a transfer and its answer, read to a cap and thrown away: only numbers of it are kept."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Final

import anyio
import anyio.lowlevel
import h11
from msgspec import Struct, field

from probe.measure.failure import classify
from probe.measure.http import BROWSER_HEADERS
from probe.measure.http_exchange import MAX_INTERIM
from probe.measure.http_transport import is_http
from probe.measure.tls import ALERTS
from probe.measure.transfer_watch import Watch
from probe.model import failure as f

if TYPE_CHECKING:
    from probe.measure.stream import TLSStream
    from probe.model.observation import TCPInfo
    from probe.model.transfer import Direction, Stage, TCPSample

READ: Final = 16 * 1024
"""A TLS record: what is read beyond a cap is less than one."""
MAX_HEAD: Final = 64 * 1024
FRAMING: Final = 3
"""Times the bytes of a body that its framing may take: tiny chunks, endless interim answers."""
BLOCK: Final = bytes(READ)
"""What is sent up: under TLS nobody can tell zeros from anything else."""
HEADERS: Final = (
    *(pair for pair in BROWSER_HEADERS if pair[0] != "Accept-Encoding"),
    ("Accept-Encoding", "identity"),
)
RECORD_OVERHEAD: Final = 64


class EnoughError(Exception):
    """The framing of an answer took more than its body may."""


class Seen(Struct, kw_only=True):
    """A trial as far as it got. Times are seconds since the measurement began."""

    t0: float
    stage: Stage = "connect"
    failure: str | None = None
    connect_s: float | None = None
    tls_s: float | None = None
    requested: float | None = None
    first_byte: float | None = None
    status_code: int | None = None
    declared_length: int | None = None
    n_bytes: int = 0
    series: list[tuple[float, int]] = field(default_factory=list)
    samples: list[TCPSample] = field(default_factory=list)
    tcp_info: TCPInfo | None = None
    chain_length: int | None = None
    certificate_sha256: str = ""
    ended_by: str = ""
    foreign_bytes: int | None = None


class Asked(Struct, frozen=True, kw_only=True):
    """What is asked of the server, and up to where."""

    direction: Direction
    target: str
    """Path and query, percent-encoded."""
    host: str
    max_bytes: int
    max_seconds: float
    """From the request sent."""
    timeout_s: float
    """Until the request is sent."""
    ends_at_silence: bool = False


async def exchange(stream: TLSStream, asked: Asked, seen: Seen) -> None:
    """Send one request, count its body to the cap, and leave what was seen in `seen`.

    A cap of ours is no failure, unless not even the head of an answer came before the time was over.
    Raises faults of ours and cancellation; the stream stays open.
    """
    stream.raw.series = []
    scope = anyio.CancelScope(deadline=anyio.current_time() + asked.timeout_s)
    watch = Watch(stream.raw, scope, upload=asked.direction == "up", connect_s=seen.connect_s or 0.0)
    talk = _Talk(stream, asked, seen, scope, watch)
    try:
        with scope, watch:
            await (talk.upload() if asked.direction == "up" else talk.download())
        if scope.cancelled_caught:
            seen.ended_by = "we"
            seen.failure = f.TIMEOUT if seen.stage == "request" else None
    except EnoughError:
        seen.ended_by = "we"
        seen.failure = f.X_HTTP_HEADERS_TOO_LARGE if seen.status_code is None else None
    except h11.RemoteProtocolError as error:
        seen.failure = talk.unreadable(error)
    except OSError as error:
        seen.failure = _named(error)
    finally:
        seen.ended_by = seen.ended_by or stream.ended_by or stream.raw.ended_by
        seen.samples = watch.samples
        seen.series = stream.raw.series
        if asked.direction == "up":
            talk.count_sent()
    if seen.failure is None:
        seen.stage = ""


def _named(error: OSError) -> str:
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
        return f.X_TLS_ALERT if error.reason in ALERTS else f.X_TLS_BAD_RECORD
    return classify(error)


class _Talk:
    """HTTP/1.1 over one stream."""

    def __init__(
        self, stream: TLSStream, asked: Asked, seen: Seen, scope: anyio.CancelScope, watch: Watch
    ) -> None:
        self._stream = stream
        self._asked = asked
        self._seen = seen
        self._scope = scope
        self._watch = watch
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
        self._begins = b""
        self._interim = 0
        self._most = stream.raw.received + FRAMING * max(asked.max_bytes, READ) + MAX_HEAD
        self._sent: list[tuple[float, int]] = []
        """Upload: bytes at the socket as it took them, the request's head first."""
        self._body_sent = 0

    async def download(self) -> None:
        """Ask, and count the body."""
        seen, asked = self._seen, self._asked
        seen.stage = "request"
        await self._stream.write(self._request("GET") + self._said(h11.EndOfMessage()))
        seen.requested = self._stream.raw.last_sent
        self._scope.deadline = anyio.current_time() + asked.max_seconds
        n_events = 0
        while not isinstance(event := await self._event(), h11.EndOfMessage):
            if not isinstance(event, h11.Data):
                continue
            if seen.first_byte is None:
                seen.first_byte = self._stream.raw.last_received
                self._watch.ends_at_silence = asked.ends_at_silence
            seen.n_bytes += len(event.data)
            if seen.n_bytes >= asked.max_bytes:
                seen.ended_by = "" if seen.n_bytes == seen.declared_length else "we"
                return
            n_events += 1
            if n_events % 64 == 0:
                await anyio.lowlevel.checkpoint()  # tiny chunks that are in memory give nobody else a turn

    async def upload(self) -> None:
        """Send a body, then wait for the head of the answer: it is small, and nothing in it matters."""
        seen, asked = self._seen, self._asked
        seen.stage = "request"
        await self._send(self._request("POST", ("Content-Length", str(asked.max_bytes))))
        seen.requested = seen.first_byte = self._stream.raw.ctx.now()
        seen.stage = "body"
        self._scope.deadline = anyio.current_time() + asked.max_seconds
        while self._body_sent < asked.max_bytes:
            piece = BLOCK[: asked.max_bytes - self._body_sent]
            await self._send(self._said(h11.Data(data=piece)))
            self._body_sent += len(piece)
        self._said(h11.EndOfMessage())
        while seen.status_code is None:
            await self._event()

    def count_sent(self) -> None:
        """Count an upload by what the peer's kernel acknowledged; where that is not known, by what was sent.

        A send buffer takes a whole trial at once: what a socket takes is no rate. The body's part of what was
        acknowledged is taken to be its part of what was sent: the head comes first, records are alike.
        """
        seen = self._seen
        if self._watch.acked is None:
            seen.series, seen.n_bytes = self._sent, self._body_sent
            return
        head = self._sent[0][1] if self._sent else 0
        body = sum(n for _, n in self._sent) - head
        acked = sum(n for _, n in self._watch.acked) - head
        seen.series = self._watch.acked
        seen.n_bytes = min(self._body_sent, max(0, acked) * self._body_sent // body) if body > 0 else 0

    def unreadable(self, error: h11.RemoteProtocolError) -> str:
        """Name what could not be read: an end too early, endless headers, or what is no HTTP."""
        if self._seen.status_code is None:
            if error.error_status_hint == 431:
                return f.X_HTTP_HEADERS_TOO_LARGE
            if self._begins and not is_http(self._begins):
                return f.X_HTTP_NO_STATUS_LINE
        if self._stream.ended_by or self._stream.raw.ended_by:
            return f.EOF
        return f.X_HTTP_PARSE

    async def _event(self) -> object:
        """Return the next event of the answer, reading as it needs; notes the head on the way."""
        seen = self._seen
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                await self._read()
            elif isinstance(event, h11.Response):
                seen.stage = "body"
                seen.status_code = event.status_code
                seen.declared_length = _declared(event)
                return event
            elif isinstance(event, h11.InformationalResponse):
                self._interim += 1
                if self._interim > MAX_INTERIM:
                    raise EnoughError
            elif event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                raise h11.RemoteProtocolError("no answer")
            else:
                return event

    async def _read(self) -> None:
        left = max(1, self._asked.max_bytes - self._seen.n_bytes)
        self._stream.feed_size = min(READ, left) + RECORD_OVERHEAD
        data = await self._stream.read(min(READ, left) if self._asked.direction == "down" else READ)
        if self._stream.raw.received > self._most:
            raise EnoughError
        self._begins += data[: 8 - len(self._begins)]
        self._http.receive_data(data)

    async def _send(self, data: bytes) -> None:
        before = self._stream.raw.ctx.bytes_sent
        await self._stream.write(data)
        self._sent.append((self._stream.raw.last_sent, self._stream.raw.ctx.bytes_sent - before))

    def _request(self, method: str, *more: tuple[str, str]) -> bytes:
        headers = [("Host", self._asked.host), *HEADERS, *more]
        return self._said(h11.Request(method=method, target=self._asked.target, headers=headers))

    def _said(self, event: h11.Request | h11.Data | h11.EndOfMessage) -> bytes:
        return self._http.send(event) or b""


def _declared(answer: h11.Response) -> int | None:
    """Return the length that the head states; a chunked body has none."""
    headers = dict(answer.headers)
    text = headers.get(b"content-length", b"")
    return int(text) if b"transfer-encoding" not in headers and text.isdigit() and len(text) < 16 else None
