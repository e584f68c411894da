"""An OpenVPN server of the lab over UDP, its small authority, and the client's profile."""

from __future__ import annotations

import contextlib
import hashlib
import struct
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from OpenSSL import SSL

from probe.measure import inner
from probe.measure import openvpn_keys as k
from probe.measure.openvpn import PUSH_REQUEST, context_of
from probe.measure.openvpn_wire import (
    CONTROL,
    DATA_V1,
    DATA_V2,
    RESET_CLIENT,
    RESET_SERVER,
    Channel,
    Wrapping,
)
from probe.model.vpn import OpenVPNKeys

if TYPE_CHECKING:
    from collections.abc import Iterator

PORT: Final = 1194
OWN, INSIDE = "10.77.0.2", "10.77.0.1"
STATIC: Final = b"".join(hashlib.sha256(b"probe lab static %d" % i).digest() for i in range(8))
CIPHER: Final = "AES-256-GCM"
SESSIONS_KEPT: Final = 256


@dataclass(frozen=True, slots=True, repr=False)
class Pki:
    """PEM texts of an authority, a server and a client."""

    ca: str
    server: str
    server_key: str
    client: str
    client_key: str

    @classmethod
    @cache
    def made(cls) -> Pki:
        """Make all of it, once in a process."""
        root, server, client = map(_key, ("root", "server", "client"))
        ca = _signed("Probe Lab Tunnels", root, root, is_ca=True)
        return cls(
            _pem(ca), _pem(_signed("server", server, root)), _key_pem(server),
            _pem(_signed("client", client, root)), _key_pem(client),
        )  # fmt: skip

    def files(self) -> dict[str, str]:
        """Return what OpenVPN itself reads, by file name."""
        return {
            "ca.pem": self.ca, "server.pem": self.server, "server-key.pem": self.server_key,
            "static.key": static_text(),
        }  # fmt: skip

    def keys_of_server(self, wrap: str) -> OpenVPNKeys:
        """Return the server's keys."""
        return OpenVPNKeys(
            ca=self.ca, certificate=self.server, private_key=self.server_key,
            static_key=STATIC if wrap else b"", wrap="crypt" if wrap == "crypt" else "auth" if wrap else "",
            direction=1,
        )  # fmt: skip


def _key(name: str) -> Ed25519PrivateKey:
    """Return a key that is the same in every lab, as its signatures are: baselines then fit the next run."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"probe lab tunnel {name}".encode()).digest())


def _signed(
    name: str, key: Ed25519PrivateKey, root: Ed25519PrivateKey, *, is_ca: bool = False
) -> x509.Certificate:
    def called(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(called(name))
        .issuer_name(called("Probe Lab Tunnels"))
        .public_key(key.public_key())
        .serial_number(1 + len(name))
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .sign(root, None)
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def _key_pem(key: Ed25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def static_text() -> str:
    """Return the static key as OpenVPN writes it."""
    lines = "\n".join(STATIC[i : i + 16].hex() for i in range(0, 256, 16))
    return f"-----BEGIN OpenVPN Static key V1-----\n{lines}\n-----END OpenVPN Static key V1-----\n"


def profile(pki: Pki, host: str, port: int, proto: str, wrap: str) -> str:
    """Return the client's profile, its keys inside."""
    static = f"<tls-{wrap}>\n{static_text()}</tls-{wrap}>\n" if wrap else ""
    direction = "key-direction 1\n" if wrap == "auth" else ""
    return (
        f"client\ndev tun\nproto {proto}\nremote {host} {port}\nnobind\n{direction}"
        f"<ca>\n{pki.ca}</ca>\n<cert>\n{pki.client}</cert>\n<key>\n{pki.client_key}</key>\n{static}"
    )


class _Client(msgspec.Struct):
    channel: Channel
    tls: SSL.Connection
    plain: bytes = b""
    own: k.Randoms = msgspec.field(default_factory=k.Randoms)
    theirs: k.Randoms | None = None
    data: k.DataChannel | None = None


class OpenVPNServer:
    """Sessions by whom they are with; datagrams in, datagrams out."""

    def __init__(self, pki: Pki, wrap: str) -> None:
        """Begin without a session."""
        self._keys = pki.keys_of_server(wrap)
        self._clients: dict[object, _Client] = {}

    def receive(self, data: bytes, peer: object) -> Iterator[tuple[float, bytes]]:
        """Yield what is sent back for one datagram."""
        op = data[0] >> 3 if data else 0
        if op == RESET_CLIENT:
            self._greet(peer)
        client = self._clients.get(peer)
        if client is None:
            return
        if op in {DATA_V1, DATA_V2}:
            yield from self._echoed(client, data)
            return
        body = client.channel.read(data)
        if body is None:
            return
        now = int(time.time())
        if body.op == RESET_CLIENT:
            client.channel.in_order()
            yield 0.0, client.channel.sent(RESET_SERVER, b"", now)
            return
        came = client.channel.in_order()
        if came:
            client.tls.bio_write(came)
        self._talk(client)
        for packet in client.channel.chunks(_out(client.tls), now):
            yield 0.0, packet
        if body.op == CONTROL and (owed := client.channel.acknowledgement(now)):
            yield 0.0, owed

    def _greet(self, peer: object) -> None:
        tls = SSL.Connection(context_of(self._keys), None)
        tls.set_accept_state()
        if len(self._clients) >= SESSIONS_KEPT:
            del self._clients[next(iter(self._clients))]
        self._clients[peer] = _Client(Channel(Wrapping(self._keys, is_server=True)), tls)

    @staticmethod
    def _talk(client: _Client) -> None:
        """Answer within TLS: the keys, then what is pushed."""
        with contextlib.suppress(SSL.WantReadError, SSL.Error):
            client.tls.do_handshake()
            while True:
                client.plain += client.tls.recv(65536)
        if client.theirs is None and (found := k.read_message(client.plain, of_client=True)) is not None:
            client.theirs, client.plain = found, b""
            client.tls.send(k.message(client.own, "V4,tls-server"))
            sessions = client.channel.peer + client.channel.session
            client.data = k.DataChannel(k.block(found, client.own, sessions), CIPHER, 7, is_server=True)
        if PUSH_REQUEST in client.plain:
            client.plain = b""
            pushed = f"PUSH_REPLY,topology subnet,route-gateway {INSIDE},ifconfig {OWN} 255.255.255.0"
            client.tls.send(f"{pushed},peer-id 7,cipher {CIPHER}\0".encode())

    @staticmethod
    def _echoed(client: _Client, data: bytes) -> Iterator[tuple[float, bytes]]:
        plain = client.data.unpack(data) if client.data is not None else None
        if client.data is not None and plain and len(plain) >= 28 and plain[9] == inner.ICMP:
            number = struct.unpack_from("!H", plain, 26)[0]
            yield 0.0, client.data.pack(inner.echo(INSIDE, OWN, number, len(plain) - 28, reply=True))


def _out(tls: SSL.Connection) -> bytes:
    found = b""
    with contextlib.suppress(SSL.WantReadError):
        while True:
            found += tls.bio_read(65536)
    return found
