"""Both ports of a helper, from their opening to SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, field, structs

from probe.helper.app import Endpoint
from probe.helper.door import door
from probe.helper.guard import Guard, is_of_this_machine
from probe.helper.identity import ephemeral_identity, stored_identity
from probe.helper.limits import Clients, Limits
from probe.helper.look import Observer
from probe.helper.transfer import listen, open_transfer_server
from probe.measure.asn_table import AsnTable
from probe.measure.dial import RealNetwork
from probe.system.descriptors import allow_files

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from probe.helper.transfer import TransferServer
    from probe.model.network import Network

HANDSHAKE_S: Final = 10
IDLE_S: Final = 10
"""For a request's head, between two requests, and after a client has left: hypercorn waits that long too."""
READ_S: Final = 60
"""Longer than any look takes: hypercorn reads on meanwhile."""
GRACE_S: Final = 3.0
COLLECTED: Final = (700, 5, 5)
"""Twice as often as Python 3.11 by itself. A connection that ended may be a cycle with 256 kB of buffers:
looked for as rarely as a start does, what strangers leave behind would fill the memory."""


class Settings(Struct, frozen=True, kw_only=True):
    """What the operator of a helper chose. `transfer_port` None serves no transfers; 0 takes any port."""

    bind: str = "127.0.0.1"
    port: int = 8443
    transfer_port: int | None = 443
    certificate: Path | None = None
    key: Path | None = None
    behind_proxy: bool = False
    state: Path | None = None
    """Where the identity is kept; None makes one that ends with the process."""
    as_table: AsnTable = field(default_factory=AsnTable)
    own_addresses: frozenset[str] = frozenset()
    """Public addresses that lead here without standing on an interface."""
    limits: Limits = field(default_factory=Limits)


class Running(Struct, frozen=True, kw_only=True):
    """A helper that serves."""

    port: int
    is_tls: bool
    transfers: TransferServer | None
    endpoint: Endpoint


@asynccontextmanager
async def open_helper(
    settings: Settings, *, network: Network | None = None, guard: Guard | None = None
) -> AsyncIterator[Running]:
    """Serve both ports while the context is open; `network` and `guard` are for tests.

    Raises ListenError, IdentityError, and OSError and ssl.SSLError for files that cannot be used.
    """
    clients = Clients(settings.limits)
    table = settings.as_table
    own = settings.own_addresses
    observer = Observer(
        network or RealNetwork(),
        guard or Guard(own=lambda ip: ip in own or is_of_this_machine(ip)),
        table.lookup,
    )
    async with AsyncExitStack() as stack:
        transfers = None
        if settings.transfer_port is not None:
            transfers = await stack.enter_async_context(
                open_transfer_server(
                    settings.bind,
                    settings.transfer_port,
                    identity=stored_identity(settings.state) if settings.state else ephemeral_identity(),
                    limits=settings.limits,
                    clients=clients,
                    asn_of=table.name_of,
                )
            )
        endpoint = Endpoint(
            observer=observer,
            clients=clients,
            transfers=transfers,
            asn_of=table.name_of,
            behind_proxy=settings.behind_proxy,
        )
        listener = listen(settings.bind, settings.port)
        port = int(listener.getsockname()[1])
        await stack.enter_async_context(_asgi(endpoint, listener, settings))
        yield Running(
            port=port, is_tls=settings.certificate is not None, transfers=transfers, endpoint=endpoint
        )


@asynccontextmanager
async def _asgi(endpoint: Endpoint, listener: socket.socket, settings: Settings) -> AsyncIterator[None]:
    """Let hypercorn serve the endpoint on a listening socket, which it closes."""
    from hypercorn.asyncio import serve
    from hypercorn.config import Config, Sockets

    listening: list[socket.socket] = [door(listener, Clients(_at_the_door(settings)))]
    is_tls = settings.certificate is not None

    class Ours(Config):
        def create_sockets(self) -> Sockets:
            return Sockets(listening if is_tls else [], [] if is_tls else listening, [])

    config = Ours()
    if settings.certificate is not None:
        config.certfile, config.keyfile = str(settings.certificate), str(settings.key or settings.certificate)
    config.accesslog = None  # it would hold addresses
    config.errorlog = None
    config.include_server_header = False
    config.read_timeout = READ_S
    config.ssl_handshake_timeout = HANDSHAKE_S
    config.keep_alive_timeout = IDLE_S
    config.graceful_timeout = GRACE_S
    config.h2_max_concurrent_streams = 8
    config.h11_max_incomplete_size = 16 * 1024
    config.websocket_max_message_size = 1024
    over = asyncio.Event()
    app: Any = endpoint
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(serve(app, config, shutdown_trigger=over.wait))
        try:
            yield
        finally:
            over.set()


def _at_the_door(settings: Settings) -> Limits:
    """Return the limits on connections to the endpoint; behind a proxy all come from one address."""
    if not settings.behind_proxy:
        return settings.limits
    return structs.replace(settings.limits, connections_per_client=settings.limits.connections)


async def serve_until_stopped(settings: Settings, ready: Callable[[Running], None]) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is called when both ports are open."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # what asyncio raises on Windows: Ctrl-C ends it
            loop.add_signal_handler(number, stopped.set)
    loop.set_exception_handler(_told_without_addresses)
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    sys.unraisablehook = _not_told  # the ssl module's word on a ClientHello whose name is no text
    allow_files()
    gc.set_threshold(*COLLECTED)
    async with open_helper(settings) as running:
        ready(running)
        await stopped.wait()


def _told_without_addresses(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Tell of a fault by its kind alone: asyncio's own words may hold a client's address."""
    error = context.get("exception")
    if error is not None and not isinstance(error, OSError | asyncio.CancelledError):
        sys.stderr.write(f"probe helper: a fault, {type(error).__name__}\n")


def _not_told(_unraisable: object) -> None:
    """Say nothing: whoever sends junk should not fill the log."""
