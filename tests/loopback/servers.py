"""Servers on loopback that behave and misbehave, and a Network that leads every address to them."""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio

from probe.measure.dial import RealNetwork
from probe.measure.pace import Pace
from probe.measure.runner import Measured, Session
from probe.measure.trace import Context
from probe.measure.verify import Verifier
from probe.model.options import RunOptions, TrustStore
from probe.model.target import Step, Target

Handler = Callable[[socket.socket, threading.Event], None]
"""Serves one accepted connection; the event is set when the test is over."""

SITE = "93.184.216.34"
"""A public address that stands for the server; nothing is sent there."""
OTHER = "93.184.216.35"
SITE6 = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"
RESOLVER = "9.9.9.10"


@dataclass
class Loopback(RealNetwork):
    """A Network whose every address is a port of 127.0.0.1; what leads nowhere is refused."""

    tcp: dict[tuple[str, int], int] = field(default_factory=dict)
    udp: dict[tuple[str, int], int] = field(default_factory=dict)
    names: dict[str, tuple[str, ...] | OSError | threading.Event] = field(default_factory=dict)
    """What getaddrinfo says: addresses, an error to raise, or an event to hang on."""
    resolvers: tuple[str, ...] = ()
    ca_file: str = ""

    def __post_init__(self) -> None:
        RealNetwork.__init__(self)

    def resolve_system(self, name: str) -> tuple[str, ...]:
        said = self.names.get(name)
        if isinstance(said, threading.Event):
            said.wait(30)
            return ()
        if said is None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if isinstance(said, OSError):
            raise said
        return said

    def system_resolvers(self) -> tuple[str, ...]:
        return self.resolvers

    def open_tcp(self, address: str) -> socket.socket:
        return super().open_tcp("127.0.0.1")

    async def connect(self, sock: socket.socket, address: str, port: int) -> float | None:
        return await super().connect(sock, "127.0.0.1", self.tcp.get((address, port), CLOSED))

    def open_udp(self, address: str, port: int) -> socket.socket:
        return super().open_udp("127.0.0.1", self.udp.get((address, port), CLOSED))

    def trust(self) -> TrustStore:
        if not self.ca_file:
            return super().trust()
        return TrustStore(source="SSL_CERT_FILE", path=self.ca_file, sha256="")


CLOSED = 1
"""A port of loopback that nobody listens on."""


def reset(sock: socket.socket) -> None:
    """Close with a RST."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


@contextmanager
def tcp_server(handler: Handler) -> Iterator[int]:
    """Listen on a free port of 127.0.0.1, one thread a connection; all are ended with the block."""
    stop = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    threads: list[threading.Thread] = []
    accepted: list[socket.socket] = []

    def one(sock: socket.socket) -> None:
        with contextlib.suppress(OSError, ssl.SSLError, ValueError):
            handler(sock, stop)
        sock.close()

    def accept() -> None:
        while not stop.is_set():
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            sock.settimeout(10)
            accepted.append(sock)
            thread = threading.Thread(target=one, args=(sock,), daemon=True)
            threads.append(thread)
            thread.start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield listener.getsockname()[1]
    finally:
        stop.set()
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for sock in accepted:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in (acceptor, *threads):
            thread.join(5)
        for sock in accepted:
            sock.close()


@contextmanager
def udp_server(answer: Callable[[bytes], list[tuple[float, bytes]]]) -> Iterator[int]:
    """Answer each datagram with the (delay, bytes) that `answer` gives for it."""
    stop = threading.Event()
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    sock.settimeout(0.05)
    threads: list[threading.Thread] = []

    def send(planned: list[tuple[float, bytes]], peer: tuple[str, int]) -> None:
        for delay, data in planned:
            if stop.wait(delay):
                return
            with contextlib.suppress(OSError):
                sock.sendto(data, peer)

    def run() -> None:
        while not stop.is_set():
            try:
                data, peer = sock.recvfrom(65535)
            except TimeoutError:
                continue
            except OSError:
                return
            thread = threading.Thread(target=send, args=(answer(data), peer), daemon=True)
            threads.append(thread)
            thread.start()

    main = threading.Thread(target=run, daemon=True)
    main.start()
    try:
        yield sock.getsockname()[1]
    finally:
        stop.set()
        for thread in (main, *threads):
            thread.join(5)
        sock.close()


def read_request(sock: socket.socket) -> bytes:
    """Read up to the end of the headers."""
    held = b""
    while b"\r\n\r\n" not in held:
        data = sock.recv(65536)
        if not data:
            break
        held += data
    return held


def read_hello(sock: socket.socket) -> bytes:
    """Read one TLS record."""
    held = b""
    while len(held) < 5 or len(held) < 5 + int.from_bytes(held[3:5], "big"):
        data = sock.recv(4096)
        if not data:
            break
        held += data
    return held


def says(answer: bytes) -> Handler:
    """Answer any request with these bytes, then FIN."""

    def handler(sock: socket.socket, stop: threading.Event) -> None:
        read_request(sock)
        sock.sendall(answer)

    return handler


def page(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """Return a whole HTTP/1.1 answer."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "Connection: close"]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def secured(context: ssl.SSLContext, sock: socket.socket, **how: Any) -> ssl.SSLSocket:
    """Wrap a socket and shake hands; on failure it is closed.

    CPython leaves the new socket open where the peer had reset the old one before it was wrapped.
    """
    try:
        return context.wrap_socket(sock, **how)
    except OSError as error:
        trace = error.__traceback__
        while trace is not None:
            made = trace.tb_frame.f_locals.get("self")
            if isinstance(made, ssl.SSLSocket):
                made.close()
            trace = trace.tb_next
        raise


