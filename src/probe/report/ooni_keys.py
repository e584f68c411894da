"""What each of OONI's tests keeps beside the observations: its own keys, made of this program's verdicts.

A key that says "blocked" is true only where this program's verdict is; where the thing works it is false;
else it is null. OONI's own comparison of one try with one control is not made again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from msgspec import Struct

from probe.model.words import Layer, State
from probe.report.ooni_archive import CLASSIC, Archive, address, control

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from probe.model.measurement import Measurement
    from probe.model.observation import ControlAnswer
    from probe.model.target import Target
    from probe.model.verdict import Verdict

Keys = dict[str, Any]

NOT_ASKED: Final = "x_control_not_asked"
BLOCKING: Final[Mapping[Layer, str]] = {
    Layer.DNS: "dns",
    Layer.TCP: "tcp_ip",
    Layer.TLS: "http-failure",
    Layer.HTTP: "http-failure",
}
LISTS: Final = ("queries", "tcp_connect", "tls_handshakes", "quic_handshakes", "requests", "network_events")
ENDPOINTS: Final = {
    "b-api.facebook.com": "b_api",
    "b-graph.facebook.com": "b_graph",
    "edge-mqtt.facebook.com": "edge",
    "external.xx.fbcdn.net": "external_cdn",
    "scontent.xx.fbcdn.net": "scontent_cdn",
    "star.c10r.facebook.com": "star",
}
DNS_SCHEMES: Final = {"dns+udp": "udp", "dns+tcp": "tcp", "dns+tls": "dot", "https": "https"}
"""Ours, and what OONI's dnscheck calls the same."""


class Part(Struct, frozen=True, kw_only=True):
    """One measurement of one target within a record."""

    target: Target
    measurement: Measurement
    verdict: Verdict | None
    shift_s: float = 0.0
    """How much later than the record it began."""


class Group(Struct, frozen=True, kw_only=True):
    """What becomes one record."""

    test: str
    parts: tuple[Part, ...]
    control: ControlAnswer | None
    public: bool


def lists_of(group: Group) -> Keys:
    """Return the archival lists of all parts, one after another; requests latest first."""
    keys: Keys = {name: [] for name in LISTS}
    for part in group.parts:
        archive = Archive(part.measurement, shift_s=part.shift_s, public=group.public)
        for name in LISTS:
            found = getattr(archive, name)()
            keys[name] = [*found, *keys[name]] if name == "requests" else [*keys[name], *found]
    return keys


def web_connectivity(group: Group) -> Keys:
    """ts-017, without the comparisons that only OONI's own client makes."""
    (part,) = group.parts
    asked = group.control
    reached, accused = _reached((part,)), _accused((part,))
    content = part.verdict is not None and part.verdict.mechanism.startswith("http.blockpage")
    return {
        "agent": "redirect",
        "client_resolver": "",
        "retries": None,
        "socksproxy": None,
        **lists_of(group),
        "dns_experiment_failure": next((q.failure for q in part.measurement.queries if q.is_system), None),
        "dns_consistency": None,
        "control_failure": NOT_ASKED if asked is None else asked.failure,
        "control_request": {"http_request": part.target.input, "http_request_headers": {}, "tcp_connect": []},
        "control": control(asked, public=group.public),
        "http_experiment_failure": next((r.failure for r in reversed(part.measurement.requests)), None),
        "body_length_match": None,
        "body_proportion": 0.0,
        "status_code_match": None,
        "headers_match": None,
        "title_match": None,
        "accessible": True if reached else False if accused else None,
        "blocking": False if reached else _blocking(accused, content=content),
    }


def telegram(group: Group) -> Keys:
    """ts-020."""
    web, apps = _parted(group, "https")
    connected = any(c.failure is None for part in apps for c in part.measurement.tcp_connect)
    answered = any(r.status_code is not None for part in apps for r in part.measurement.requests)
    accused = _accused(apps)
    return {
        **lists_of(group),
        "telegram_http_blocking": False if answered else True if accused else None,
        "telegram_tcp_blocking": False if connected else _tcp(accused),
        **_said("telegram_web", web),
    }


def whatsapp(group: Group) -> Keys:
    """ts-018."""
    pages, apps = _parted(group, "https")
    web = tuple(part for part in pages if part.target.service == "whatsapp-web")
    registration = tuple(part for part in pages if part not in web)
    hosts: dict[str, list[Part]] = {}
    for part in apps:
        hosts.setdefault(urlsplit(part.target.input).hostname or "", []).append(part)
    return {
        **lists_of(group),
        **_said("registration_server", registration),
        "whatsapp_endpoints_blocked": [host for host, parts in hosts.items() if _all_accused(parts)],
        "whatsapp_endpoints_dns_inconsistent": [],
        "whatsapp_endpoints_status": _status(apps),
        **_said("whatsapp_web", web),
    }


