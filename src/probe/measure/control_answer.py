"""What is asked of a test helper, and its answer read leniently in shape, strictly in type, bounded in size.

The protocol is that of OONI's web-connectivity test helpers. Their answers still carry failure words of an
older helper; they are put into today's words here, so that whoever judges compares like with like.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import msgspec

from probe.measure.urls import place_of
from probe.model import failure as f
from probe.model.observation import ControlAnswer, EndpointAnswer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from probe.model.target import Target

MAX_ANSWER_BYTES: Final = 1 << 20
MAX_ENDPOINTS: Final = 64
MAX_ADDRESSES: Final = 64
MAX_HEADERS: Final = 100
MAX_VALUE: Final = 1024
"""Characters of a header value, a title or a failure word."""

DEFAULT_PORTS: Final = {"http": 80, "https": 443}

DNS_WORDS: Final[Mapping[str, str]] = {
    "dns_name_error": f.DNS_NXDOMAIN,
    "dns_server_failure": f.DNS_MISBEHAVING,
}
"""Helper's old words for DNS; `dns_server_failure` covers refused, SERVFAIL and what is temporary."""

HTTP_WORDS: Final[Mapping[str, str]] = {"connection_refused_error": f.CONNECTION_REFUSED}

DNS_BROKE_HTTP: Final = "dns_lookup_error"
"""The helper's HTTP failed because its DNS did; the DNS part of the same answer says how."""

UNNAMED: Final = "unknown_error"
"""All that the helper's HTTP has no word for, resets and TLS failures among them."""


class _Endpoint(msgspec.Struct):
    status: bool | None = None
    failure: str | None = None
    server_name: str | None = None


class _HTTP(msgspec.Struct):
    body_length: int | None = None
    failure: str | None = None
    title: str | None = None
    headers: dict[str, str | None] | None = None
    status_code: int | None = None


class _DNS(msgspec.Struct):
    failure: str | None = None
    addrs: list[str | None] | None = None


class _IPInfo(msgspec.Struct):
    asn: int | None = None


class _Reply(msgspec.Struct):
    tcp_connect: dict[str, _Endpoint | None] | None = None
    tls_handshake: dict[str, _Endpoint | None] | None = None
    quic_handshake: dict[str, _Endpoint | None] | None = None
    http_request: _HTTP | None = None
    dns: _DNS | None = None
    ip_info: dict[str, _IPInfo | None] | None = None


_DECODER: Final = msgspec.json.Decoder(_Reply)


class AnswerError(ValueError):
    """The helper's answer is not what the protocol says."""


def endpoint(ip: str, port: int) -> str:
    """Write an address and a port as helpers do: `1.2.3.4:443`, `[2001:db8::1]:443`."""
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


def question_url(target: Target) -> str:
    """Return the URL a helper is asked for; an endpoint without a URL is sent as `http://host:port/`.

    QUIC's is the page's own: helpers speak HTTP/3 where they are told so beside. A zone's is that of a name
    below it, at the port of DNS: whether it resolves elsewhere, and whether the zone's servers take connects.
    """
    split = urlsplit(target.input)
    if split.scheme in DEFAULT_PORTS:
        return target.input
    if split.scheme == "zone":
        return f"http://{target.question.partition(' ')[0] or split.netloc}:53/"
    scheme = "https" if split.scheme == "quic" else "http"
    return f"{scheme}://{split.netloc}/"


def _sendable(url: str) -> str:
    """Return the URL in ASCII; one that is so already stays as it was written."""
    place = place_of(url)
    return url if url.isascii() else f"{place.scheme}://{place.authority}{place.target}"


def asks_http(target: Target) -> bool:
    """Say whether a helper's HTTP part speaks of this target: not where the port serves something else."""
    return urlsplit(target.input).scheme in DEFAULT_PORTS or target.experiment == "http_any"


def endpoints_of(target: Target, addresses: Sequence[str]) -> tuple[str, ...]:
    """Return the `ip:port` list for `tcp_connect`: what the client saw (`ip` or `ip:port`), else the literal.

    What is no public address is left out: a forged 10.x or a resolver at home says nothing at a helper.
    """
    split = urlsplit(question_url(target))
    port = split.port or DEFAULT_PORTS[split.scheme]
    seen: dict[str, None] = {}
    for text in (*addresses, *target.addresses, split.hostname or ""):
        pair = address_and_port(text, port)
        if pair is not None and ipaddress.ip_address(pair[0]).is_global:
            seen.setdefault(endpoint(*pair))
    return tuple(seen)[:MAX_ENDPOINTS]


def address_and_port(text: str, port: int) -> tuple[str, int] | None:
    """Split `ip`, `ip:port` or `[ip]:port`; None where there is no address."""
    try:
        return str(ipaddress.ip_address(text)), port
    except ValueError:
        host, _, digits = text.rpartition(":")
    try:
        ip = str(ipaddress.ip_address(host.removeprefix("[").removesuffix("]")))
    except ValueError:
        return None
    return (ip, int(digits)) if digits.isascii() and digits.isdigit() and 0 < int(digits) < 65536 else None


