"""The plainest of worlds, in threads: an answer on every address at ports 53, 80, 443 and a flood at 5001."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from wire.by_question import forged
from wire.names import question, server_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from wire.link import Link

TRUE4, TRUE6 = "151.101.1.140", "2a04:4e42::396"
"""What its resolver answers to every question."""
PAGE: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\ntrue\n"
FLOOD: Final = bytes(65536)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, family: int, port: int, talk: Callable[[socket.socket], None]) -> None:
        self.address_family = family
        self.talk = talk
        super().__init__(
            ("::" if family == socket.AF_INET6 else "0.0.0.0", port), socketserver.BaseRequestHandler
        )

    def server_bind(self) -> None:
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        super().server_bind()

    def finish_request(self, request: Any, client_address: Any) -> None:
        with suppress(OSError):
            request.settimeout(10)
            self.talk(request)


def _read(sock: socket.socket, enough: Callable[[bytes], bool]) -> bool:
    """Read until enough came; False when the client left before."""
    got = b""
    while not enough(got):
        data = sock.recv(4096)
        if not data:
            return False
        got += data
    return True


def _http(sock: socket.socket) -> None:
    if _read(sock, lambda request: b"\r\n\r\n" in request):
        sock.sendall(PAGE)


def _tls(sock: socket.socket) -> None:
    """Answer a whole ClientHello with the shortest of handshake records: a server, not silence."""
    if _read(sock, lambda stream: bool(server_name(stream))):
        sock.sendall(b"\x16\x03\x03\x00\x04\x0e\x00\x00\x00")


def _flood(sock: socket.socket) -> None:
    """Send as many bytes as the request's path asks for, and nothing else."""
    request = sock.recv(512)
    left = int(request.split()[1][1:])
    while left > 0:
        left -= sock.send(FLOOD[: min(left, len(FLOOD))])


def _dns(sock: socket.socket) -> None:
    """Answer every question from the address it was sent to, with a different IP_TTL than the censor's."""
    level, kind = (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO) if sock.family == socket.AF_INET6 else (0, 8)
    sock.setsockopt(level, socket.IPV6_RECVPKTINFO if sock.family == socket.AF_INET6 else kind, 1)
    while True:
        query, [(_, _, info), *_], _, peer = sock.recvmsg(2048, 256)
        found = question(query)
        if found:
            reply = forged(query, found[2], found[1], {"answers": [TRUE4, TRUE6]})
            if sock.family == socket.AF_INET:
                info = struct.pack("=I", 0) + info[8:12] + bytes(4)  # index, source, unused
            sock.sendmsg([reply], [(level, kind, info)], 0, peer)


def serve_flood() -> None:
    """Start the flood alone, where this process sits."""
    server = _Server(socket.AF_INET, 5001, _flood)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def serve(link: Link) -> None:
    """Start the servers at the server's end; they end with the process."""

    def start() -> None:
        for family in (socket.AF_INET, socket.AF_INET6):
            for port, talk in ((80, _http), (443, _tls), (5001, _flood)):
                server = _Server(family, port, talk)
                threading.Thread(target=server.serve_forever, daemon=True).start()
            udp = socket.socket(family, socket.SOCK_DGRAM)
            if family == socket.AF_INET6:
                udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            udp.bind(("", 53))
            threading.Thread(target=_dns, args=(udp,), daemon=True).start()

    link.at_server(start)
