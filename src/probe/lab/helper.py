"""The lab's test helper: tells over OONI's web-connectivity protocol how a target is without the censor."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from probe.lab import injected, pages, transfer, truth
from probe.lab.hostile import doors
from probe.lab.names import is_address
from probe.lab.records import Answer, Request
from probe.lab.resolver import lookup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from probe.lab.records import Place
    from probe.lab.world import World

DNS_FAILURES = {
    "nxdomain": "dns_name_error",
    "servfail": "dns_server_failure",
    "bogus": "dns_server_failure",
    "empty": "dns_no_answer",
}
"""The helper's dialect, which differs from the probes'."""
CONNECT_FAILURES = {
    "drop": "generic_timeout_error",
    "reset": "connection_refused",
    "unreachable": "host_unreachable",
}
STRIKE_FAILURES = {"drop": "generic_timeout_error", "reset": "connection_reset", "fin": "eof_error"}
CERTIFICATE_FAILURES = {
    "expired": "ssl_invalid_certificate",
    "future": "ssl_invalid_certificate",
    "wrong-name": "ssl_invalid_hostname",
    "selfsigned": "ssl_unknown_authority",
    "middlebox": "ssl_unknown_authority",
    "antivirus": "ssl_unknown_authority",
    "huge": "unknown_error",
}
QUIC_FAILURES = ("generic_timeout_error", "quic_incompatible_version")
"""What else goes wrong with QUIC is `unknown_error`, as over TLS."""
HTTP_FAILURES = {
    "connection_refused": "connection_refused_error",
    "generic_timeout_error": "generic_timeout_error",
    "host_unreachable": "host_unreachable",
    "dns_lookup_error": "dns_lookup_error",
}
"""For HTTP the public helpers have few words; a reset or a bad certificate is `unknown_error` there."""
HOPS = 10
PATIENCE_S = 10.0
ENDPOINTS = 64


def answer(world: World, request: Request) -> Answer:
    """Return the helper's answer to a request, by the scenario's whim true, false, failing or none."""
    whim = world.scenario.helper
    if whim == "fails":
        return pages.page("502 Bad Gateway", status=502)
    if whim == "silent":
        return Answer(act=injected.swallow)
    if request.path in transfer.ROUTES:
        return transfer.ROUTES[request.path](world, request)
    if request.method != "POST":
        return _json({"status": "ok", "service": "probe lab helper"})
    try:
        asked = json.loads(request.body)
        url = asked["http_request"]
        endpoints = list(asked.get("tcp_connect") or ())[:ENDPOINTS]
        told = tell(world, url, endpoints, quic=asked.get("x_quic_enabled") is True)
    except (ValueError, KeyError, TypeError, AttributeError):
        return _json({"error": "bad request"}, status=400)
    if whim == "refuses":  # the helper stands in a data centre, and everybody shuts the door on it
        told["http_request"] |= {
            "status_code": 403,
            "title": "Access denied",
            "body_length": 120,
            "headers": {},
        }
    if whim == "lies":  # it says that everything works and looks as it likes
        told["dns"] = {"failure": None, "addrs": ["151.101.1.1"]}
        told["http_request"] |= {"failure": None, "status_code": 200, "title": "A page", "body_length": 4096}
    return _json(told)


def _json(value: object, status: int = 200) -> Answer:
    headers = (("Content-Type", "application/json"), *pages.headers()[:2])
    return Answer(status=status, headers=headers, body=json.dumps(value).encode())


def tell(world: World, url: str, endpoints: list[str], *, quic: bool = False) -> dict[str, Any]:
    """Return the body of the helper's answer. Raises ValueError for what is no URL or endpoint."""
    parts = urlsplit(url)
    host = parts.hostname
    if not host or parts.scheme not in ("http", "https"):
        raise ValueError("no URL")
    failure, addresses = _resolve(world, host)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    all_endpoints = dict.fromkeys([*endpoints, *(_endpoint(a, port) for a in addresses)])
    connects, handshakes = {}, {}
    for endpoint in all_endpoints:
        place = truth.place_of(endpoint)
        failed = CONNECT_FAILURES.get(truth.syn(world, place))
        connects[endpoint] = {"status": failed is None, "failure": failed}
        if failed is None and parts.scheme == "https":
            failed = tls_failure(world, place, host)
            handshakes[endpoint] = {"server_name": host, "status": failed is None, "failure": failed}
    return {
        "tcp_connect": connects,
        "tls_handshake": handshakes,
        "quic_handshake": {
            endpoint: _tried(host, quic_failure(world, truth.place_of(endpoint), host))
            for endpoint in (all_endpoints if quic else ())
        },
        "http_request": fetch(world, url),
        "http3_request": None,
        "dns": {"failure": DNS_FAILURES.get(failure), "addrs": list(addresses)},
        "ip_info": {a: {"asn": world.names.asn(a), "flags": 2} for a in addresses},
    }


