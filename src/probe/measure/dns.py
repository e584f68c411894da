"""One DNS query by the system's resolver, over UDP, TCP, TLS or HTTPS; every reply is kept."""

from __future__ import annotations

import _thread
import asyncio
import contextlib
import functools
from typing import TYPE_CHECKING, Final

import anyio

from probe.measure import dns_message
from probe.measure.dns_stream import Tags, ask_doh, ask_dot, ask_tcp, blank_lookup
from probe.measure.dns_udp import DNS_TIMEOUT_S, LINGER_S, UdpLookup
from probe.measure.failure import classify
from probe.model import failure as f
from probe.model.observation import DNSLookup

if TYPE_CHECKING:
    from collections.abc import Callable

    from probe.measure.trace import Context

__all__ = ["ARM", "NEUTRAL_NAME", "ask_doh", "ask_dot", "ask_system", "ask_tcp", "ask_udp"]

NEUTRAL_NAME: Final = "example.org"
"""What a resolver is asked when the resolver is the matter: of the neutral set, nobody's target."""
ARM: Final = "dns"
"""The arm of connections that were opened for a lookup only: they are not the target's."""


async def ask_system(ctx: Context, name: str, *, hop: int = 0, attempt: int = 0) -> DNSLookup:
    """Ask getaddrinfo in a thread of its own, timed inside it; the observation is appended.

    Nobody waits for the thread: one that hangs keeps neither the next lookup nor the end of the program.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[tuple[float, float, tuple[str, ...], BaseException | None]] = loop.create_future()

    def deliver(result: tuple[float, float, tuple[str, ...], BaseException | None]) -> None:
        if not done.done():
            done.set_result(result)

    def work() -> None:
        answers: tuple[str, ...] = ()
        error: BaseException | None = None
        t0 = ctx.now()
        try:
            answers = ctx.network.resolve_system(name)
        except BaseException as raised:  # noqa: BLE001  # carried over to the loop's thread
            error = raised
        result = (t0, ctx.now(), answers, error)
        with contextlib.suppress(RuntimeError):  # the loop may be gone by now, and nobody waits
            loop.call_soon_threadsafe(deliver, result)

    def note(t0: float, t: float, failure: str | None, answers: tuple[str, ...] = ()) -> DNSLookup:
        lookup = DNSLookup(
            t0=t0,
            t=t,
            failure=failure,
            hostname=name,
            query_type="ANY",
            engine="getaddrinfo",
            resolver_address="system",
            is_system=True,
            answers=answers,
            hop=hop,
            attempt=attempt,
        )
        ctx.queries.append(lookup)
        return lookup

    begun = ctx.now()
    # threading.Thread.start() waits until the thread runs, and all timings in flight with it.
    _thread.start_new_thread(work, ())
    try:
        with anyio.fail_after(ctx.options.timeout_s):
            t0, t, answers, error = await done
    except TimeoutError as late:
        return note(begun, ctx.now(), classify(late))
    except BaseException as cancelled:
        note(begun, ctx.now(), classify(cancelled))
        raise
    if error is not None and not isinstance(error, OSError):
        raise error
    failure = None if answers else f.DNS_NO_ANSWER if error is None else classify(error)
    return note(t0, t, failure, answers)


async def ask_udp(
    ctx: Context,
    server: str,
    port: int,
    name: str,
    rdtype: str = "A",
    *,
    is_system: bool = False,
    checking_disabled: bool = False,
    edns: bool = True,
    follow: bool = True,
    hop: int = 0,
    attempt: int = 0,
    arm: str = "",
    timeout_s: float | None = None,
    linger_s: float = LINGER_S,
    on_done: Callable[[DNSLookup], None] | None = None,
) -> DNSLookup:
    """Ask one resolver over UDP, once more after half the time; return when the first answer is in.

    What is returned holds the replies so far. The observation, with all that came in `linger_s` after the
    first answer, is appended later by a task of the context's, and handed to `on_done`.

    With `follow`: a truncated answer is asked
    for again over TCP and that lookup is returned; one that EDNS upset (FORMERR, NOTIMP) without it; after
    SERVFAIL a second query with checking disabled goes out beside (attempt + 1).
    """
    asked = dns_message.query(name, rdtype, checking_disabled=checking_disabled, edns=edns)
    tags = Tags(is_system=is_system, checking_disabled=checking_disabled, hop=hop, attempt=attempt, arm=arm)
    blank = blank_lookup(ctx, "udp", (server, port), (name, rdtype), tags)
    limit = timeout_s or min(DNS_TIMEOUT_S, ctx.options.timeout_s)
    job = UdpLookup(
        ctx, asked, blank, server=server, port=port, timeout_s=limit, linger_s=linger_s, on_done=on_done
    )
    ctx.tasks.start_soon(job.run)
    await job.answered.wait()
    lookup = job.lookup()
    if not follow:
        return lookup
    if lookup.failure == f.X_DNS_TRUNCATED:
        return await ask_tcp(
            ctx, server, port, name, rdtype, is_system=is_system, hop=hop, attempt=attempt + 1, arm=arm or ARM
        )
    again = functools.partial(
        ask_udp,
        ctx,
        server,
        port,
        name,
        rdtype,
        is_system=is_system,
        follow=False,
        hop=hop,
        attempt=attempt + 1,
        arm=arm,
    )
    if lookup.failure == f.DNS_SERVFAIL:
        ctx.tasks.start_soon(functools.partial(again, checking_disabled=True))
    if lookup.replies and lookup.replies[0].rcode in ("FORMERR", "NOTIMP"):
        return await again(edns=False)
    return lookup
