"""The way to a control: its bytes are counted, but what happens on it is no observation of the target."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from msgspec import structs

from probe.measure import dns, tcp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from probe.measure.stream import Stream
    from probe.measure.trace import Context
    from probe.measure.urls import Place

ADDRESSES: Final = 3
"""Of a control that are tried before it counts as failed."""


def detached(ctx: Context) -> Context:
    """Return a context with the same clock and limits whose observations go nowhere."""
    return structs.replace(
        ctx,
        queries=[],
        tcp_connect=[],
        tls_handshakes=[],
        requests=[],
        network_events=[],
        controls=[],
        transfers=[],
        local=[],
        blobs={},
        streams=set(),
        bytes_sent=0,
        bytes_received=0,
        keep_series=False,
    )


@contextmanager
def aside(ctx: Context) -> Iterator[Context]:
    """Give a detached context for a while; its bytes are counted, its streams closed at the end."""
    other = detached(ctx)
    try:
        yield other
    finally:
        other.close()
        ctx.bytes_sent += other.bytes_sent
        ctx.bytes_received += other.bytes_received


async def reach(ctx: Context, place: Place, timeout_s: float) -> tuple[Stream | None, str | None]:
    """Connect to the first address of a control that answers; the stream, or the failure that ended it."""
    addresses: tuple[str, ...] = (place.host,)
    if not place.is_literal:
        looked_up = await dns.ask_system(ctx, place.host)
        addresses = tuple(sorted(looked_up.answers, key=lambda ip: ":" in ip))
        if not addresses:
            return None, looked_up.failure or "dns_no_answer"
    failure: str | None = None
    for address in addresses[:ADDRESSES]:
        connected, stream = await tcp.connect(ctx, address, place.port, timeout_s=timeout_s)
        if stream is not None:
            return stream, None
        failure = failure or connected.failure
    return None, failure
