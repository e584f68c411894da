"""Which field of a measurement is masked how: a table, and the few functions it names."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final

from probe.store.masks import MASKS
from probe.store.own import canonical, host_and_port
from probe.store.vouched import ECHO

if TYPE_CHECKING:
    from probe.store.redact import Redactor, Scope

KEEP: Final = frozenset(
    {
        *("measurement_uid", "target_id", "service", "input", "experiment", "measurement_start_time", "arm"),
        *(
            "data_format_version",
            "sha256",
            "body_sha256",
            "ja4",
            "tls_version",
            "cipher_suite",
            "rcode",
            "kind",
        ),
        *("negotiated_protocol", "query_type", "engine", "method", "http_version", "ended_by", "operation"),
        *("not_before", "not_after", "series", "tcp_info"),
        *("stage", "purpose", "direction", "samples", "certificate_sha256"),
        *("payload", "signature", "key"),
        *("offered_version", "quic_version", "server_versions"),
        *("said_by", "storefront", "app"),
        *("side", "transport", "ds", "keys", "result", "reason"),
        *("resource", "asked_utc", "registered", "last_changed", "first_seen", "last_seen", "data_utc"),
        *("carrier", "as_table", "as_names"),
        *("whence", "prefix"),
        *("protocol", "reached"),
        *("whence", "prefix"),
    }
)
"""Words of our own, hashes, and numbers: kept as they are. Everything else that is text is masked.

A receipt's payload must stay byte for byte as it was signed: `measure.transfer_receipt` lets only one through
that holds nothing but the known numbers and what we ourselves had said.
"""

_ZONE_DATA: Final = frozenset({"SOA", "NS", "DNSKEY", "DS"})

_SECRET_HEADERS: Final = re.compile(
    r"set-cookie2?|cookie2?|(proxy-|x-)?auth(orization|enticate|entication-info)?|www-authenticate|x-csrf-token"
)
_CLIENT_HEADERS: Final = re.compile(
    r".*(city|region|latitude|longitude|postal|metro|visitor|subscriber|msisdn|imsi|device|session|client|"
    r"forwarded|remote|real-ip|originating|connecting|user|edgescape|time-?zone|calling-line|lat-?lo?ng|rdns).*|"
    r"(.*-)?geo(-?ip)?(-(?!block).*)?|x-location"
)
_TRACE_HEADERS: Final = re.compile(
    r"cf-ray|.*(request-?id|trace|correlation|served-by|timer|amz-cf|azure-ref|msedge-ref|fb-debug).*|report-to|nel|"
    r"server-timing"
)
_LIFETIMES: Final = re.compile(
    r"(?:[a-zA-Z-]+(?:=\"?\d{1,9}\"?)?)(?:\s*[;,]\s*[a-zA-Z-]+(?:=\"?\d{1,9}\"?)?)*\s*;?", re.ASCII
)
_DATE: Final = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} "
    r"\d\d:\d\d:\d\d GMT",
    re.ASCII,
)
_PLAIN_HEADERS: Final[Mapping[str, re.Pattern[str]]] = {
    "content-length": re.compile(r"\d{1,12}", re.ASCII),
    "date": _DATE,
    "expires": _DATE,
    "last-modified": _DATE,
    "cache-control": _LIFETIMES,
    "strict-transport-security": _LIFETIMES,
}
"""Headers whose numbers are no addresses, as long as they have their usual form."""


@lru_cache(maxsize=1024)
def names_of(text: str) -> frozenset[str]:
    """Return the words of an input in lower case, and all in it that a mask would match: they stay."""
    found = {match[0].lower() for mask in MASKS for match in mask.pattern.finditer(text)}
    return frozenset(found | set(re.findall(r"[^\W_]+", text.lower())))


# Policies: each takes the whole value of the field.


def _address(redactor: "Redactor", value: Any, scope: "Scope") -> Any:
    """Evidence by its place in the record: kept unless it is this machine's own."""
    if isinstance(value, str):
        return redactor.address(value, scope)
    return [redactor.address(each, scope) for each in value]


