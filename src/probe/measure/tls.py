"""One TLS handshake over an open stream, and afterwards, offline, what its certificates are worth."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any, Final

import anyio

from probe.measure import hello
from probe.measure.failure import classify
from probe.measure.stream import HandshakeTooLargeError, TLSStream
from probe.measure.verify import ascii_name
from probe.model import failure as f
from probe.model.observation import TLSHandshake

if TYPE_CHECKING:
    import ssl

    from probe.measure.stream import Stream
    from probe.measure.trace import Context
    from probe.measure.verify import ChainVerdict

MAX_HANDSHAKE: Final = 256 * 1024
"""Bytes received; ten large certificates need a tenth of it."""
MAX_CHAIN: Final = 10
_DER: Final = 2
"""_ssl.ENCODING_DER."""

ALERTS: Final[dict[str, int]] = {
    "SSLV3_ALERT_UNEXPECTED_MESSAGE": 10,
    "SSLV3_ALERT_BAD_RECORD_MAC": 20,
    "TLSV1_ALERT_RECORD_OVERFLOW": 22,
    "SSLV3_ALERT_HANDSHAKE_FAILURE": 40,
    "SSLV3_ALERT_BAD_CERTIFICATE": 42,
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": 43,
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": 46,
    "SSLV3_ALERT_ILLEGAL_PARAMETER": 47,
    "TLSV1_ALERT_UNKNOWN_CA": 48,
    "TLSV1_ALERT_ACCESS_DENIED": 49,
    "TLSV1_ALERT_DECODE_ERROR": 50,
    "TLSV1_ALERT_DECRYPT_ERROR": 51,
    "TLSV1_ALERT_PROTOCOL_VERSION": 70,
    "TLSV1_ALERT_INSUFFICIENT_SECURITY": 71,
    "TLSV1_ALERT_INTERNAL_ERROR": 80,
    "TLSV1_ALERT_INAPPROPRIATE_FALLBACK": 86,
    "TLSV1_ALERT_USER_CANCELLED": 90,
    "TLSV13_ALERT_MISSING_EXTENSION": 109,
    "TLSV1_UNSUPPORTED_EXTENSION": 110,
    "TLSV1_UNRECOGNIZED_NAME": 112,
    "TLSV1_BAD_CERTIFICATE_STATUS_RESPONSE": 113,
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": 116,
    "TLSV1_ALERT_NO_APPLICATION_PROTOCOL": 120,
}
"""OpenSSL's name of the reason (1000 + alert, openssl/sslerr.h) to the alert's number (RFC 8446, B.2). An
alert under encryption shows only so; a plain one is read off the wire."""


async def handshake(
    ctx: Context,
    stream: Stream,
    server_name: str | None,
    *,
    verified_name: str,
    alpn: tuple[str, ...] = hello.ALPN_WEB,
    private_ca: str = "",
    hop: int = 0,
    attempt: int = 0,
    arm: str = "",
    trial: int = 0,
    timeout_s: float | None = None,
) -> tuple[TLSHandshake, TLSStream | None]:
    """Shake hands once without verification, then verify; the observation is appended, whatever happened.

    `server_name` goes into the ClientHello, None sends none; the certificate is held against
    `verified_name`. `private_ca` is the name of a shipped authority. A stream comes back whenever the
    handshake completed, good certificate or bad: a page behind a middlebox's certificate is evidence.
    On failure the stream below is closed. The ClientHello waits for the budget of its name.
    """
    name = None if server_name is None else ascii_name(server_name)
    budget = stream.ip if name is None else name
    ctx.excuse(await ctx.pace.hellos.take(budget, stream.ip))
    tls = TLSStream(stream, hello.client_context(alpn), name)
    error: BaseException | None = None
    t0 = ctx.now()
    ctx.pace.hellos.leaves(budget)
    try:
        with anyio.fail_after(timeout_s or ctx.options.timeout_s):
            await tls.handshake(MAX_HANDSHAKE)
    except Exception as raised:  # noqa: BLE001  # sorted below: the network's become data, ours are raised
        error = raised
    except BaseException as raised:
        error = raised
        raise
    finally:
        # Whole only when all is known: a record this long takes its time to make.
        known = functools.partial(
            TLSHandshake,
            t0=t0,
            t=ctx.now(),
            ip=stream.ip,
            port=stream.port,
            server_name=name,
            verified_name=verified_name,
            server_spoke=spoke_tls(tls.head),
            client_hello_bytes=len(tls.client_hello),
            ja4=hello.ja4_of(tls.client_hello, alpn, named=name is not None),
            tcp_info=stream.tcp_info(),
            hop=hop,
            attempt=attempt,
            arm=arm,
            trial=trial,
        )
        if error is not None:
            observed = known(
                failure=_failure(error),
                completed=False,
                alert=alert_of(tls.head, error),
                first_bytes=tls.head.hex(),
            )
            ctx.tls_handshakes.append(observed)
            stream.close()
    if error is not None:
        if not isinstance(error, OSError | HandshakeTooLargeError):
            raise error
        return observed, None
    return await _completed(ctx, tls, known, verified_name, private_ca)


async def _completed(
    ctx: Context,
    tls: TLSStream,
    known: functools.partial[TLSHandshake],
    verified_name: str,
    private_ca: str,
) -> tuple[TLSHandshake, TLSStream | None]:
    """Add what the handshake agreed on and what its chain is worth."""
    chain = unverified_chain(tls.tls)
    if len(chain) > MAX_CHAIN:
        observed = known(failure=f.X_TLS_TOO_LARGE, completed=False)
        ctx.tls_handshakes.append(observed)
        tls.close()
        return observed, None
    with anyio.CancelScope(shield=True):
        # A handshake that happened is never lost to Ctrl-C: this takes milliseconds.
        verdict = await verified(ctx, chain, verified_name, private_ca)
    for der in chain:
        ctx.keep(der)
    cipher = tls.tls.cipher()
    observed = known(
        failure=verdict.failure,
        completed=True,
        tls_version=tls.tls.version(),
        cipher_suite=cipher[0] if cipher else None,
        negotiated_protocol=tls.alpn,
        chain_failure=verdict.chain_failure,
        chain_code=verdict.chain_code,
        name_matches=verdict.name_matches,
        certificates=verdict.certificates,
    )
    ctx.tls_handshakes.append(observed)
    return observed, tls


async def verified(ctx: Context, chain: tuple[bytes, ...], name: str, private_ca: str) -> ChainVerdict:
    """Verify in a thread unless the answer is known: other measurements' clocks must not wait for OpenSSL."""
    authority = ctx.private_cas.get(private_ca, "") if private_ca else ""
    found = ctx.verifier.known(chain, name, authority)
    if found is not None:
        return found
    return await anyio.to_thread.run_sync(ctx.verifier.verify, chain, name, authority)


