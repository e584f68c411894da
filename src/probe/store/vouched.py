"""Which addresses of a measurement are evidence, and which are the volunteer's own."""

import re
import socket
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from probe.model.measurement import Measurement
from probe.model.observation import DNSLookup
from probe.store.own import canonical, host_and_port

ECHO: Final = re.compile(r"whoami|myaddr|my-?ip|checkip|icanhazip|ifconfig|ipify", re.IGNORECASE)
"""Names that answer with the asker's address: their answers are the volunteer's, not the target's."""
_LONGEST: Final = 64
"""Characters of an address as a number, in any base, with up to three dots."""


def vouched(
    measurement: Measurement, resolvers: frozenset[str] = frozenset()
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the addresses that are evidence in this measurement, and those that are the volunteer's own.

    All in canonical form. What the input, answers for names, controls and registries name is evidence; what
    was contacted is, too, but for two: the system's resolver (one of `resolvers`, or known by the lookup that
    connected to it), and the host of a redirect that is a bare address, for a page can lead its visitor to
    the visitor's own.
    """
    said, places = _canonical(_named(measurement)), _canonical(_places(measurement))
    own = frozenset((*_asked(measurement), *_strays(measurement), *(resolvers & places))) - said
    return said | (places - own), own


def _canonical(found: Iterator[str]) -> frozenset[str]:
    return frozenset(filter(None, map(canonical, found)))


def _named(measurement: Measurement) -> Iterator[str]:
    yield _host(measurement.input)
    for lookup in measurement.queries:
        if not ECHO.search(lookup.hostname) and not _literal(lookup.hostname):
            yield from _answers(lookup)
    for trace in measurement.path_traces:
        yield trace.ip
        yield from (ip for hop in trace.hops for ip in hop.ips)
    yield from (answer.resource.partition("/")[0] for answer in measurement.registry_answers)
    for control in measurement.controls:
        if not _literal(_host(control.url)):
            yield from control.dns_addresses
        if control.kind == "test_helper":  # what others are sent to as well is no visitor's own
            yield from (_host(text) for name, text in control.headers if name.lower() == "location")


def _places(measurement: Measurement) -> Iterator[str]:
    for control in measurement.controls:  # a helper is asked for addresses that were met here
        yield from (address for address, _ in control.asns)
        for answer in (*control.tcp_connect, *control.tls_handshake, *control.quic_handshake):
            yield host_and_port(answer.endpoint)[0]
    for kind in (
        measurement.tcp_connect,
        measurement.tls_handshakes,
        measurement.requests,
        measurement.network_events,
        measurement.transfers,
        measurement.quic_handshakes,
        measurement.zone_answers,
        measurement.zone_chains,
        measurement.store_answers,
        measurement.vpn_exchanges,
        measurement.who_answers,
    ):
        yield from (each.ip for each in kind)


def _asked(measurement: Measurement) -> Iterator[str]:
    """Yield whom lookups of the system's resolver connected to: the connection bears the lookup's marks."""
    marks = {(q.hop, q.attempt, q.arm) for q in measurement.queries if q.is_system and q.arm}
    ways = [(c.hop, c.attempt, c.arm, c.ip) for c in measurement.tcp_connect]
    ways += [(h.hop, h.attempt, h.arm, h.ip) for h in measurement.tls_handshakes]
    return filter(None, (canonical(ip) for *mark, ip in ways if tuple(mark) in marks))


def _strays(measurement: Measurement) -> Iterator[str]:
    for request in measurement.requests:
        if request.location and (ip := _literal(_host(request.location))):
            yield ip
    for lookup in measurement.queries:
        if ip := _literal(lookup.hostname):  # a system's resolver takes a number for the address that it is
            yield ip
            yield from filter(None, map(canonical, _answers(lookup)))


def _answers(lookup: DNSLookup) -> Iterator[str]:
    yield from lookup.answers
    for reply in lookup.replies:
        yield from reply.answers


def _literal(host: str) -> str:
    """Return the address that a host is, in the spellings that programs know; empty where it is a name."""
    if not host[:1].isdigit() and ":" not in host:
        return ""
    if found := canonical(host):
        return found
    try:
        return socket.inet_ntoa(socket.inet_aton(host)) if len(host) <= _LONGEST and " " not in host else ""
    except OSError:
        return ""


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
