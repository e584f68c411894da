"""QUIC over our own connected socket: the library sees datagrams and a clock, never a name or an address.

Needs the extra `quic`. The library's own client would resolve names and choose the ClientHello's name itself.
"""

from __future__ import annotations

import logging
import ssl
from typing import TYPE_CHECKING, Final

import anyio
from msgspec import structs

from probe.measure.failure import classify
from probe.measure.quic_line import CRYPTO_ERROR, Line, QuicProtocolError, is_alert
from probe.measure.tls import verified
from probe.measure.verify import ascii_name
from probe.model import failure as f
from probe.model.quic import QUICHandshake

if TYPE_CHECKING:
    from probe.measure.trace import Context

logging.getLogger("quic").addHandler(logging.NullHandler())
# What the library has to say is in its events; without a handler its warnings would go to stderr.

ALPN_H3: Final = ("h3",)
ALPN_DOQ: Final = ("doq",)
MAX_CHAIN: Final = 10
MAX_REASON: Final = 256
CONNECTION_REFUSED: Final = 0x02
"""RFC 9000, 20.1."""
ALERT_FAILURES: Final = {
    112: f.TLS_INVALID_HOSTNAME,
    48: f.TLS_UNKNOWN_AUTHORITY,
    **dict.fromkeys((42, 43, 44, 45, 46), f.TLS_INVALID_CERTIFICATE),
}


async def handshake(
    ctx: Context,
    ip: str,
    port: int,
    server_name: str | None,
    *,
    verified_name: str,
    alpn: tuple[str, ...] = ALPN_H3,
    private_ca: str = "",
    attempt: int = 0,
    arm: str = "",
    trial: int = 0,
    timeout_s: float | None = None,
) -> tuple[QUICHandshake, Line | None]:
    """Shake hands once from a fresh port; the observation is appended, whatever happened.

    `server_name` goes into the ClientHello, None sends none. A line comes back whenever the handshake
    completed, good certificate or bad. The ClientHello waits for the budget of its name.
    """
    name = None if server_name is None else ascii_name(server_name)
    ctx.excuse(await ctx.pace.hellos.take(ip if name is None else name, ip))
    seen = QUICHandshake(
        t0=ctx.now(), t=0.0, failure=None, ip=ip, port=port, server_name=name, verified_name=verified_name,
        completed=False, attempt=attempt, arm=arm, trial=trial,
    )  # fmt: skip
    line: Line | None = None
    error: BaseException | None = None
    try:
        line = _open(ctx, ip, port, name, alpn)
        seen = structs.replace(seen, t0=ctx.now(), offered_version=_version(line))
        with anyio.fail_after(timeout_s or ctx.options.timeout_s):
            await _until_done(line)
    except (OSError, QuicProtocolError) as raised:
        error = raised
    except BaseException as raised:
        ctx.quic_handshakes.append(structs.replace(_seen(ctx, seen, line), failure=classify(raised)))
        if line is not None:
            line.close()
        raise
    seen = _seen(ctx, seen, line)
    failure = _failure(line, error)
    if failure is not None or line is None:
        seen = structs.replace(seen, failure=failure)
        ctx.quic_handshakes.append(seen)
        if line is not None:
            line.close()
        return seen, None
    seen = await _verified(ctx, line, seen, private_ca)
    ctx.quic_handshakes.append(seen)
    return seen, line


def _open(ctx: Context, ip: str, port: int, name: str | None, alpn: tuple[str, ...]) -> Line:
    """Open a socket from a fresh port and prepare the first packet. Raises OSError."""
    from aioquic.quic.configuration import QuicConfiguration
    from aioquic.quic.connection import QuicConnection

    configuration = QuicConfiguration(
        is_client=True,
        alpn_protocols=list(alpn),
        server_name=name,
        verify_mode=ssl.CERT_NONE,
        idle_timeout=ctx.options.timeout_s + 5.0,
    )
    line = Line(ctx, ctx.network.open_udp(ip, port), QuicConnection(configuration=configuration), ip, port)
    line.connection.connect(("peer", 0), now=ctx.network.clock.counter())
    return line


async def _until_done(line: Line) -> None:
    from aioquic.quic.events import ConnectionTerminated, HandshakeCompleted

    while True:
        event = await line.next_event()
        if isinstance(event, ConnectionTerminated):
            line.terminated = event
            return
        if isinstance(event, HandshakeCompleted):
            return


def _seen(ctx: Context, seen: QUICHandshake, line: Line | None) -> QUICHandshake:
    """Add what can be told of any handshake, completed or not."""
    if line is None:
        return structs.replace(seen, t=ctx.now())
    end = line.terminated
    return structs.replace(
        seen,
        t=ctx.now(),
        server_versions=line.versions,
        first_byte_s=None if line.first is None else line.first - seen.t0,
        datagrams_received=line.datagrams,
        bytes_received=line.received,
        close_code=None if end is None else int(end.error_code),
        close_reason="" if end is None else str(end.reason_phrase or "")[:MAX_REASON],
    )


def _failure(line: Line | None, error: BaseException | None) -> str | None:
    """Name what ended the handshake; None when it completed."""
    if isinstance(error, QuicProtocolError):
        return error.failure
    found = None if error is None else classify(error)
    ended = line is not None and line.terminated is not None
    if line is not None and line.versions and (found == f.TIMEOUT or ended) and not _common(line):
        return f.QUIC_INCOMPATIBLE_VERSION
    return _of_close(int(line.terminated.error_code)) if line is not None and ended else found


def _common(line: Line) -> bool:
    """Say whether a version was listed that we speak: then silence is silence, whoever sent the list."""
    return any(f"{v:08x}" in line.versions for v in line.connection.configuration.supported_versions)


def _of_close(code: int) -> str:
    """Name the code of a CONNECTION_CLOSE within the handshake."""
    if code == CONNECTION_REFUSED:
        return f.CONNECTION_REFUSED
    if is_alert(code):
        return ALERT_FAILURES.get(code - CRYPTO_ERROR, f.TLS_FAILED_HANDSHAKE)
    return f.X_QUIC_CLOSED


async def _verified(ctx: Context, line: Line, seen: QUICHandshake, private_ca: str) -> QUICHandshake:
    """Add what was agreed on and what the chain is worth."""
    from cryptography.hazmat.primitives.serialization import Encoding

    tls = line.connection.tls
    own = [tls._peer_certificate, *tls._peer_certificate_chain]  # noqa: SLF001  # no public way; pinned by lock
    chain = tuple(dict.fromkeys(c.public_bytes(Encoding.DER) for c in own if c is not None))[:MAX_CHAIN]
    with anyio.CancelScope(shield=True):
        # A handshake that happened is never lost to Ctrl-C: this takes milliseconds.
        verdict = await verified(ctx, chain, seen.verified_name, private_ca)
    for der in chain:
        ctx.keep(der)
    schedule = tls.key_schedule
    return structs.replace(
        seen,
        completed=True,
        failure=verdict.failure,
        quic_version=_version(line),
        negotiated_protocol=tls.alpn_negotiated,
        cipher_suite=schedule.cipher_suite.name if schedule else None,
        chain_failure=verdict.chain_failure,
        chain_code=verdict.chain_code,
        name_matches=verdict.name_matches,
        certificates=verdict.certificates,
    )


def _version(line: Line) -> str:
    version = line.connection._version  # noqa: SLF001  # no public way
    return "" if version is None else f"{version:08x}"
