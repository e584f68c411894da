"""A UDP lookup that outlives its first answer: what comes after it tells a forged answer from a true one."""

from __future__ import annotations

import asyncio
import contextlib
import math
from typing import TYPE_CHECKING, Final

import anyio
from msgspec import structs

from probe.measure.dns_message import is_answer, reply_of, wire_of
from probe.measure.failure import classify
from probe.measure.sockets import ask_for_ttl, can_watch, datagram
from probe.model import failure as f

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from dns.message import Message

    from probe.measure.trace import Context
    from probe.model.observation import DNSLookup, DNSReply

DNS_TIMEOUT_S: Final = 5.0
"""As long as the resolvers of operating systems wait (resolv.conf(5))."""
LINGER_S: Final = 0.8
"""After the first answer. Forged ones win by the round trip behind the forger, rarely more than 0.3 s."""
MAX_REPLIES: Final = 16
MAX_DATAGRAM: Final = 65535


class UdpLookup:
    """One query on a socket of its own. `answered` is set when the caller may go on."""

    def __init__(
        self,
        ctx: Context,
        asked: Message,
        blank: DNSLookup,
        *,
        server: str,
        port: int,
        timeout_s: float,
        linger_s: float,
        on_done: Callable[[DNSLookup], None] | None = None,
    ) -> None:
        """Prepare; nothing is sent before `run`."""
        self.answered = anyio.Event()
        self._ctx = ctx
        self._asked = asked
        self._blank = blank
        self._server = server
        self._port = port
        self._timeout_s = timeout_s
        self._linger_s = linger_s
        self._on_done = on_done
        self._replies: list[DNSReply] = []
        self._first: DNSReply | None = None
        self._error: BaseException | None = None
        self._ended: float | None = None
        self._t0 = blank.t0
        self._until = math.inf
        """By the loop's clock."""

    def lookup(self) -> DNSLookup:
        """Return the observation as far as it is known."""
        first = self._first
        if first is not None:
            failure, t = first.failure, first.t
        else:
            failure, t = self._failure(), self._ended if self._ended is not None else self._ctx.now()
        return structs.replace(
            self._blank,
            t0=self._t0,
            t=t,
            failure=failure,
            answers=first.answers if first is not None else (),
            replies=tuple(self._replies),
        )

    def _failure(self) -> str:
        if self._error is not None:
            name = classify(self._error)
            # Windows reports ICMP port unreachable as a reset of the datagram socket.
            return f.CONNECTION_REFUSED if name in f.RESETS else name
        bad = next((reply.failure for reply in self._replies if reply.failure is not None), None)
        return bad or f.TIMEOUT

    async def run(self) -> None:
        """Ask, listen to the end, append the observation."""
        sock: socket.socket | None = None
        try:
            sock = self._ctx.network.open_udp(self._server, self._port)
            ask_for_ttl(sock)  # a forger nearby often gives itself away by it
            await self._ask_and_listen(sock)
        except OSError as error:
            self._error = error
        except BaseException as error:
            self._error = error
            raise
        finally:
            self._ended = self._ctx.now()
            if sock is not None:
                sock.close()
            lookup = self.lookup()
            self._ctx.queries.append(lookup)
            self.answered.set()
        if self._on_done is not None:
            self._on_done(lookup)

    async def _ask_and_listen(self, sock: socket.socket) -> None:
        message = wire_of(self._asked)
        begun = asyncio.get_running_loop().time()
        self._until = begun + self._timeout_s
        with contextlib.closing(_Inbox(sock)) as inbox:
            self._t0 = self._ctx.now()
            self._send(sock, message)
            await self._listen(inbox, begun + self._timeout_s / 2, until_answered=True)
            if self._first is None:
                self._send(sock, message)
            await self._listen(inbox, math.inf, until_answered=False)

    def _send(self, sock: socket.socket, message: bytes) -> None:
        sock.send(message)
        self._ctx.bytes_sent += len(message)

    async def _listen(self, inbox: _Inbox, limit: float, *, until_answered: bool) -> None:
        while len(self._replies) < MAX_REPLIES and not (until_answered and self._first is not None):
            heard = await inbox.receive(min(limit, self._until))
            if heard is None:
                return
            wire, ip_ttl = heard
            self._ctx.bytes_received += len(wire)
            reply = reply_of(wire, self._asked, t=self._ctx.now(), ip_ttl=ip_ttl)
            self._replies.append(reply)
            if self._first is None and is_answer(reply):
                self._first = reply
                self.answered.set()
                self._until = min(self._until, asyncio.get_running_loop().time() + self._linger_s)


class _Inbox:
    """The datagrams of one socket and their TTL, where the system tells it."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._ready = asyncio.Event()
        # Given the socket, asyncio describes it in the KeyError of a look-up that misses.
        self._number = sock.fileno()
        self._watched = False

    async def receive(self, until: float) -> tuple[bytes, int | None] | None:
        """Return the next datagram, None if none comes until then, by the loop's clock. Raises OSError."""
        if not can_watch(self._loop):
            with anyio.move_on_after(until - self._loop.time()):
                return await self._loop.sock_recv(self._sock, MAX_DATAGRAM), None
            return None
        await asyncio.sleep(0)
        while self._loop.time() < until:
            try:
                return datagram(self._sock, MAX_DATAGRAM)
            except BlockingIOError:
                await self._readable(until)
        return None

    async def _readable(self, until: float) -> None:
        """Wait until there may be one. The loop is asked once to tell: a lookup waits twice or more."""
        self._ready.clear()
        if not self._watched:
            self._loop.add_reader(self._number, self._ready.set)
            self._watched = True
        # A timer, not a scope: to cancel what waits costs more than all the rest of a lookup's waiting.
        timer = self._loop.call_at(until, self._ready.set)
        try:
            await self._ready.wait()
        finally:
            timer.cancel()

    def close(self) -> None:
        """Wait no more; the socket may be closed then."""
        if self._watched:
            self._loop.remove_reader(self._number)
            self._watched = False
