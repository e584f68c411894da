"""OpenVPN: the reset, TLS within the control channel, the keys, what the server pushes, packets of data."""

from __future__ import annotations

import contextlib
import secrets
import time
from typing import TYPE_CHECKING, Any, Final, TypeVar

import anyio
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from msgspec import Struct, field
from OpenSSL import SSL, crypto

from probe.measure import inner, openvpn_keys, tcp
from probe.measure.openvpn_keys import PING, DataChannel, Randoms
from probe.measure.openvpn_line import StreamLine, UdpLine
from probe.measure.openvpn_wire import DATA_V1, DATA_V2, RESET_CLIENT, Channel, Wrapping
from probe.measure.vpn_talk import MAX_PACKETS, RefusedError, handshake_s
from probe.model import failure as f
from probe.model.vpn import OpenVPNKeys

if TYPE_CHECKING:
    from collections.abc import Callable

    from probe.measure.openvpn_line import Line
    from probe.measure.vpn_talk import Asked, Talk

T = TypeVar("T")

AGAIN_S: Final = 1.0
"""After this long what was not acknowledged is sent once more over UDP, as OpenVPN itself begins with."""
DATA_S: Final = 12.5
"""Servers that are told to keep alive do so every ten seconds, as a rule."""
PAUSES: Final = (1.5, 2.5, DATA_S)
LINGER_S: Final = 0.5
MAX_PLAIN: Final = 65536
PUSH_REQUEST: Final = b"PUSH_REQUEST\0"


def context_of(keys: OpenVPNKeys, *, strict: bool = True) -> SSL.Context:
    """Return what a profile says of TLS; `strict` has the other end's certificate verified."""
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    store = context.get_cert_store()
    assert store is not None  # noqa: S101  # only a context of no method is without one
    for certificate in x509.load_pem_x509_certificates(keys.ca.encode()):
        store.add_cert(crypto.X509.from_cryptography(certificate))
    if keys.certificate:
        context.use_certificate(x509.load_pem_x509_certificate(keys.certificate.encode()))
        # Of the kinds of key that it may hold OpenSSL itself refuses what it cannot use.
        own: Any = load_pem_private_key(keys.private_key.encode(), password=None)
        context.use_privatekey(own)
    context.set_verify(SSL.VERIFY_PEER if strict else SSL.VERIFY_NONE, None)
    return context


class Session(Struct):
    """One client's session with a server, over whatever line."""

    line: Line
    keys: OpenVPNKeys
    channel: Channel
    tls: SSL.Connection
    plain: bytes = b""
    shaken: bool = False
    own: Randoms = field(default_factory=lambda: Randoms(secrets.token_bytes(48)))
    inbox: list[bytes] = field(default_factory=list)
    """Packets of data that came."""

    async def until(self, talk: Talk, found: Callable[[], T | None], seconds: float) -> T | None:
        """Exchange control packets until `found` makes something of what came; None when time is up."""
        end = anyio.current_time() + seconds
        again = anyio.current_time() + AGAIN_S
        heard = 0
        while (got := found()) is None and (now := anyio.current_time()) < end and heard < MAX_PACKETS:
            if now >= again and not self.line.is_stream:
                await self._send(talk, self.channel.again(_now()))
                again = now + AGAIN_S
            wait = end if self.line.is_stream else min(end, again)
            with anyio.move_on_after(wait - now):
                packet = await self.line.receive()
                heard += 1
                await self._take(talk, packet)
        return got

    async def _take(self, talk: Talk, packet: bytes) -> None:
        """Read one packet and send what it calls for."""
        if packet and packet[0] >> 3 in {DATA_V1, DATA_V2}:
            self.inbox.append(packet)
            talk.received(len(packet), counts=False)
            return
        counts = self.channel.read(packet) is not None
        talk.received(len(packet), counts=counts)
        if counts:
            came = self.channel.in_order()
            if came:
                self.tls.bio_write(came)
            await self.flush(talk)

    async def flush(self, talk: Talk) -> None:
        """Drive TLS, and send what it wants to say, or else what is to be acknowledged."""
        if self.channel.peer:
            self._drive(talk)
        out = b""
        with contextlib.suppress(SSL.WantReadError):
            while True:
                out += self.tls.bio_read(MAX_PLAIN)
        packets = list(self.channel.chunks(out, _now()))
        owed = self.channel.acknowledgement(_now())
        await self._send(talk, packets + ([owed] if owed else []))

    def _drive(self, talk: Talk) -> None:
        try:
            if not self.shaken:
                talk.reached = "reset"
                self.tls.do_handshake()
                self.shaken, talk.reached = True, "tls"
                self.tls.send(self._message())
            while len(self.plain) < MAX_PLAIN:
                self.plain += self.tls.recv(MAX_PLAIN)
        except SSL.WantReadError:
            return
        except SSL.ZeroReturnError:
            raise EOFError("TLS ended") from None
        except SSL.Error as error:
            unknown = "certificate verify failed" in str(error)
            raise RefusedError(f.TLS_UNKNOWN_AUTHORITY if unknown else f.TLS_FAILED_HANDSHAKE) from None

    def _message(self) -> bytes:
        proto = "TCPv4_CLIENT" if self.line.is_stream else "UDPv4"
        return openvpn_keys.message(
            self.own,
            openvpn_keys.OPTIONS.format(proto=proto),
            self.keys.user,
            self.keys.password,
            openvpn_keys.PEER_INFO.format(ciphers=":".join(self.keys.ciphers)),
        )

    async def _send(self, talk: Talk, packets: list[bytes]) -> None:
        for packet in packets:
            await self.line.send(packet)
            talk.sent(len(packet))

    def heard_keys(self) -> Randoms | None:
        """Return the server's part of the keys once it came."""
        theirs = openvpn_keys.read_message(self.plain) if self.shaken else None
        if theirs is not None:
            self.plain = b""
        return theirs

    def heard_push(self) -> str | None:
        """Return what the server pushed. Raises RefusedError where it does not take the credentials."""
        if b"AUTH_FAILED" in self.plain:
            raise RefusedError(f.X_VPN_AUTH)
        begin = self.plain.find(b"PUSH_REPLY")
        end = self.plain.find(b"\0", begin)
        return self.plain[begin:end].decode("ascii", "replace") if 0 <= begin < end else None

    def ask_for_push(self) -> None:
        """Put the request into TLS; `flush` sends it."""
        self.tls.send(PUSH_REQUEST)


