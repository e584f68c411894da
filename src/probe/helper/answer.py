"""What a look has found, and how it is told: the words and shapes of OONI's helpers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, field

from probe.helper.guard import NOT_FOR_HTTP, is_public
from probe.measure.control_answer import address_and_port
from probe.model import failure as f

if TYPE_CHECKING:
    from collections.abc import Callable

    from probe.measure.urls import Place
    from probe.model.observation import HTTPRoundTrip

MAX_HEADERS: Final = 100
MAX_VALUE: Final = 1024

DNS_WORDS: Final = {f.DNS_NXDOMAIN: "dns_name_error", f.DNS_NO_ANSWER: f.DNS_NO_ANSWER}
DNS_OTHERWISE: Final = "dns_server_failure"
HTTP_WORDS: Final = {f.CONNECTION_REFUSED: "connection_refused_error"}
DNS_BROKE_HTTP: Final = "dns_lookup_error"
"""The words that OONI's helpers have for these; for all else today's words are told."""
BY_CLIENT, BY_HELPER, BOGON, VALID = 1, 2, 4, 8
"""Flags of `ip_info`: who found the address, whether it is public, whether it showed a good certificate."""


class Question(Struct, frozen=True, kw_only=True):
    """What a client asks; the URL and the endpoints have passed the guard."""

    place: Place
    headers: tuple[tuple[str, str], ...]
    endpoints: tuple[tuple[str, int], ...]
    quic: bool = False
    """Whether to shake hands over UDP/443 as well."""


class Found(Struct, kw_only=True):
    """What has been seen so far; a deadline leaves it as it is."""

    failure: str | None = None
    addresses: tuple[str, ...] = ()
    tcp: dict[str, str | None] = field(default_factory=dict)
    tls: dict[str, str | None] = field(default_factory=dict)
    quic: dict[str, str | None] = field(default_factory=dict)
    request: HTTPRoundTrip | None = None
    http_failure: str | None = f.TIMEOUT
    resolved: dict[str, tuple[str | None, tuple[str, ...]]] = field(default_factory=dict)


def answer_of(question: Question, found: Found, number_of: Callable[[str], int | None]) -> dict[str, Any]:
    """Return what is told of a look, in the words of OONI's helpers."""
    host = question.place.host
    failure = None if found.failure is None else DNS_WORDS.get(found.failure, DNS_OTHERWISE)
    return {
        "tcp_connect": {where: _said(why) for where, why in found.tcp.items()},
        "tls_handshake": {where: {"server_name": host, **_said(why)} for where, why in found.tls.items()},
        "quic_handshake": {where: {"server_name": host, **_said(why)} for where, why in found.quic.items()},
        "http_request": None if question.place.port in NOT_FOR_HTTP else _http(found),
        "http3_request": None,
        "dns": {"failure": failure, "addrs": list(found.addresses)},
        "ip_info": _ip_info(question, found, number_of),
    }


def _said(failure: str | None) -> dict[str, Any]:
    return {"status": failure is None, "failure": failure}


def _http(found: Found) -> dict[str, Any]:
    request = found.request
    if request is None or found.http_failure is not None:
        word = found.http_failure or f.HTTP_REQUEST_FAILED
        return {
            "body_length": -1,
            "discovered_h3_endpoint": "",
            "failure": HTTP_WORDS.get(word, word),
            "title": "",
            "headers": {},
            "status_code": -1,
        }
    return {
        "body_length": request.body_length if request.body_length is not None else -1,
        "discovered_h3_endpoint": "",
        "failure": None,
        "title": request.title or "",
        "headers": {name[:MAX_VALUE]: value[:MAX_VALUE] for name, value in request.headers[:MAX_HEADERS]},
        "status_code": request.status_code if request.status_code is not None else -1,
    }


def _ip_info(
    question: Question, found: Found, number_of: Callable[[str], int | None]
) -> dict[str, dict[str, int]]:
    flags: dict[str, int] = {}
    for ip, _port in question.endpoints:
        flags[ip] = flags.get(ip, 0) | BY_CLIENT
    for ip in found.addresses:
        flags[ip] = flags.get(ip, 0) | BY_HELPER
    for where, failure in found.tls.items():
        pair = address_and_port(where, 0)
        if failure is None and pair is not None:
            flags[pair[0]] = flags.get(pair[0], 0) | VALID
    return {
        ip: {"asn": number_of(ip) or 0, "flags": bits | (0 if is_public(ip) else BOGON)}
        for ip, bits in flags.items()
    }
