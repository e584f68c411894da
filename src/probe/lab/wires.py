"""The server's end of a connection, plain or TLS, with RST, FIN and silence at its command."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from probe.lab.records import Place
    from probe.lab.speed import Pacer

DRAIN_S = 2.0
"""How long a closing server waits for the client's FIN, so that its own close is no RST."""
READ = 65536
SHORT_RECORD = 1400
SHORT_RECORDS_FOR = 131_072
"""How servers that think of slow clients size their TLS records: of a segment each, longer ones later."""


class PlainWire:
    """A TCP connection driven by `loop.sock_*`, so that nothing stands between us and the socket."""

    def __init__(self, sock: socket.socket, place: Place) -> None:
        """Take over an accepted non-blocking socket."""
        self.sock = sock
        self.place = place
        self.pacer: Pacer | None = None
        """What slows down what is written; nothing at first."""
        self._pushed_back = b""

    async def read(self, size: int) -> bytes:
        """Return at most `size` bytes; empty at FIN. Raises OSError."""
        if self._pushed_back:
            data, self._pushed_back = self._pushed_back[:size], self._pushed_back[size:]
            return data
        return await asyncio.get_running_loop().sock_recv(self.sock, size)

    def push_back(self, data: bytes) -> None:
        """Let the next read see these bytes again."""
        self._pushed_back = data + self._pushed_back

    async def write(self, data: bytes | memoryview) -> None:
        """Send all of it, as fast as the pacer lets it pass. Raises OSError."""
        loop = asyncio.get_running_loop()
        if self.pacer is None:
            await loop.sock_sendall(self.sock, data)
            return
        view = memoryview(data)
        while view:
            passing = await self.pacer.take(len(view))
            await loop.sock_sendall(self.sock, view[:passing])
            view = view[passing:]

    async def close(self) -> None:
        """Send FIN and wait a little for the client's."""
        with contextlib.suppress(OSError, TimeoutError):
            self.sock.shutdown(socket.SHUT_WR)
            async with asyncio.timeout(DRAIN_S):
                while await asyncio.get_running_loop().sock_recv(self.sock, READ):
                    pass
        self.sock.close()

    def reset(self) -> None:
        """Send RST: a close that lingers for zero seconds."""
        with contextlib.suppress(OSError):
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class TLSWire:
    """TLS by MemoryBIO over a plain wire: the handshake is computed first and sent only if we like."""

    def __init__(self, plain: PlainWire, choose: Callable[[str | None], ssl.SSLContext]) -> None:
        """`choose` is called once with the ClientHello's server name and gives the context to go on with."""
        self.plain = plain
        self.place = plain.place
        self.server_name: str | None = None
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._choose = choose
        first = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        first.set_alpn_protocols(["h2", "http/1.1"])
        first.sni_callback = self._on_hello
        self._tls = first.wrap_bio(self._in, self._out, server_side=True)
        self.heard = False
        self.hello = bytearray()
        """What was read up to the end of the ClientHello."""
        self._written = 0

    def _on_hello(self, tls: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        self.server_name = name.lower() if name else None
        self.heard = True
        tls.context = self._choose(self.server_name)

    @property
    def protocol(self) -> str:
        """The ALPN protocol agreed on; empty when none was."""
        return self._tls.selected_alpn_protocol() or ""

    async def hear(self) -> bool:
        """Read until the ClientHello is complete, without answering. False when none came."""
        while not self.heard:
            data = await self.plain.read(READ)
            if not data:
                return False
            self.hello += data
            self._in.write(data)
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError:
                await self._flush()  # the alert
                return False
        return True

    async def handshake(self) -> None:
        """Send our flight and finish. Raises ssl.SSLError, OSError, EOFError."""
        while True:
            await self._flush()
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                await self._fill()
            else:
                await self._flush()
                return

    async def _flush(self) -> None:
        while self._out.pending:  # a chain of 10 MB is not copied whole
            await self.plain.write(self._out.read(READ))

    async def _fill(self) -> None:
        data = await self.plain.read(READ)
        if not data:
            raise EOFError("the client left")
        self._in.write(data)

    async def read(self, size: int) -> bytes:
        """Return at most `size` decrypted bytes; empty at close_notify or FIN."""
        while True:
            try:
                data = self._tls.read(size)
            except ssl.SSLWantReadError:
                await self._flush()
                try:
                    await self._fill()
                except EOFError:
                    return b""
            except ssl.SSLZeroReturnError:
                return b""
            else:
                return data

    async def write(self, data: bytes | memoryview) -> None:
        """Encrypt and send all of it, in short records at first, so that a slow client soon has something."""
        view = memoryview(data)
        while view:
            block, view = view[:READ], view[READ:]
            while block:
                size = SHORT_RECORD if self._written < SHORT_RECORDS_FOR else READ
                taken = self._tls.write(block[:size])
                self._written += taken
                block = block[taken:]
            await self._flush()

    async def close(self) -> None:
        """Send close_notify, then FIN."""
        with contextlib.suppress(ssl.SSLError):
            self._tls.unwrap()
        with contextlib.suppress(OSError):
            await self._flush()
        await self.plain.close()

    def reset(self) -> None:
        """Send RST under the TLS."""
        self.plain.reset()