def _now() -> int:
    return int(time.time())


async def over_udp(asked: Asked) -> bool:
    """Shake hands over UDP; say whether the handshake was answered."""
    return await _run(asked, over_tcp=False)


async def over_tcp(asked: Asked) -> bool:
    """Shake hands over TCP; a connection that does not open is told by its own record."""
    return await _run(asked, over_tcp=True)


async def _run(asked: Asked, *, over_tcp: bool) -> bool:
    ctx, keys = asked.ctx, asked.keys(OpenVPNKeys)
    line: Line
    stream = None
    if over_tcp:
        _, stream = await tcp.connect(ctx, asked.ip, asked.port)
        if stream is None:
            return False
    ctx.excuse(await ctx.pace.hellos.take(asked.ip, asked.ip))
    talk = asked.talk("openvpn", over_tcp=over_tcp)
    with contextlib.ExitStack() as held:
        if stream is not None:
            line = StreamLine(stream)
            held.callback(stream.close)
        else:
            line = UdpLine(ctx, asked.ip, asked.port)
            held.callback(line.close)
        ctx.pace.hellos.leaves(asked.ip)
        tls = SSL.Connection(context_of(keys), None)
        tls.set_connect_state()
        session = Session(line, keys, Channel(Wrapping(keys)), tls)
        theirs = await talk.over(_shake(session, talk))
        if theirs is not None:
            data = talk.next("data")
            await data.over(_carry(session, data, theirs))
    return theirs is not None


async def _shake(session: Session, talk: Talk) -> Randoms | None:
    """Reset, TLS, keys: return the server's part of the keys."""
    seconds = handshake_s(talk.ctx)
    await session.line.open()
    first = session.channel.sent(RESET_CLIENT, b"", _now())
    await session.line.send(first)
    talk.sent(len(first))
    theirs = await session.until(talk, session.heard_keys, 2 * seconds if session.channel.peer else seconds)
    if theirs is None and session.channel.peer:
        theirs = await session.until(talk, session.heard_keys, seconds)
    if theirs is not None:
        talk.reached = "keys"
    return theirs


class Carrier(Struct, frozen=True):
    """Packets of data through an open session."""

    session: Session
    data: Talk
    channel: DataChannel
    framing: bytes
    """What compression would put before each inner packet."""

    async def send(self, plains: tuple[bytes, ...]) -> None:
        """Send inner packets."""
        for plain in plains:
            packet = self.channel.pack(self.framing + plain)
            await self.session.line.send(packet)
            self.data.sent(len(packet))
            self.data.sizes.append(len(plain))

    def came(self) -> bytes | None:
        """Return the next inner packet that is authentic."""
        while self.session.inbox:
            plain = self.channel.unpack(self.session.inbox.pop(0))
            if plain is not None:
                self.data.strangers -= 1
                self.data.received(0, counts=True)
                echoed = inner.is_reply(plain[len(self.framing) :])
                self.data.reached = "echo" if echoed else self.data.reached or "packet"
                return plain
        return None


async def _carry(session: Session, data: Talk, theirs: Randoms) -> bytes | None:
    """Ask for what the server pushes, send packets of data; return the first that came back."""
    session.ask_for_push()
    await session.flush(data)
    text = await session.until(data, session.heard_push, handshake_s(data.ctx))
    if text is None:
        return None
    push = openvpn_keys.read_push(text, "")
    if push.cipher not in openvpn_keys.CIPHERS:
        raise RefusedError(f.X_VPN_CIPHER)
    keys = openvpn_keys.block(session.own, theirs, session.channel.session + session.channel.peer)
    carrier = Carrier(session, data, DataChannel(keys, push.cipher, push.peer_id), b"\xfa" * push.framed)
    ends = anyio.current_time() + DATA_S
    first: bytes | None = None
    for pause in PAUSES:
        if first is None:
            await carrier.send((PING, *inner.echoes(push.own, push.inside)))
            left = max(ends - anyio.current_time(), 0.0)
            first = await session.until(data, carrier.came, min(pause, left))
    linger = anyio.current_time() + LINGER_S * (first is not None)
    while (left := linger - anyio.current_time()) > 0:
        await session.until(data, carrier.came, left)
    return first
