"""A connection to a test helper that is handed from one question to the next while there are any.

A handshake for every question would use up the handshake budget of the helper's name within seconds. A line
belongs to no measurement: it has a context of its own, and whoever asks over it counts its bytes.
"""

from __future__ import annotations

import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import anyio
import anyio.lowlevel
import h11
from msgspec import Struct, field

from probe.measure.failure import classify
from probe.measure.memory import memory_of
from probe.model import failure as f

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from probe.measure.stream import AnyStream
    from probe.measure.trace import Context

MAX_HEAD: Final = 32 * 1024
"""Below one read, so that it binds before a second is asked for."""

MAX_PIECES: Final = 2048
"""Reads and pieces of one answer; a tiny piece costs us more than its sender."""
MAX_INTERIM: Final = 64
"""Reads, and answers before the answer (1xx)."""
YIELD_EVERY: Final = 32
"""Events after which the loop gets its turn: a read may hold thousands, which starve it and deadlines."""

Headers = tuple[tuple[str, str], ...]


class AnswerTooLargeError(Exception):
    """The body passed the bound."""


class Answer(Struct):
    """What came back to one question."""

    failure: str | None = None
    status_code: int | None = None
    coding: str = ""
    body: bytearray = field(default_factory=bytearray)
    began: bool = False
    """Whether a byte of an answer arrived."""
    ended: bool = False
    """Whether the helper hung up while we were reading."""


class Line(Struct, eq=False):
    """An open connection and where HTTP/1.1 stands on it."""

    stream: AnyStream
    http: h11.Connection = field(
        default_factory=lambda: h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
    )
    n_asked: int = 0

    async def post(
        self, target: str, headers: Headers, content: bytes, *, max_body: int, timeout_s: float
    ) -> Answer:
        """Send a POST and read its answer; what the network does becomes the answer's failure."""
        length = ("Content-Length", str(len(content)))
        request = h11.Request(method="POST", target=target, headers=[*headers, length])
        return await self._ask(request, (h11.Data(data=content),), max_body=max_body, timeout_s=timeout_s)

    async def get(self, target: str, headers: Headers, *, max_body: int, timeout_s: float) -> Answer:
        """Send a GET and read its answer, as `post`."""
        request = h11.Request(method="GET", target=target, headers=list(headers))
        return await self._ask(request, (), max_body=max_body, timeout_s=timeout_s)

    async def _ask(
        self, request: h11.Request, content: tuple[h11.Data, ...], *, max_body: int, timeout_s: float
    ) -> Answer:
        answer = Answer()
        self.n_asked += 1
        try:
            with anyio.fail_after(timeout_s):
                events = (request, *content, h11.EndOfMessage())
                await self.stream.write(b"".join(self.http.send(event) or b"" for event in events))
                await self._read(answer, max_body)
        except h11.RemoteProtocolError:
            answer.failure = f.EOF if answer.ended else f.X_HTTP_PARSE
        except AnswerTooLargeError:
            answer.failure = f.JSON_PARSE_ERROR
        except OSError as error:
            answer.failure = f.EOF if isinstance(error, ssl.SSLEOFError) else classify(error)
        return answer

    async def _read(self, answer: Answer, max_body: int) -> None:
        events = 0
        while True:
            events += 1
            if events % YIELD_EVERY == 0:
                await anyio.lowlevel.checkpoint()
            match self.http.next_event():
                case h11.NEED_DATA:
                    data = await self.stream.read()
                    answer.began = answer.began or bool(data)
                    answer.ended = not data
                    self.http.receive_data(data)
                case h11.Response() as response:
                    answer.status_code = response.status_code
                    found = dict(response.headers)
                    answer.coding = found.get(b"content-encoding", b"").decode("latin-1").strip().lower()
                case h11.Data() as data:
                    answer.body += data.data
                    if len(answer.body) > max_body or events > MAX_PIECES:
                        raise AnswerTooLargeError
                case h11.InformationalResponse() if events > MAX_INTERIM:
                    raise h11.RemoteProtocolError("answers, and no answer")
                case h11.EndOfMessage():
                    return
                case h11.ConnectionClosed() | h11.PAUSED:
                    raise h11.RemoteProtocolError("no answer")
                case _:
                    continue

    def is_reusable(self) -> bool:
        """Say whether another question may follow; then the line is ready for it."""
        if self.http.our_state is not h11.DONE or self.http.their_state is not h11.DONE:
            return False
        if self.http.trailing_data[0]:
            return False
        self.http.start_next_cycle()
        return True

    def close(self) -> None:
        """Hang up."""
        self.stream.close()


@asynccontextmanager
async def turn(ctx: Context, url: str) -> AsyncIterator[list[Line]]:
    """Wait for one of the helper's few places; give the lines that lie idle, to take from and to leave there.

    The last one to leave hangs up, unless a session keeps its lines: questions come minutes apart, and a
    handshake for each would soon have to wait for the budget of the helper's own name.
    """
    memory = memory_of(ctx)
    idle = memory.lines.setdefault(url, [])
    memory.callers[url] = memory.callers.get(url, 0) + 1
    queued = ctx.now()
    try:
        async with memory.helper(url):
            ctx.excuse(ctx.now() - queued)
            yield idle
    finally:
        memory.callers[url] -= 1
        if not memory.callers[url] and not memory.keeps_lines:
            while idle:
                idle.pop().close()