def question(target: Target, addresses: Sequence[str], headers: Iterable[tuple[str, str]]) -> bytes:
    """Return the JSON body of the POST. Raises ValueError for an input without a usable host and port."""
    return msgspec.json.encode(
        {
            "http_request": _sendable(question_url(target)),
            "http_request_headers": {name: [value] for name, value in headers},
            "tcp_connect": endpoints_of(target, addresses),
            "x_quic_enabled": target.experiment == "quic",
        }
    )


def read_answer(
    body: bytes, *, control: str, target: Target, t0: float, t: float, hop: int = 0
) -> ControlAnswer:
    """Read a helper's JSON.

    Everything may be null or missing; a wrong type, or depth that no helper has, raises AnswerError.
    """
    if len(body) > MAX_ANSWER_BYTES:
        raise AnswerError("longer than any helper's answer")
    try:
        reply = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise AnswerError(type(error).__name__) from error
    dns_failure, addresses = _dns(reply.dns)
    http = reply.http_request if asks_http(target) else None
    http_failure = _http_failure(http.failure if http else None, dns_failure)
    return ControlAnswer(
        t0=t0,
        t=t,
        failure=None,
        kind="test_helper",
        control=control,
        url=question_url(target),
        dns_failure=dns_failure,
        dns_addresses=addresses,
        tcp_connect=_endpoints(reply.tcp_connect),
        tls_handshake=_endpoints(reply.tls_handshake),
        quic_handshake=_endpoints(reply.quic_handshake) if target.experiment == "quic" else (),
        http_asked=http is not None,
        http_failure=http_failure,
        status_code=_within(http.status_code, 100, 999) if http else None,
        title=_text(http.title) if http and http_failure is None else None,
        headers=_headers(http.headers if http else None),
        body_length=_within(http.body_length, 0, 1 << 53) if http and http_failure is None else None,
        asns=_asns(reply.ip_info),
        hop=hop,
    )


def _dns(dns: _DNS | None) -> tuple[str | None, tuple[str, ...]]:
    """Return the failure in today's words and the addresses; an empty answer is a failure of its own."""
    if dns is None:
        return None, ()
    addresses = [str(ip) for ip in map(_address, dns.addrs or ()) if ip][:MAX_ADDRESSES]
    if dns.failure:
        return _word(dns.failure, DNS_WORDS), tuple(dict.fromkeys(addresses))
    return (None if addresses else f.DNS_NO_ANSWER), tuple(dict.fromkeys(addresses))


def _http_failure(word: str | None, dns_failure: str | None) -> str | None:
    if not word:
        return None
    if word == DNS_BROKE_HTTP:
        return dns_failure or f.DNS_MISBEHAVING
    return _word(word, HTTP_WORDS)


def _word(word: str, words: Mapping[str, str]) -> str:
    if word == UNNAMED:
        return f.UNKNOWN_PREFIX + word
    return words.get(word, word[:MAX_VALUE])


def _endpoints(answers: Mapping[str, _Endpoint | None] | None) -> tuple[EndpointAnswer, ...]:
    """Return what the helper saw at each address; an entry that says neither yes nor no is dropped."""
    out = []
    for where, answer in list((answers or {}).items())[:MAX_ENDPOINTS]:
        pair = address_and_port(where, 0)
        if answer is None or pair is None or not (answer.status or answer.failure):
            continue
        out.append(
            EndpointAnswer(
                endpoint=endpoint(*pair),
                failure=_word(answer.failure, HTTP_WORDS) if answer.failure else None,
                server_name=_text(answer.server_name),
            )
        )
    return tuple(out)


def _headers(headers: Mapping[str, str | None] | None) -> tuple[tuple[str, str], ...]:
    pairs = list((headers or {}).items())[:MAX_HEADERS]
    return tuple((name[:MAX_VALUE], value[:MAX_VALUE]) for name, value in pairs if value is not None)


def _asns(infos: Mapping[str, _IPInfo | None] | None) -> tuple[tuple[str, int], ...]:
    out = []
    for text, info in list((infos or {}).items())[:MAX_ADDRESSES]:
        ip, number = _address(text), _within(info.asn, 1, 2**32 - 1) if info else None
        if ip and number is not None:
            out.append((ip, number))
    return tuple(out)


def _address(text: str | None) -> str | None:
    try:
        return str(ipaddress.ip_address(text or ""))
    except ValueError:
        return None


def _within(number: int | None, low: int, high: int) -> int | None:
    """Drop what cannot be: helpers say -1 for what they did not get."""
    return number if number is not None and low <= number <= high else None


def _text(text: str | None) -> str | None:
    return text[:MAX_VALUE] if text else None
