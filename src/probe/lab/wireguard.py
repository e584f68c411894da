"""A WireGuard server of the lab: answers whoever has its client's keys, echoes, keeps alive."""

from __future__ import annotations

import base64
import hashlib
import secrets
import struct
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from probe.measure import inner
from probe.measure import wireguard as wg

if TYPE_CHECKING:
    from collections.abc import Iterator

PORT: Final = 51820
OWN: Final = "10.66.0.2"
INSIDE: Final = "10.66.0.1"
"""The server's address within the tunnel: it alone answers echo requests."""
KEEPALIVE_S: Final = 10.0
SESSIONS_KEPT: Final = 256


def _key(name: str) -> X25519PrivateKey:
    """Return a key that is the same in every lab: nothing real is behind it."""
    return X25519PrivateKey.from_private_bytes(hashlib.sha256(f"probe lab {name}".encode()).digest())


SERVER: Final = _key("server")
CLIENT: Final = _key("client")
SHARED: Final = hashlib.sha256(b"probe lab shared").digest()


def conf(endpoint: str, *, inside: str = INSIDE, wrong: bool = False) -> str:
    """Return the client's file; `wrong` keys are those of somebody whom the server does not know."""

    def shown(key: bytes) -> str:
        return base64.b64encode(key).decode()

    client = _key("nobody") if wrong else CLIENT
    return (
        f"[Interface]\nPrivateKey = {shown(client.private_bytes_raw())}\nAddress = {OWN}/24\n"
        f"DNS = {inside}\n\n"
        f"[Peer]\nPublicKey = {shown(wg.public_of(SERVER))}\nPresharedKey = {shown(SHARED)}\n"
        f"AllowedIPs = 0.0.0.0/0\nEndpoint = {endpoint}\n"
    )


class WireGuardServer:
    """Sessions of all the lab's WireGuard servers; datagrams in, delayed datagrams out."""

    def __init__(self) -> None:
        """Begin without a session."""
        self._sessions: dict[int, wg.Tunnel] = {}
        self._latest = b""

    def receive(self, data: bytes) -> Iterator[tuple[float, bytes]]:
        """Yield what is sent back for one datagram, and after how many seconds."""
        if len(data) == wg.SIZES[wg.INITIATION] and data[0] == wg.INITIATION:
            answer = self._respond(data)
            if answer:
                yield 0.0, answer
        elif len(data) >= wg.SMALLEST_DATA and data[0] == wg.DATA:
            session = self._sessions.get(struct.unpack_from("<I", data, 4)[0])
            plain = session.unpack(data) if session is not None else None
            if session is not None and plain:
                yield self._answer(session, plain)

    @staticmethod
    def _answer(session: wg.Tunnel, plain: bytes) -> tuple[float, bytes]:
        size = struct.unpack_from("!H", plain, 2)[0]
        if (
            size <= len(plain)
            and plain[9] == inner.ICMP
            and plain[16:20] == bytes(map(int, INSIDE.split(".")))
        ):
            number = struct.unpack_from("!H", plain, 26)[0]
            return 0.0, session.pack(inner.echo(INSIDE, OWN, number, size - 28, reply=True))
        return KEEPALIVE_S, session.pack(b"")

    def _respond(self, data: bytes) -> bytes:
        """Return the response to an initiation; nothing to a stranger, or to one of before."""
        public = wg.public_of(SERVER)
        if data[116:132] != wg.mac1(public, data[:116]):
            return b""
        ephemeral, static, stamp = data[8:40], data[40:88], data[88:116]
        chain, digest = wg.begun(public)
        (chain,) = wg.kdf(chain, ephemeral, 1)
        digest = wg.hashed(digest, ephemeral)
        chain, key = wg.kdf(chain, wg.shared(SERVER, ephemeral), 2)
        peer = wg.opened(key, 0, static, digest)
        if peer != wg.public_of(CLIENT):
            return b""
        digest = wg.hashed(digest, static)
        chain, key = wg.kdf(chain, wg.shared(SERVER, peer), 2)
        moment = wg.opened(key, 0, stamp, digest)
        if moment is None or moment <= self._latest:
            return b""
        self._latest = moment
        digest = wg.hashed(digest, stamp)
        own = X25519PrivateKey.generate()
        mine = wg.public_of(own)
        (chain,) = wg.kdf(chain, mine, 1)
        (chain,) = wg.kdf(chain, wg.shared(own, ephemeral), 1)
        (chain,) = wg.kdf(chain, wg.shared(own, peer), 1)
        chain, tau, key = wg.kdf(chain, SHARED, 3)
        empty = wg.sealed(key, 0, b"", wg.hashed(wg.hashed(digest, mine), tau))
        receiving, sending = wg.kdf(chain, b"", 2)
        index, theirs = secrets.randbits(32), struct.unpack_from("<I", data, 4)[0]
        if len(self._sessions) >= SESSIONS_KEPT:
            del self._sessions[next(iter(self._sessions))]
        self._sessions[index] = wg.Tunnel(
            sending=sending, receiving=receiving, own_index=index, peer_index=theirs
        )
        body = struct.pack("<III", wg.RESPONSE, index, theirs) + mine + empty
        return body + wg.mac1(peer, body) + bytes(16)
