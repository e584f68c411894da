"""QUIC servers on loopback: a true HTTP/3 one, and sockets that answer as they please."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.asyncio.server import serve
from aioquic.h3.connection import H3Connection
from aioquic.h3.events import HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ProtocolNegotiated

from loopback.authority import Authority, make, pem
from loopback.servers import Loopback, a_context, fast
from probe.measure.trace import Context

HEADERS = [(b":status", b"200"), (b"content-type", b"text/html"), (b"server", b"here")]
PAGE = b"<title>over QUIC</title>"


class Http3(QuicConnectionProtocol):
    """Answers each request as `answer` has it."""

    answer: Callable[[H3Connection, int], None] = staticmethod(lambda _h3, _stream: None)

    def quic_event_received(self, event: Any) -> None:
        if isinstance(event, ProtocolNegotiated):
            self.h3 = H3Connection(self._quic)
        for part in self.h3.handle_event(event) if hasattr(self, "h3") else ():
            if isinstance(part, HeadersReceived):
                type(self).answer(self.h3, part.stream_id)
                self.transmit()


def page(h3: H3Connection, stream: int) -> None:
    """Answer with `PAGE`."""
    h3.send_headers(stream, HEADERS)
    h3.send_data(stream, PAGE, end_stream=True)


def configuration(authority: Authority, *names: str, **more: Any) -> QuicConfiguration:
    """Return a server's configuration with a certificate for the names."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.x509.oid import ExtendedKeyUsageOID

    key, certificate = make(
        names[0], issuer=authority.middle, names=names, usage=ExtendedKeyUsageOID.SERVER_AUTH
    )
    path: Path = authority.folder / f"quic-{certificate.serial_number:x}.pem"
    encoded = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(encoded + pem(certificate) + pem(authority.middle[1]))
    made = QuicConfiguration(is_client=False, alpn_protocols=["h3"], **more)
    made.load_cert_chain(path, path)
    return made


@contextlib.asynccontextmanager
async def http3_server(
    made: QuicConfiguration, answer: Callable[[H3Connection, int], None] = page
) -> AsyncIterator[int]:
    """Serve on a free port of loopback until the block ends."""
    kind = type("Answering", (Http3,), {"answer": staticmethod(answer)})
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    server = await serve("127.0.0.1", port, configuration=made, create_protocol=kind)
    try:
        yield port
    finally:
        server.close()
        await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def udp_answering(answer: Callable[[bytes], bytes | None]) -> AsyncIterator[int]:
    """Answer each datagram as the function has it; None is silence."""

    class Answers(asyncio.DatagramProtocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: Any) -> None:
            if (said := answer(data)) is not None:
                self.transport.sendto(said, addr)

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        Answers, local_addr=("127.0.0.1", 0)
    )
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()


def network_to(port: int, site: str, authority: Authority | None = None) -> Loopback:
    """Return the seam that leads UDP/443 of the site to the port."""
    return Loopback(udp={(site, 443): port}, ca_file=authority.ca_file if authority else "")


@contextlib.asynccontextmanager
async def at_http3_server(
    chain: Authority,
    name: str,
    site: str,
    *,
    answer: Callable[[H3Connection, int], None] = page,
    trusted: Authority | None = None,
    timeout_s: float = 2.0,
) -> AsyncIterator[Context]:
    """Serve the name at the site's UDP/443 and give a context that reaches it."""
    async with http3_server(configuration(chain, name), answer) as port:
        network = network_to(port, site, trusted or chain)
        async with a_context(network, fast(timeout_s=timeout_s)) as ctx:
            yield ctx