def over_tls(handler: Handler, context: ssl.SSLContext) -> Handler:
    """Shake hands, then serve; the connection ends with close_notify unless the handler ended it."""

    def wrapped(sock: socket.socket, stop: threading.Event) -> None:
        tls = secured(context, sock, server_side=True, suppress_ragged_eofs=True)
        try:
            handler(tls, stop)
            if tls.fileno() >= 0:
                tls.settimeout(1)
                tls.unwrap().close()
        finally:
            tls.close()

    return wrapped


def a_target(url: str, experiment: str = "web", **more: Any) -> Target:
    """A target of the service `test`."""
    return Target(target_id="test/one", service="test", input=url, experiment=experiment, **more)


def a_step(url: str, experiment: str = "web", **more: Any) -> Step:
    """A step of the first round; `target_*` keywords go to its target."""
    mine = {key.removeprefix("target_"): more.pop(key) for key in list(more) if key.startswith("target_")}
    return Step(target=a_target(url, experiment, **mine), experiment=experiment, **more)


def fast(**more: Any) -> RunOptions:
    """Options of a run that waits a second where a user's waits ten."""
    return RunOptions(**{"timeout_s": 1.0, "max_bytes": 10**9, **more})


@asynccontextmanager
async def a_session(
    network: Loopback, options: RunOptions | None = None, **more: Any
) -> AsyncIterator[Session]:
    """A session of a run that began just now."""
    session = Session(
        network,
        options=options or fast(),
        run_id="20261121T000000Z-AS0-abcd",
        started=network.clock.counter(),
        **more,
    )
    async with session:
        yield session


def measured(network: Loopback, step: Step, options: RunOptions | None = None, **more: Any) -> Measured:
    """Measure one step in a session of its own."""

    async def run() -> Measured:
        async with a_session(network, options, **more) as session:
            return await session.measure(step)

    return anyio.run(run)


@asynccontextmanager
async def a_context(
    network: Loopback, options: RunOptions | None = None, **more: Any
) -> AsyncIterator[Context]:
    """A context for calling operations by hand."""
    async with anyio.create_task_group() as tasks:
        now = network.clock.counter()
        ctx = Context(
            network=network,
            options=options or fast(),
            pace=Pace(network.clock),
            verifier=Verifier(network.trust(), network.clock.utc),
            zero=now,
            run_zero=now,
            tasks=tasks,
            scope=anyio.CancelScope(),
            **more,
        )
        try:
            yield ctx
        finally:
            ctx.close()