def facebook_messenger(group: Group) -> Keys:
    """ts-019."""
    keys: Keys = {**lists_of(group)}
    for part in group.parts:
        name = ENDPOINTS.get(urlsplit(part.target.input).hostname or "")
        if name:
            keys[f"facebook_{name}_dns_consistent"] = None
            keys[f"facebook_{name}_reachable"] = _truth((part,))
    accused = _accused(group.parts)
    connected = all(_reached((part,)) for part in group.parts)
    keys["facebook_dns_blocking"] = False if connected else True if Layer.DNS in accused else None
    keys["facebook_tcp_blocking"] = False if connected else _tcp(accused)
    return keys


def signal(group: Group) -> Keys:
    """ts-029."""
    return {**lists_of(group), **_said("signal_backend", group.parts)}


def dnscheck(group: Group) -> Keys:
    """ts-028: one look-up an endpoint; a DoH server by name has as many as addresses were tried."""
    (part,) = group.parts
    keys = lists_of(group)
    asked = [q["hostname"] for q in keys["queries"] if CLASSIC not in q["tags"]]
    own = [q for q in keys["queries"] if CLASSIC not in q["tags"]]
    bootstrap = [q for q in keys["queries"] if CLASSIC in q["tags"]]
    split = urlsplit(part.target.input)
    scheme = DNS_SCHEMES[split.scheme]
    lookups: Keys = {}
    for entry in own:
        where = entry["resolver_address"]
        url = f"{scheme}://{where}{split.path}"
        lookups.setdefault(url, _lookup(keys, where, own))
    return {
        "domain": asked[0] if asked else "",
        "bootstrap": {"queries": bootstrap} if bootstrap else None,
        "bootstrap_failure": next((q["failure"] for q in bootstrap if q["failure"]), None),
        "lookups": lookups,
        **({} if lookups else keys),
    }


def urlgetter(group: Group) -> Keys:
    """ts-027: the observations and nothing else."""
    (part,) = group.parts
    m = part.measurement
    tried: list[Any] = [*m.requests, *m.quic_handshakes, *m.tls_handshakes, *m.tcp_connect, *m.queries]
    failure = tried[0].failure if tried else None
    return {"agent": "redirect", "failed_operation": None, "failure": failure} | lists_of(group)


def _lookup(keys: Keys, where: str, own: Sequence[Keys]) -> Keys:
    queries = [q for q in own if q["resolver_address"] == where]
    shown = ("tls_handshakes", "quic_handshakes", "requests", "network_events")
    found = {name: [e for e in keys[name] if e["address"] == where] for name in shown}
    found["tcp_connect"] = [e for e in keys["tcp_connect"] if address(e["ip"], e["port"]) == where]
    failure = next((q["failure"] for q in queries if q["failure"]), None)
    return {"agent": "redirect", "failed_operation": None, "failure": failure, "queries": queries, **found}


def _parted(group: Group, scheme: str) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    pages = tuple(p for p in group.parts if p.target.input.startswith(f"{scheme}:"))
    return pages, tuple(p for p in group.parts if p not in pages)


def _reached(parts: Sequence[Part]) -> bool:
    return any(p.verdict is not None and p.verdict.state is State.REACHABLE for p in parts)


def _accused(parts: Sequence[Part]) -> frozenset[Layer]:
    """Return the layers at which this program says that something is blocked."""
    return frozenset(
        p.verdict.layer for p in parts if p.verdict is not None and p.verdict.state is State.BLOCKED
    )


def _all_accused(parts: Sequence[Part]) -> bool:
    return bool(parts) and all(_accused((p,)) for p in parts)


def _truth(parts: Sequence[Part]) -> bool | None:
    return True if _reached(parts) else False if _accused(parts) else None


def _tcp(accused: frozenset[Layer]) -> bool | None:
    return True if Layer.TCP in accused else None


def _status(parts: Sequence[Part]) -> str | None:
    return "ok" if _reached(parts) else "blocked" if _all_accused(parts) else None


def _said(name: str, parts: Sequence[Part]) -> Keys:
    """Return status and failure of a part that has both."""
    status = None if not parts else "ok" if all(_reached((p,)) for p in parts) else None
    if status is None and _accused(parts):
        status = "blocked"
    failures = [p.verdict.failure for p in parts if p.verdict is not None and p.verdict.failure]
    return {
        f"{name}_failure": failures[0] if status == "blocked" and failures else None,
        f"{name}_status": status,
    }


def _blocking(accused: frozenset[Layer], *, content: bool) -> str | None:
    if content and accused:
        return "http-diff"
    return next((BLOCKING[layer] for layer in accused if layer in BLOCKING), None)


TESTS: Final[Mapping[str, tuple[Callable[[Group], Keys], str]]] = {
    "web_connectivity": (web_connectivity, "0.5.28"),
    "telegram": (telegram, "0.3.1"),
    "whatsapp": (whatsapp, "0.12.1"),
    "facebook_messenger": (facebook_messenger, "0.2.1"),
    "signal": (signal, "0.2.5"),
    "dnscheck": (dnscheck, "0.9.2"),
    "urlgetter": (urlgetter, "0.2.0"),
}
"""What makes a test's keys, and the version of OONI's test whose keys they are."""