def _failure(error: BaseException | None) -> str | None:
    if error is None:
        return None
    # OpenSSL's own bound on a message of certificates is 100 kB.
    if isinstance(error, HandshakeTooLargeError) or getattr(error, "reason", "") == "EXCESSIVE_MESSAGE_SIZE":
        return f.X_TLS_TOO_LARGE
    return classify(error)


def spoke_tls(head: bytes) -> bool:
    """Tell whether what arrived begins with the header of a TLS record (RFC 8446, 5.1), alerts included."""
    return len(head) >= 5 and 20 <= head[0] <= 23 and head[1] == 3


def alert_of(head: bytes, error: BaseException | None) -> int | None:
    """Return the number of the fatal alert that ended the handshake."""
    if error is None:
        return None
    # A first record that is an alert, plain: type 21, version, length 2, level 2 (fatal), number.
    if len(head) >= 7 and head[0] == 21 and head[3:6] == b"\x00\x02\x02":
        return head[6]
    return ALERTS.get(getattr(error, "reason", None) or "")


def unverified_chain(tls: ssl.SSLObject) -> tuple[bytes, ...]:
    """Return the certificates as the server sent them, DER, leaf first."""
    if sys.version_info >= (3, 13):
        return tuple(tls.get_unverified_chain() or ())
    # Private, and the same in 3.11 and 3.12; the public method came with 3.13.
    inner: Any = tls._sslobj  # type: ignore[attr-defined]  # noqa: SLF001  # see above
    return tuple(certificate.public_bytes(_DER) for certificate in inner.get_unverified_chain() or ())