def _resolve(world: World, host: str) -> tuple[str, tuple[str, ...]]:
    """Return (failure, addresses) as a resolver far from this user tells them."""
    if is_address(host):
        return "", (host,)
    failure, addresses = lookup(world, host, "elsewhere")
    return failure, () if failure else addresses


def _endpoint(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def tls_failure(world: World, place: Place, name: str) -> str | None:
    """Return how a handshake with this name at this place ends for everybody."""
    if (row := world.peers.get(place.address)) is not None:
        return "unknown_error" if row.door in ("hello", "certificate") else None
    home = world.home(place.address, name)
    site = world.site(home)
    if site.hello:
        return STRIKE_FAILURES[site.hello]
    if home != name:
        return "ssl_invalid_hostname"
    return CERTIFICATE_FAILURES.get(site.certificate)


def quic_failure(world: World, place: Place, name: str) -> str | None:
    """Return how a QUIC handshake with this name at this place ends for everybody."""
    row = world.peers.get(place.address)
    if row is not None and row.door == "quic" and row.failure is not None:
        return row.failure if row.failure in QUIC_FAILURES else "unknown_error"
    said = world.site(world.home(place.address, name)).quic
    if truth.syn(world, place) or said == "none":
        return "generic_timeout_error"
    return "quic_incompatible_version" if said else tls_failure(world, place, name)


def _tried(name: str, failure: str | None) -> dict[str, Any]:
    return {"server_name": name, "status": failure is None, "failure": failure}


def fetch(world: World, url: str) -> dict[str, Any]:
    """Return the `http_request` part: the last answer after at most ten redirects."""
    made: dict[str, Any] = _http(failure="unknown_error")
    for _hop in range(HOPS):
        got = _get(world, url)
        if isinstance(got, str):
            return _http(failure=HTTP_FAILURES.get(got, "unknown_error"))
        made = _http(got)
        location = dict(got.headers).get("Location")
        if not (location and 300 <= got.status < 400):
            return made
        url = urljoin(url, location)
    return _http(failure="unknown_error")


def _http(got: Answer | None = None, failure: str | None = None) -> dict[str, Any]:
    headers: Mapping[str, str] = dict(got.headers) if got else {}
    return {
        "body_length": len(got.body) if got else -1,
        "discovered_h3_endpoint": "",
        "failure": failure,
        "title": truth.title(got.body) if got else "",
        "headers": headers,
        "status_code": got.status if got else -1,
    }


def _get(world: World, url: str) -> Answer | str:
    """Return the answer to one GET, or the failure."""
    parts = urlsplit(url)
    host, is_tls = (parts.hostname or "").rstrip("."), parts.scheme == "https"
    failure, addresses = _resolve(world, host)
    if failure or not addresses:
        return "dns_lookup_error"
    failed = "generic_timeout_error"
    for address in addresses:
        place = truth.place_of(_endpoint(address, parts.port or (443 if is_tls else 80)))
        failed = CONNECT_FAILURES.get(truth.syn(world, place), "")
        failed = failed or (is_tls and tls_failure(world, place, host)) or ""
        if failed:
            continue
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        request = Request(
            method="GET",
            path=path,
            host=host,
            headers={},
            body=b"",
            place=place,
            is_tls=is_tls,
            server_name=host,
        )
        row = world.peers.get(place.address)
        got = doors.told(row, request) if row else truth.answer(world, request, elsewhere=True)
        if got.act is not None:
            return "generic_timeout_error" if got.act is injected.swallow else "unknown_error"
        speed = world.site(world.home(place.address, host)).speed
        freezes = speed is not None and speed.how == "freeze" and len(got.body) > speed.n_bytes
        silent = got.delay_s > PATIENCE_S or freezes
        return "generic_timeout_error" if silent else got
    return failed
