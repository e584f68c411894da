"""Observations in the words of OONI's archival data formats: df-001, 002, 005, 006 and 008."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from probe.report.annex.disclosure import minutes_removed, public_certificate, without_query

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from probe.model.measurement import Measurement
    from probe.model.observation import (
        Certificate,
        ControlAnswer,
        DNSLookup,
        DNSReply,
        EndpointAnswer,
        HTTPRoundTrip,
        NetworkEvent,
        TLSHandshake,
    )
    from probe.model.quic import QUICHandshake

Entry = dict[str, Any]

RCODES: Final = {"NOERROR": 0, "FORMERR": 1, "SERVFAIL": 2, "NXDOMAIN": 3, "NOTIMP": 4, "REFUSED": 5}
PLAIN_HEADERS: Final = frozenset({"server", "content-type", "location", "via"})
"""What a public record keeps of an answer's headers: none of them tells the second, as `Date` does."""
EXACT_DIGITS: Final = 6
PUBLIC_DIGITS: Final = 1
"""Tenths of a second: an operator's flow log has durations too."""
ALPN: Final = {"HTTP/2": "h2", "HTTP/2.0": "h2", "HTTP/3": "h3"}
CLASSIC: Final = "classic"
"""OONI's tag for what was asked of the system's own resolver, and what follows from its answer."""
SYSTEM: Final = "x_system"
"""Our tag for the system's resolver where it was asked over UDP rather than by the library."""


class Archive:
    """Writes the observations of one measurement; times move by `shift_s` to a record's own beginning."""

    def __init__(self, m: Measurement, *, shift_s: float = 0.0, public: bool) -> None:
        """Nothing is computed yet."""
        self._m = m
        self._shift = shift_s
        self._public = public

    def queries(self) -> list[Entry]:
        """df-002; what came after the first reply stands in `x_dns_late_replies`."""
        return [self._query(q) for q in self._m.queries]

    def tcp_connect(self) -> list[Entry]:
        """df-005."""
        return [
            {
                "ip": c.ip,
                "port": c.port,
                "status": {"failure": c.failure, "success": c.failure is None},
                **self._when(c),
                "tags": _tags(c),
            }
            for c in self._m.tcp_connect
        ]

    def tls_handshakes(self) -> list[Entry]:
        """df-006; of the certificates what was read in them, as their bytes lie in the run's blobs."""
        return [self._shake(h, "tcp", h.tls_version or "") for h in self._m.tls_handshakes]

    def quic_handshakes(self) -> list[Entry]:
        """df-006 over UDP; probes under other names and versions are told apart by their arm."""
        return [self._shake(h, "udp", "TLSv1.3" if h.completed else "") for h in self._m.quic_handshakes]

    def requests(self) -> list[Entry]:
        """df-001: the last comes first."""
        return [self._request(r) for r in reversed(self._m.requests)]

    def network_events(self) -> list[Entry]:
        """df-008: what was read, when. A public record has none: bytes over time are a fingerprint."""
        if self._public:
            return []
        return [entry for event in self._m.network_events for entry in self._reads(event)]

    def _when(self, o: Any) -> Entry:
        digits = PUBLIC_DIGITS if self._public else EXACT_DIGITS
        return {"t0": round(o.t0 + self._shift, digits), "t": round(o.t + self._shift, digits)}

    def _query(self, q: DNSLookup) -> Entry:
        first = q.replies[0] if q.replies else None
        entry: Entry = {
            "answers": _answers(q.answers, first),
            "engine": q.engine,
            "failure": q.failure,
            "hostname": q.hostname,
            "query_type": q.query_type,
            "resolver_address": "" if q.is_system else q.resolver_address,
            "resolver_hostname": None,
            "resolver_port": None,
            **self._when(q),
            "tags": [*_tags(q), *([CLASSIC, SYSTEM] if q.is_system else [])],
        }
        if first is not None and first.rcode in RCODES:
            entry["rcode"] = RCODES[first.rcode]
        late = [_reply(r) for r in q.replies[1:]]
        return entry | ({"x_dns_late_replies": late} if late else {})

    def _shake(self, h: TLSHandshake | QUICHandshake, network: str, version: str) -> Entry:
        return {
            "address": address(h.ip, h.port),
            "cipher_suite": h.cipher_suite or "",
            "failure": h.failure,
            "negotiated_protocol": h.negotiated_protocol or "",
            "network": network,
            "no_tls_verify": False,
            "peer_certificates": [],
            "server_name": h.server_name or "",
            **self._when(h),
            "tags": _tags(h),
            "tls_version": version,
            "x_certificates": [
                _certificate(public_certificate(c, h) if self._public else c) for c in h.certificates
            ],
        }

    def _request(self, r: HTTPRoundTrip) -> Entry:
        url = without_query(r.url) if self._public and r.hop else r.url
        host = r.host or r.url.partition("://")[2].partition("/")[0]  # as it is, should a mask stand there
        headers = [(n, v) for n, v in r.headers if not self._public or n.lower() in PLAIN_HEADERS]
        goal = r.location or ""
        if self._public:
            goal = without_query(goal)
            headers = [
                (n, without_query(v) if n.lower() == "location" else minutes_removed(v)) for n, v in headers
            ]
        return {
            "address": address(r.ip, r.port),
            "alpn": ALPN.get(r.http_version, r.http_version.lower()),
            "failure": r.failure,
            "network": "tcp",
            "request": {
                "body": "",
                "body_is_truncated": False,
                "headers": {"Host": host},
                "headers_list": [["Host", host]],
                "method": r.method,
                "tor": {"exit_ip": None, "exit_name": None, "is_tor": False},
                "url": url,
                "x_transport": "tcp",
            },
            "response": {
                "body": "" if self._public else r.body,
                "body_is_truncated": self._public or r.body_is_capped or (r.body_length or 0) > len(r.body),
                "code": r.status_code or 0,
                "headers": dict(reversed(headers)),
                "headers_list": [list(pair) for pair in headers],
                "locations": [goal] if goal else [],
            },
            **self._when(r),
            "tags": _tags(r),
        }

    def _reads(self, event: NetworkEvent) -> Iterator[Entry]:
        for t, n_bytes in event.series:
            yield {
                "address": address(event.ip, event.port),
                "failure": None,
                "num_bytes": n_bytes,
                "operation": "read",
                "proto": "tcp",
                "t0": round(t + self._shift, EXACT_DIGITS),
                "t": round(t + self._shift, EXACT_DIGITS),
                "tags": _tags(event),
            }


