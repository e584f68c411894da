"""A world on loopback for what is measured beside a target: an authority, public addresses, names."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import errno
import hashlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import dns.message
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from probe.measure.dial import SystemClock
from probe.model.options import TrustStore

if TYPE_CHECKING:
    from pathlib import Path

    from probe.model.network import Clock
    from probe.model.observation import LocalFact

Session = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
DAY = dt.timedelta(days=1)


class Authority:
    """A certificate authority that lives as long as the tests."""

    def __init__(self, folder: Path, name: str = "Test Root") -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = self._builder(self.subject, self.key.public_key()).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        self.certificate = builder.sign(self.key, hashes.SHA256())
        self.path = folder / f"{name.replace(' ', '-')}.pem"
        self.path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        self._contexts: dict[str, ssl.SSLContext] = {}

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = dt.datetime.now(dt.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - DAY)
            .not_valid_after(now + 30 * DAY)
        )

    def context(self, name: str) -> ssl.SSLContext:
        """Return a server's context with a leaf for the name."""
        if name not in self._contexts:
            key = ec.generate_private_key(ec.SECP256R1())
            subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:60])])
            leaf = (
                self._builder(subject, key.public_key())
                .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
                .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
                .sign(self.key, hashes.SHA256())
            )
            path = self.folder / f"{hashlib.sha256((name + str(self.path)).encode()).hexdigest()[:16]}.pem"
            path.write_bytes(
                key.private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                )
                + leaf.public_bytes(serialization.Encoding.PEM)
            )
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(path)
            self._contexts[name] = context
        return self._contexts[name]


@dataclass(slots=True)
class World:
    """What lives at which address: a `Network` for the client and servers behind it.

    An address that nobody serves is unreachable; one in `dark` swallows every packet.
    """

    authority: Authority
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    resolvers: tuple[str, ...] = ()
    facts: tuple[LocalFact, ...] = ()
    dark: set[tuple[str, int]] = field(default_factory=set)
    tcp: dict[tuple[str, int], int] = field(default_factory=dict)
    udp: dict[tuple[str, int], int] = field(default_factory=dict)
    connects: list[tuple[str, int]] = field(default_factory=list)
    clock: Clock = field(default_factory=SystemClock)
    _servers: list[asyncio.Server] = field(default_factory=list)
    _datagrams: list[asyncio.DatagramTransport] = field(default_factory=list)
    _sessions: set[asyncio.Task[None]] = field(default_factory=set)

    # The client's side: model.Network.

    def resolve_system(self, name: str) -> tuple[str, ...]:
        if name not in self.names:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return self.names[name]

    def system_resolvers(self) -> tuple[str, ...]:
        return self.resolvers

    def open_tcp(self, address: str) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setblocking(False)
        return sock

    async def connect(self, sock: socket.socket, address: str, port: int) -> None:
        self.connects.append((address, port))
        if (address, port) in self.dark:
            await asyncio.Event().wait()
        if (address, port) not in self.tcp:
            raise OSError(errno.ENETUNREACH, "nobody there")
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", self.tcp[address, port]))

    def interface_bytes(self) -> int | None:
        return None

    def open_udp(self, address: str, port: int) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        if (address, port) not in self.udp:
            silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            silent.bind(("127.0.0.1", 0))
            self.udp[address, port] = silent.getsockname()[1]
            self._datagrams.append(_Held(silent))
        sock.connect(("127.0.0.1", self.udp[address, port]))
        return sock

    def trust(self) -> TrustStore:
        return TrustStore(source="SSL_CERT_FILE", path=str(self.authority.path), sha256="")

    def vantage(self) -> tuple[LocalFact, ...]:
        return self.facts

    # The servers' side.

    async def serve(self, ip: str, port: int, session: Session) -> None:
        """Let an address be served by a session per connection."""

        async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._sessions.add(task)
            try:
                with contextlib.suppress(OSError, EOFError, asyncio.CancelledError, ssl.SSLError):
                    await session(reader, writer)
            finally:
                self._sessions.discard(task)
                writer.close()

        server = await asyncio.start_server(run, "127.0.0.1", 0, limit=1 << 22)
        self._servers.append(server)
        self.tcp[ip, port] = server.sockets[0].getsockname()[1]

    async def serve_dns(
        self, ip: str, port: int, answer: Callable[[dns.message.Message], dns.message.Message | None]
    ) -> None:
        """Let an address answer DNS over UDP; None is silence."""
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Datagrams(answer), local_addr=("127.0.0.1", 0)
        )
        self._datagrams.append(transport)
        self.udp[ip, port] = transport.get_extra_info("sockname")[1]

    async def close(self) -> None:
        for server in self._servers:
            server.close()
        for task in tuple(self._sessions):
            task.cancel()
        for transport in self._datagrams:
            transport.close()
        await asyncio.sleep(0.01)


class _Held(asyncio.DatagramTransport):
    """A bound socket that nobody reads."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__()
        self._sock = sock

    def close(self) -> None:
        self._sock.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, answer: Callable[[dns.message.Message], dns.message.Message | None]) -> None:
        self._answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        reply = self._answer(dns.message.from_wire(data))
        if reply is not None:
            self._transport.sendto(reply.to_wire(want_shuffle=False), addr)


@contextlib.asynccontextmanager
async def a_world(authority: Authority) -> AsyncIterator[World]:
    world = World(authority)
    try:
        yield world
    finally:
        await world.close()
