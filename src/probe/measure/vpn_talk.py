"""What every tunnel's exchange shares: counts, deadlines, packets asked again, one record at the end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeVar

import anyio
from msgspec import Struct, field

from probe.measure.failure import classify
from probe.model import failure as f
from probe.model.vpn import VPNExchange

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable, Iterable

    from probe.measure.trace import Context
    from probe.model.target import Step
    from probe.model.vpn import Protocol, Stage

T = TypeVar("T")
K = TypeVar("K")

MAX_DATAGRAM: Final = 65536
MAX_PACKETS: Final = 512
"""Read within one exchange; a server that floods is not listened to any longer."""
MAX_SIZES: Final = 16
HANDSHAKE_S: Final = 10.0


class RefusedError(Exception):
    """The server answered and will not go on."""

    def __init__(self, failure: str) -> None:
        """Say how, as a failure string."""
        super().__init__(failure)
        self.failure = failure


class Asked(Struct, frozen=True):
    """One address of a step's server."""

    ctx: Context
    step: Step
    ip: str
    port: int

    def keys(self, kind: type[K]) -> K:
        """Return the user's keys. Raises KeyError where there are none, TypeError for another protocol's."""
        found = self.ctx.keys[self.step.target.target_id]
        if not isinstance(found, kind):
            raise TypeError("keys of another protocol")
        return found

    def talk(self, protocol: Protocol, *, over_tcp: bool = False) -> Talk:
        """Return a handshake that begins now."""
        return Talk(
            ctx=self.ctx, ip=self.ip, port=self.port, protocol=protocol, over_tcp=over_tcp, t0=self.ctx.now()
        )


class Talk(Struct, kw_only=True):
    """One exchange in the making."""

    ctx: Context
    ip: str
    port: int
    protocol: Protocol
    over_tcp: bool = False
    stage: Stage = "handshake"
    arm: str = ""
    t0: float = 0.0
    reached: str = ""
    sizes: list[int] = field(default_factory=list)
    packets_sent: int = 0
    packets_received: int = 0
    strangers: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    first: float | None = None

    def next(self, stage: Stage) -> Talk:
        """Return a fresh one with the same server."""
        return Talk(
            ctx=self.ctx, ip=self.ip, port=self.port, protocol=self.protocol, over_tcp=self.over_tcp,
            stage=stage, arm=self.arm, t0=self.ctx.now(),
        )  # fmt: skip

    def sent(self, n_bytes: int) -> None:
        """Count a packet that left."""
        self.packets_sent += 1
        self.bytes_sent += n_bytes

    def received(self, n_bytes: int, *, counts: bool) -> None:
        """Count a packet that came; what is not authentic is a stranger's."""
        self.bytes_received += n_bytes
        if not counts:
            self.strangers += 1
            return
        self.packets_received += 1
        if self.first is None:
            self.first = self.ctx.now()

    async def over(self, work: Awaitable[T | None]) -> T | None:
        """Do the work and keep the record of it; the network's failures become data, None included."""
        failure: str | None = f.INTERRUPTED
        try:
            found = await work
            failure = f.TIMEOUT if found is None else None
        except RefusedError as error:
            failure = error.failure
            return None
        except (OSError, EOFError) as error:
            failure = classify(error)
            return None
        except BaseException as error:
            failure = classify(error)
            raise
        finally:
            self._keep(failure)
        return found

    def _keep(self, failure: str | None) -> None:
        self.ctx.vpn_exchanges.append(
            VPNExchange(
                t0=self.t0, t=self.ctx.now(), failure=failure, ip=self.ip, port=self.port,
                protocol=self.protocol, transport="tcp" if self.over_tcp else "udp", stage=self.stage,
                reached=self.reached, packets_sent=self.packets_sent, packets_received=self.packets_received,
                strangers=self.strangers, sizes=tuple(self.sizes[:MAX_SIZES]), bytes_sent=self.bytes_sent,
                bytes_received=self.bytes_received,
                first_byte_s=None if self.first is None else self.first - self.t0, arm=self.arm,
            )
        )  # fmt: skip


def handshake_s(ctx: Context) -> float:
    """Return the seconds that a handshake may take."""
    return min(HANDSHAKE_S, ctx.options.timeout_s)


def thrice(seconds: float) -> tuple[float, float, float]:
    """Return when a packet is sent again that may have been lost."""
    return 0.0, seconds / 4, seconds / 2


async def ask(
    talk: Talk,
    sock: socket.socket,
    *,
    at: tuple[float, ...],
    timeout_s: float,
    packets: Callable[[int], Iterable[bytes]],
    read: Callable[[bytes], T | None],
    linger_s: float = 0.0,
) -> T | None:
    """Send packets at these seconds until one comes that `read` makes something of; return that, or None.

    `linger_s` is how long to listen on afterwards. Raises OSError.
    """
    loop = asyncio.get_running_loop()
    begun = anyio.current_time()
    end, turn, heard = begun + timeout_s, 0, 0
    found: T | None = None
    while (now := anyio.current_time()) < end and heard < MAX_PACKETS:
        due = begun + at[turn] if turn < len(at) and found is None else end
        if due <= now:
            for packet in packets(turn):
                await loop.sock_sendall(sock, packet)
                talk.sent(len(packet))
                talk.ctx.bytes_sent += len(packet)
            turn += 1
            continue
        with anyio.move_on_after(min(due, end) - now):
            data = await loop.sock_recv(sock, MAX_DATAGRAM)
            heard += 1
            talk.ctx.bytes_received += len(data)
            said = read(data)
            talk.received(len(data), counts=said is not None)
            if said is not None and found is None:
                found, end = said, min(end, anyio.current_time() + linger_s)
    return found


async def ask_anew(
    talk: Talk,
    *,
    at: tuple[float, ...],
    timeout_s: float,
    packets: Callable[[int], Iterable[bytes]],
    read: Callable[[bytes], T | None],
) -> tuple[socket.socket, T] | None:
    """Ask from a fresh port; return its socket with what came, or close it. Raises OSError."""
    sock = talk.ctx.network.open_udp(talk.ip, talk.port)
    found: T | None = None
    try:
        found = await ask(talk, sock, at=at, timeout_s=timeout_s, packets=packets, read=read)
    finally:
        if found is None:
            sock.close()
    return None if found is None else (sock, found)