def address(ip: str, port: int) -> str:
    """Write an endpoint as OONI does: `1.2.3.4:443`, `[2001:db8::1]:443`."""
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


def control(answer: ControlAnswer | None, *, public: bool) -> Entry | None:
    """Return a test helper's answer as web connectivity keeps it; None where none came."""
    if answer is None or answer.failure is not None:
        return None
    headers = {n: v for n, v in answer.headers if not public or n.lower() in PLAIN_HEADERS}
    return {
        "tcp_connect": {
            e.endpoint: {"status": e.failure is None, "failure": e.failure} for e in answer.tcp_connect
        },
        "tls_handshake": _endpoints(answer.tls_handshake),
        "quic_handshake": _endpoints(answer.quic_handshake),
        "http_request": {
            "body_length": -1 if answer.body_length is None else answer.body_length,
            "discovered_h3_endpoint": "",
            "failure": answer.http_failure,
            "title": answer.title or "",
            "headers": headers,
            "status_code": -1 if answer.status_code is None else answer.status_code,
        }
        if answer.http_asked
        else None,
        "http3_request": None,
        "dns": {"failure": answer.dns_failure, "addrs": list(answer.dns_addresses)}
        if answer.dns_failure or answer.dns_addresses
        else None,
        "ip_info": {ip: {"asn": asn, "flags": 0} for ip, asn in answer.asns},
    }


def _endpoints(answers: Iterable[EndpointAnswer]) -> Entry:
    return {
        e.endpoint: {"server_name": e.server_name or "", "status": e.failure is None, "failure": e.failure}
        for e in answers
    }


def _answers(ips: Iterable[str], reply: DNSReply | None) -> list[Entry]:
    ttl = reply.ttl if reply else None
    names = reply.cnames if reply else ()
    found: list[Entry] = [{"answer_type": "CNAME", "hostname": name, "ttl": ttl} for name in names]
    for ip in ips:
        kind, key = ("AAAA", "ipv6") if ":" in ip else ("A", "ipv4")
        found.append({"answer_type": kind, key: ip, "ttl": ttl})
    return found


def _reply(reply: DNSReply) -> Entry:
    entry: Entry = {"answers": _answers(reply.answers, reply), "failure": reply.failure}
    return entry | ({"rcode": RCODES[reply.rcode]} if reply.rcode in RCODES else {})


def _certificate(c: Certificate) -> Entry:
    return {
        "sha256": c.sha256,
        "subject": c.subject,
        "issuer": c.issuer,
        "not_before": c.not_before,
        "not_after": c.not_after,
        "names": list(c.names),
    }


def _tags(o: Any) -> list[str]:
    """Return OONI's tag of the redirect's depth, and ours where they say anything."""
    ours = {"x_attempt": o.attempt, "x_arm": getattr(o, "arm", ""), "x_trial": getattr(o, "trial", 0)}
    return [f"depth={o.hop}", *(f"{name}={value}" for name, value in ours.items() if value)]
