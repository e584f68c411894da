"""A helper on loopback that serves transfers: honest unless told otherwise."""

import hashlib
import json
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from loopback.authority import Authority
from loopback.servers import Handler, Loopback, a_session, fast, over_tls, page, read_request, tcp_server
from loopback.transferring import NAME, NEUTRAL, OBJECT, a_step, head, noting
from probe.model.measurement import Measurement
from probe.model.options import RunOptions
from probe.model.transfer import ArmPlan, TransferPlan

HOST, URL, IP, PORT = "helper.example", "https://helper.example/", "93.184.215.20", 8443
KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def as_bytes(said: Any) -> bytes:
    return said if isinstance(said, bytes) else json.dumps(said).encode()


def signed(payload: str, key: Ed25519PrivateKey = KEY) -> dict[str, str]:
    return {"payload": payload, "signature": key.sign(payload.encode()).hex(), "key": PUBLIC}


def a_payload(**said: Any) -> str:
    """The text that a helper signs."""
    fields = {
        "bytes": 131_072,
        "client_asn": "AS12389",
        "direction": "down",
        "min_rtt_us": 41_000,
        "nonce": "0" * 32,
        "retransmits": 3,
        "rtt_us": 43_000,
        "server_name": NAME,
        "utc": "2026-11-21T12:00:00Z",
        "v": 1,
    }
    return json.dumps(fields | said, sort_keys=True, separators=(",", ":"))


@dataclass
class Helper:
    """What it announces, sends and signs; each part may be replaced."""

    announce: Callable[[dict[str, Any]], Any] = lambda honest: honest
    body: Callable[[int], bytes] = lambda n: head(n) + OBJECT[:n]
    receipts: Callable[[list[dict[str, str]]], Any] = lambda honest: {"receipts": honest}
    others: Callable[[list[str]], list[dict[str, str]]] | None = None
    """Another's receipts, where another serves the transfers."""
    payload: Callable[[dict[str, Any]], dict[str, Any]] = lambda honest: honest
    key: Ed25519PrivateKey = field(default_factory=lambda: KEY)
    status: str = "200 OK"
    """Of the announcement."""
    after: Handler | None = None
    names: list[str | None] = field(default_factory=list)
    """That the transfer port was asked by."""
    asked: list[str] = field(default_factory=list)
    """Request lines, both ports."""
    seen: dict[str, dict[str, Any]] = field(default_factory=dict)

    def front(self, certificate: str, port: int = PORT) -> Handler:
        """Serve the announcement."""

        def handler(sock: socket.socket, stop: threading.Event) -> None:
            held = read_request(sock)
            self.asked.append(held.decode("latin-1").split("\r\n")[0])
            if "/receipts" in self.asked[-1]:
                self.tell_receipts(sock, held, stop)
                return
            honest = {
                "v": 1,
                "port": port,
                "certificate_sha256": certificate,
                "key": PUBLIC,
                "max_bytes": 262_144,
                "max_seconds": 10,
            }
            said = self.announce(honest)
            sock.sendall(
                page(said if isinstance(said, bytes) else json.dumps(said).encode(), status=self.status)
            )

        return handler

    def tell_receipts(self, sock: socket.socket, held: bytes, stop: threading.Event) -> None:
        """Tell what was signed."""
        body = held.partition(b"\r\n\r\n")[2]
        length = int((re.findall(rb"(?i)content-length: (\d+)", held) or [b"0"])[0])
        while len(body) < length:
            body += sock.recv(65536)
        said = self.receipts(self.signs(json.loads(body)["nonces"]))
        sock.sendall(page(as_bytes(said)))

    def back(self, sock: socket.socket, stop: threading.Event) -> None:
        """Serve transfers."""
        name = self.names[-1] or ""
        held = read_request(sock)
        if not held:
            return
        first = held.decode("latin-1").split("\r\n")[0]
        self.asked.append(first)
        body = held.partition(b"\r\n\r\n")[2]
        length = int((re.findall(rb"(?i)content-length: (\d+)", held) or [b"0"])[0])
        while len(body) < length:
            body += sock.recv(65536)
        nonce = first.partition("nonce=")[2].split(" ")[0]
        n = length or int(re.findall(r"bytes=(\d+)", first)[0])
        direction = "up" if length else "down"
        self.seen[nonce] = {"bytes": n, "server_name": name, "nonce": nonce, "direction": direction}
        sock.sendall(page(b"{}") if length else self.body(n))
        if self.after is not None:
            self.after(sock, stop)

    def signs(self, nonces: list[str]) -> list[dict[str, str]]:
        """Return a receipt for each that it served."""
        return self.others(nonces) if self.others else [self.signed(n) for n in nonces if n in self.seen]

    def signed(self, nonce: str) -> dict[str, str]:
        return signed(a_payload(**self.payload(dict(self.seen[nonce]))), self.key)


def fingerprint(context: ssl.SSLContext) -> str:
    """Return the SHA-256 of the leaf that a server's context shows."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (
        client.wrap_bio(to_client, to_server),
        context.wrap_bio(to_server, to_client, server_side=True),
    )
    for _ in range(4):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return hashlib.sha256(ends[0].getpeercert(binary_form=True) or b"").hexdigest()


@contextmanager
def a_helper(authority: Authority, helper: Helper, *, pinned: str = "") -> Iterator[Loopback]:
    """Serve a helper; give the network in which it lies at IP."""
    front, back = authority.good(HOST), authority.good("server")
    pinned = pinned or fingerprint(back)
    noting(back, helper.names)
    with (
        tcp_server(over_tls(helper.front(pinned), front)) as front_port,
        tcp_server(over_tls(helper.back, back)) as back_port,
    ):
        yield Loopback(
            tcp={(IP, 443): front_port, (IP, PORT): back_port},
            names={HOST: (IP,)},
            ca_file=authority.ca_file,
        )


X = ArmPlan(arm="X", server_name=NAME, helper=URL)
C2 = ArmPlan(arm="C2", server_name=NEUTRAL, helper=URL)


async def pairs(
    network: Loopback, *plans: TransferPlan, options: RunOptions | None = None
) -> list[Measurement]:
    """Run plans one after the other in one session."""
    async with a_session(network, options or fast(timeout_s=2.0)) as session:
        return [(await session.measure(a_step(plan))).measurement for plan in plans]
