"""A client of bare sockets: what exactly reaches a volunteer's machine, before the product has a say."""

from __future__ import annotations

import errno
import socket
import ssl
import struct
import time
from ipaddress import ip_address
from typing import Any, Final

PATIENCE_S: Final = 0.7
RTT_AT, RCV_RTT_AT = 68, 92
"""Where tcpi_rtt and tcpi_rcv_rtt lie in TCP_INFO (linux/tcp.h)."""
ID: Final = 0x2A17


def _family(address: str) -> int:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _said(error: OSError) -> str:
    """Name what the system said: TIMEOUT or the errno's name."""
    return (
        "TIMEOUT" if isinstance(error, TimeoutError) else errno.errorcode.get(error.errno or 0, repr(error))
    )


def connect(address: str, port: int) -> str:
    """Return "connected" or the errno's name."""
    with socket.socket(_family(address)) as sock:
        sock.settimeout(PATIENCE_S)
        try:
            sock.connect((address, port))
            sock.getpeername()  # the kernel's word for it, beside the library's
        except OSError as error:
            return _said(error)
        return "connected"


def talk(address: str, port: int, *pieces: bytes) -> tuple[bytes, str]:
    """Connect, send the pieces 30 ms apart, read to the end; return what came, and FIN or an errno."""
    got = b""
    with socket.socket(_family(address)) as sock:
        sock.settimeout(PATIENCE_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            sock.connect((address, port))
            for number, piece in enumerate(pieces):
                time.sleep(0.03 if number else 0)
                sock.sendall(piece)
            while data := sock.recv(65536):
                got += data
                if port == 443:  # one flight of the server's is all we ask
                    return got, ""
        except OSError as error:
            return got, _said(error)
    return got, "FIN"


def hello(name: str) -> bytes:
    """Return a ClientHello bearing the name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        context.wrap_bio(incoming, outgoing, server_hostname=name).do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()
    raise AssertionError("a handshake without a peer")


def tls(address: str, name: str, *, cut: int = 0) -> str:
    """Send a ClientHello, cut in two where asked; return "server hello" or how it ended."""
    message = hello(name)
    got, end = talk(address, 443, *((message[:cut], message[cut:]) if cut else (message,)))
    return "server hello" if got[:1] == b"\x16" else end


def http(address: str, host: str, *, cut: int = 0) -> tuple[bytes, str]:
    """Ask for / with this Host; return the bytes that came and the end."""
    message = f"GET / HTTP/1.1\r\nUser-Agent: x\r\nHost: {host}\r\n\r\n".encode()
    return talk(address, 80, *((message[:cut], message[cut:]) if cut else (message,)))


def query(name: str, qtype: int = 1) -> bytes:
    """Return a DNS query."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!HHHHHH", ID, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", qtype, 1)


def read_reply(message: bytes) -> tuple[int, tuple[str, ...]]:
    """Return rcode and addresses of an answer whose records point at the question."""
    at = message.index(b"\0", 12) + 5
    found = []
    for _ in range(int.from_bytes(message[6:8])):
        size = int.from_bytes(message[at + 10 : at + 12])
        found.append(str(ip_address(message[at + 12 : at + 12 + size])))
        at += 12 + size
    return message[3] & 15, tuple(found)


def dns(
    resolver: str, name: str, qtype: int = 1, *, listen_s: float = 0.3
) -> list[tuple[int, tuple[str, ...]]]:
    """Ask over UDP; return every answer that came within `listen_s`, in order."""
    replies: list[Any] = []
    with socket.socket(_family(resolver), socket.SOCK_DGRAM) as sock:
        sock.connect((resolver, 53))
        sock.send(query(name, qtype))
        end = time.monotonic() + listen_s
        while (left := end - time.monotonic()) > 0:
            sock.settimeout(left)
            try:
                message = sock.recv(2048)
            except TimeoutError:
                break
            if int.from_bytes(message[:2]) == ID:
                replies.append(read_reply(message))
    return replies


def download(address: str, n_bytes: int, host: str = "flood.example") -> float:
    """Fetch bytes from the flood port; return bits per second from the first byte on."""
    with socket.create_connection((address, 5001), 10) as sock:
        sock.sendall(f"GET /{n_bytes} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        got = len(sock.recv(65536))
        first, begun = got, time.perf_counter()
        while data := sock.recv(1 << 20):
            got += len(data)
    if got != n_bytes:
        raise AssertionError(f"{got} of {n_bytes} bytes came")
    return (got - first) * 8 / (time.perf_counter() - begun)


def download_with_rtt(address: str, n_bytes: int, host: str = "flood.example") -> tuple[float, float]:
    """Fetch as `download` does; return bits per second, and the longest round trip a byte of ours took, in s.

    The round trips are those that the kernel's TCP saw; a receiver measures them by its window.
    """
    worst = 0
    with socket.create_connection((address, 5001), 10) as sock:
        sock.sendall(f"GET /{n_bytes} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        got = first = len(sock.recv(65536))
        begun = time.perf_counter()
        while data := sock.recv(1 << 20):
            got += len(data)
            info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192)
            worst = max(
                worst, *struct.unpack_from("I", info, RCV_RTT_AT), *struct.unpack_from("I", info, RTT_AT)
            )
    if got != n_bytes:
        raise AssertionError(f"{got} of {n_bytes} bytes came")
    return (got - first) * 8 / (time.perf_counter() - begun), worst / 1e6


def stall(address: str, host: str = "flood.example", *, segment: int = 0) -> tuple[int, str]:
    """Ask the flood port for a megabyte, in small segments perhaps; return what number came, and the end."""
    got = 0
    with socket.socket(_family(address)) as sock:
        sock.settimeout(PATIENCE_S)
        if segment:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, segment)
        try:
            sock.connect((address, 5001))
            sock.sendall(f"GET /1000000 HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            while data := sock.recv(1 << 20):
                got += len(data)
        except OSError as error:
            return got, _said(error)
    return got, "FIN"


def longest_silence(address: str, n_bytes: int) -> float:
    """Fetch bytes from the flood port; return the longest time between two arrivals, in seconds."""
    with socket.create_connection((address, 5001), 10) as sock:
        sock.sendall(f"GET /{n_bytes} HTTP/1.1\r\nHost: flood.example\r\n\r\n".encode())
        longest, then = 0.0, time.perf_counter()
        while sock.recv(1 << 20):
            now = time.perf_counter()
            longest, then = max(longest, now - then), now
    return longest