def _handle(redactor: "Redactor", value: Any, scope: "Scope") -> Any:
    """Of a registry: a range is called by its first and last address; one inside it would be somebody's."""
    parts = value.split(" - ")
    return " - ".join((redactor.address if _is_end(part) else redactor.masked)(part, scope) for part in parts)


def _is_end(text: str) -> bool:
    """Say whether an address, without a port, is the first or last one of a /24, or in IPv6 of a /48."""
    if not (address := canonical(text)):
        return False
    ip = ip_address(address)
    low = (1 << (8 if ip.version == 4 else 80)) - 1
    return int(ip) & low in {0, low}


def _asns(redactor: "Redactor", value: Any, scope: "Scope") -> Any:
    return [[redactor.address(address, scope), asn] for address, asn in value]


def _first_bytes(redactor: "Redactor", value: Any, scope: "Scope") -> Any:
    """Hex of what came instead of TLS: perhaps a page, and a page may greet its visitor by address."""
    try:
        content = bytes.fromhex(value)
    except ValueError:
        return redactor.masked(value, scope)
    masked = redactor.content(content, scope)
    return value if masked == content else masked.hex()


def _headers(redactor: "Redactor", value: Any, scope: "Scope") -> Any:
    return [
        [redactor.masked(name, scope), _header(redactor, name.lower(), text, scope)] for name, text in value
    ]


@lru_cache(maxsize=512)
def _category(name: str) -> str:
    """Return what the value of a header of this name is taken for, or nothing."""
    kinds = ((_SECRET_HEADERS, "cookie"), (_CLIENT_HEADERS, "client"), (_TRACE_HEADERS, "id"))
    return next((category for pattern, category in kinds if pattern.fullmatch(name)), "")


def _header(redactor: "Redactor", name: str, text: str, scope: "Scope") -> str:
    if category := _category(name):
        redactor.count(category)
        return f"[{category}]"
    plain = _PLAIN_HEADERS.get(name)
    return text if plain and plain.fullmatch(text) else redactor.masked(text, scope)


def _queries(redactor: "Redactor", value: Any, scope: "Scope") -> Any:
    return [_lookup(redactor, each, scope) for each in value]


def _lookup(redactor: "Redactor", lookup: dict[str, Any], scope: "Scope") -> dict[str, Any]:
    clean: dict[str, Any] = redactor.tree({**lookup, "resolver_address": "", "replies": []}, scope)
    clean["resolver_address"] = _resolver(redactor, lookup, scope)
    clean["replies"] = [redactor.tree(reply, scope) for reply in lookup["replies"]]
    if ECHO.search(lookup["hostname"]):
        for each in (clean, *clean["replies"]):
            each["answers"] = ["[ip]" for _ in each["answers"]]
        for reply in clean["replies"]:
            reply["texts"] = ["[client]" for _ in reply["texts"]]
        redactor.count("ip")
    elif lookup["query_type"] in _ZONE_DATA:
        for before, after in zip(lookup["replies"], clean["replies"], strict=True):
            after["texts"] = [redactor.without_names(text, scope) for text in before["texts"]]
    return clean


def _resolver(redactor: "Redactor", lookup: dict[str, Any], scope: "Scope") -> str:
    """Name the volunteer's own resolver `system`; a resolver of the catalogue, or named by --dns, stays."""
    text: str = lookup["resolver_address"]
    host, _ = host_and_port(text)
    named = not lookup["is_system"] and (host in scope.allowed or host not in redactor.resolvers)
    if text == "system" or redactor.is_public_resolver(host) or (host and named):
        return text
    if lookup["is_system"] or host in redactor.resolvers:
        redactor.count("resolver")
        return "system"
    return redactor.masked(text, scope)


_ACCOUNT: Final = re.compile(r"(?<=://)[^/?#]*@|^[^/?#]*@")


def without_account(url: str) -> str:
    """Return a URL without the user name and password that may stand before its host."""
    return _ACCOUNT.sub("", url)


POLICIES: Final[Mapping[str, Callable[["Redactor", Any, "Scope"], Any]]] = {
    "ip": _address,
    "ips": _address,
    "handle": _handle,
    "answers": _address,
    "dns_addresses": _address,
    "endpoint": _address,
    "asns": _asns,
    "first_bytes": _first_bytes,
    "headers": _headers,
    "queries": _queries,
}
