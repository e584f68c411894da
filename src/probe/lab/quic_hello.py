"""The name in a QUIC ClientHello: Initial packets are sealed with keys that anybody on the path can derive.

RFC 9001, section 5.2. Needs the extra `quic`.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aioquic._buffer import Buffer

PADDING, PING, ACK, ACK_ECN, CRYPTO = 0x00, 0x01, 0x02, 0x03, 0x06
MAX_HELLO: Final = 16_384


class Hello:
    """The ClientHello of one connection, put together from the datagrams that bear it."""

    def __init__(self) -> None:
        """Begin with nothing heard."""
        self.name: str | None = None
        self.is_whole = False
        self._cid: bytes | None = None
        self._pieces: dict[int, bytes] = {}

    def hear(self, datagram: bytes) -> None:
        """Take the next datagram; what is no Initial, or broken, changes nothing."""
        from aioquic._buffer import BufferReadError
        from aioquic._crypto import CryptoError

        # Behind the packets a datagram may be filled up with zeros, which are no packet.
        with contextlib.suppress(BufferReadError, CryptoError, ValueError):
            for payload in self._payloads(datagram):
                self._read_frames(payload)
        with contextlib.suppress(BufferReadError, ValueError):
            self._read_message()

    def _payloads(self, datagram: bytes) -> Iterator[bytes]:
        from aioquic._buffer import Buffer
        from aioquic.quic.crypto import CryptoPair
        from aioquic.quic.packet import QuicPacketType, pull_quic_header

        buffer = Buffer(data=datagram)
        while not buffer.eof():
            start = buffer.tell()
            header = pull_quic_header(buffer, host_cid_length=8)
            end = start + header.packet_length
            if header.packet_type == QuicPacketType.INITIAL and header.version is not None:
                self._cid = header.destination_cid if self._cid is None else self._cid
                keys = CryptoPair()
                keys.setup_initial(cid=self._cid, is_client=False, version=header.version)
                _, payload, _ = keys.decrypt_packet(datagram[start:end], buffer.tell() - start, 0)
                yield payload
            buffer.seek(end)

    def _read_frames(self, payload: bytes) -> None:
        from aioquic._buffer import Buffer

        buffer = Buffer(data=payload)
        while not buffer.eof():
            kind = buffer.pull_uint_var()
            if kind in (ACK, ACK_ECN):
                _skip_ack(buffer, ecn=kind == ACK_ECN)
            elif kind == CRYPTO:
                offset = buffer.pull_uint_var()
                self._pieces[offset] = buffer.pull_bytes(buffer.pull_uint_var())
            elif kind not in (PADDING, PING):
                return

    def _read_message(self) -> None:
        from aioquic._buffer import Buffer
        from aioquic.tls import pull_client_hello

        message = b""
        for offset, piece in sorted(self._pieces.items()):
            if offset > len(message) or len(message) > MAX_HELLO:
                return
            message = message[:offset] + piece + message[offset + len(piece) :]
        if len(message) >= 4 and len(message) >= 4 + int.from_bytes(message[1:4], "big"):
            self.name = pull_client_hello(Buffer(data=message)).server_name
            self.is_whole = True


def _skip_ack(buffer: Buffer, *, ecn: bool) -> None:
    buffer.pull_uint_var()
    buffer.pull_uint_var()
    for _ in range(2 * buffer.pull_uint_var() + 1 + 3 * ecn):
        buffer.pull_uint_var()
