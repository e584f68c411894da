"""OONI's observations in our records: what each says, at which hop, and nothing that it does not say."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from msgspec import Struct

from probe.measure.control_answer import address_and_port
from probe.measure.verify import described
from probe.model import failure as f
from probe.model.observation import (
    Certificate,
    DNSLookup,
    DNSReply,
    Engine,
    HTTPRoundTrip,
    TCPConnect,
    TLSHandshake,
)
from probe.model.quic import OWN, QUICHandshake
from probe.pipeline.ooni_hops import LONGEST_URL, MOST_HOPS, Ground, Hop, depth_of, hops_of, number_of, place
from probe.pipeline.ooni_http import LONGEST_TEXT, answer_of, bytes_of
from probe.store.ooni import Answer, Binary, Connect, Failure, Handshake, Lists, Query, Transaction

LONGEST_S: Final = 3600.0
MOST_ANSWERS: Final = 64
MOST_CERTIFICATES: Final = 8
LARGEST_CERTIFICATE: Final = 64 * 1024
ENGINES: Final[Mapping[str, Engine]] = {
    "udp": "udp", "tcp": "tcp", "dot": "dot", "doh": "doh", "doq": "doq", "dns_over_https": "doh",
}  # fmt: skip
"""OONI's words for resolvers that are named; every other is the system's own."""
RCODES: Final = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}
ARM: Final = "x_arm="
SYSTEM: Final = "x_system"
UNVERIFIED: Final = "x_chain_not_verified"
"""The client verified no chain: whatever it was shown vouches for nothing."""


_endpoint = lru_cache(maxsize=4096)(address_and_port)
"""The same addresses come again and again."""


class Observed(Struct, frozen=True, kw_only=True):
    """What one record, or a part of it, holds of one target."""

    queries: tuple[DNSLookup, ...] = ()
    tcp_connect: tuple[TCPConnect, ...] = ()
    tls_handshakes: tuple[TLSHandshake, ...] = ()
    requests: tuple[HTTPRoundTrip, ...] = ()
    quic_handshakes: tuple[QUICHandshake, ...] = ()

    def __bool__(self) -> bool:
        """Say whether anything was tried."""
        return bool(
            self.queries or self.tcp_connect or self.tls_handshakes or self.requests or self.quic_handshakes
        )


def observed(lists: Lists, start: Hop, *, one_of_many: bool = False) -> Observed:
    """Read the lists as what was tried of one page: its hops, and at each what is of its host and port."""
    chain = [t for t in reversed(lists.requests or ()) if t.request.url][-4 * MOST_HOPS :]
    ground = Ground(hops_of(chain, start), one_of_many=one_of_many)
    queries = []
    for q in lists.queries or ():
        hop = ground.of_host(q.hostname, q.tags)
        if hop is not None and (lookup := _lookup(q, hop)) is not None:
            queries.append(lookup)
            ground.learn(hop, lookup.answers)
    connects = tuple(_connects(lists.tcp_connect or (), ground))
    shakes = tuple(_shakes(lists.tls_handshakes or (), ground))
    return Observed(
        queries=tuple(queries),
        tcp_connect=connects,
        tls_handshakes=shakes,
        requests=tuple(_round_trips(chain, ground.hops, connects, shakes)),
        quic_handshakes=tuple(_quic(lists.quic_handshakes or (), start)),
    )


def failure_of(word: Failure) -> str | None:
    """Return a failure string; what an old record calls by truth values is none, or without a word."""
    if isinstance(word, str) and word:
        return word[:LONGEST_TEXT]
    return f.UNKNOWN_PREFIX + "not said" if word is True else None


def _arm(tags: Sequence[str] | None) -> str:
    return next((tag.removeprefix(ARM)[:40] for tag in tags or () if tag.startswith(ARM)), "")


def _told(tags: Sequence[str] | None) -> dict[str, Any]:
    """Return attempt, arm and trial as this program tags them."""
    return {"attempt": number_of(tags, "x_attempt=") or 0, "arm": _arm(tags)}


def _times(o: Query | Connect | Handshake | Transaction) -> dict[str, Any]:
    end = min(max(o.t or o.t0 or 0.0, 0.0), LONGEST_S)
    return {"t0": min(max(o.t0 if o.t0 is not None else end, 0.0), end), "t": end}


def _ips(answers: Iterable[Answer] | None) -> tuple[str, ...]:
    found = (_endpoint(a.ipv4 or a.ipv6 or "", 0) for a in answers or ())
    return tuple(dict.fromkeys(pair[0] for pair in found if pair))[:MOST_ANSWERS]


def _lookup(q: Query, hop: int) -> DNSLookup | None:
    engine = ENGINES.get(q.engine or "", "getaddrinfo")
    answers = _ips(q.answers)
    is_system = SYSTEM in (q.tags or ()) or engine == "getaddrinfo"
    failure = failure_of(q.failure)
    if failure is None and not answers and q.query_type not in {"A", "AAAA", "ANY"}:
        return None  # HTTPS records and the like: nothing of them is kept
    if failure is None and not answers:
        failure = f.DNS_NO_ANSWER
    times = _times(q)
    names = tuple(
        a.hostname[:LONGEST_TEXT] for a in q.answers or () if a.answer_type == "CNAME" and a.hostname
    )
    first = DNSReply(
        t=times["t"], failure=failure, rcode="" if q.rcode is None else RCODES.get(q.rcode, ""),
        answers=answers, cnames=names[:MOST_ANSWERS],
    )  # fmt: skip
    late = tuple(
        DNSReply(t=times["t"], failure=failure_of(r.failure), answers=_ips(r.answers))
        for r in (q.x_dns_late_replies or ())[:16]
    )
    return DNSLookup(
        **times, failure=failure, hostname=q.hostname[:LONGEST_TEXT], query_type=q.query_type[:16],
        engine=engine, resolver_address="system" if is_system else (q.resolver_address or "")[:LONGEST_TEXT],
        is_system=is_system, answers=answers, replies=() if engine == "getaddrinfo" else (first, *late),
        hop=hop, **_told(q.tags),
    )  # fmt: skip


def _connects(connects: Iterable[Connect], ground: Ground) -> Iterator[TCPConnect]:
    for c in connects:
        pair = _endpoint(c.ip, c.port)
        hop = None if pair is None else ground.of_endpoint(pair[0], c.port, "", c.tags)
        if pair is None or hop is None:
            continue
        failure = failure_of(c.status.failure)
        if failure is None and c.status.success is False:
            failure = f.UNKNOWN_PREFIX + "not said"
        yield TCPConnect(**_times(c), failure=failure, ip=pair[0], port=c.port, hop=hop, **_told(c.tags))


def _shakes(shakes: Iterable[Handshake], ground: Ground) -> Iterator[TLSHandshake]:
    for h in shakes:
        pair = _endpoint(h.address or "", 0)
        if pair is None or not pair[1]:
            continue  # an old record that does not say where: it is nobody's
        name = h.server_name or ""
        hop = ground.of_endpoint(*pair, name, h.tags)
        if hop is None:
            continue
        failure = failure_of(h.failure)
        yield TLSHandshake(
            **_times(h), failure=failure, ip=pair[0], port=pair[1], server_name=name[:LONGEST_TEXT] or None,
            verified_name=name[:LONGEST_TEXT] or ground.hops[hop].host,
            completed=failure is None or failure in f.CERTIFICATE,
            tls_version=h.tls_version or None, cipher_suite=h.cipher_suite or None,
            negotiated_protocol=h.negotiated_protocol or None,
            server_spoke=bool(h.peer_certificates) or failure is None or failure in f.CERTIFICATE,
            trial=number_of(h.tags, "x_trial=") or 0, hop=hop, **_verified(h, failure), **_told(h.tags),
        )  # fmt: skip


def _verified(h: Handshake, failure: str | None) -> dict[str, Any]:
    """Return what the client's own verification found; it is not made again with today's authorities."""
    chain_failure = failure if failure == f.TLS_UNKNOWN_AUTHORITY else None
    if failure is None and h.no_tls_verify:
        chain_failure = UNVERIFIED
    matches = None if failure == f.TLS_UNKNOWN_AUTHORITY else failure != f.TLS_INVALID_HOSTNAME
    completed = failure is None or failure in f.CERTIFICATE
    return {
        "chain_failure": chain_failure,
        "name_matches": matches if completed else None,
        "certificates": tuple(_certificates(h.peer_certificates or ())),
    }


def _certificates(blobs: Iterable[Binary | str]) -> Iterator[Certificate]:
    for blob in list(blobs)[:MOST_CERTIFICATES]:
        der = bytes_of(blob)
        if der and len(der) <= LARGEST_CERTIFICATE:
            yield described(der)


def _round_trips(
    chain: Sequence[Transaction],
    hops: Mapping[int, Hop],
    connects: Sequence[TCPConnect],
    shakes: Sequence[TLSHandshake],
) -> Iterator[HTTPRoundTrip]:
    for number, t in enumerate(chain):
        depth = depth_of(t.tags)
        hop = number if depth is None else depth
        where = place(t.request.url)
        if hop not in hops or where is None or not _same(where, hops[hop]):
            continue
        response = t.response if t.response is not None and t.response.code else None
        failure = failure_of(t.failure)
        endpoint = _endpoint(t.address or "", 0)
        if response is not None:
            endpoint = endpoint or _first(hop, connects, shakes, is_tls=where.scheme == "https")
        elif failure in f.CERTIFICATE or (
            not _arm(t.tags) and _failed_before(hop, endpoint, connects, shakes)
        ):
            continue
        if endpoint is None or not endpoint[1]:
            continue
        yield HTTPRoundTrip(
            **_times(t), failure=failure, url=t.request.url[:LONGEST_URL], ip=endpoint[0], port=endpoint[1],
            method=(t.request.method or "GET")[:16], is_tls=where.scheme == "https",
            http_version=(t.alpn or "")[:16], hop=hop, trial=number_of(t.tags, "x_trial=") or 0,
            **(answer_of(t, response) if response is not None else {}), **_told(t.tags),
        )  # fmt: skip


def _same(one: Hop, other: Hop) -> bool:
    """Say whether a request went where the hop leads; an endpoint by its port has no scheme of its own."""
    return (one.host, one.port) == (other.host, other.port) and other.scheme in {one.scheme, "tcp", "quic"}


def _first(
    hop: int, connects: Sequence[TCPConnect], shakes: Sequence[TLSHandshake], *, is_tls: bool
) -> tuple[str, int] | None:
    """Return where an answer came from that does not say: the first endpoint that worked."""
    tried: Sequence[TCPConnect | TLSHandshake] = shakes if is_tls else connects
    return next(((o.ip, o.port) for o in tried if o.hop == hop and o.failure is None), None)


def _failed_before(
    hop: int, at: tuple[str, int] | None, connects: Sequence[TCPConnect], shakes: Sequence[TLSHandshake]
) -> bool:
    """Say whether a request without an answer only echoes what had failed before it, or may do so.

    OONI's requests end with the failure of whatever step ended them; older ones name no address and had
    connections of their own.
    """
    connected = [c.failure is None for c in connects if c.hop == hop and (c.ip, c.port) == at]
    shaken = [h.completed for h in shakes if h.hop == hop and (h.ip, h.port) == at]
    return at is None or not any(connected) or (bool(shaken) and not any(shaken))


def _quic(shakes: Iterable[Handshake], start: Hop) -> Iterator[QUICHandshake]:
    for h in shakes:
        pair = _endpoint(h.address or "", 0)
        if pair is None or not pair[1]:
            continue
        failure = failure_of(h.failure)
        told = _told(h.tags)
        yield QUICHandshake(
            **_times(h), failure=failure, ip=pair[0], port=pair[1], server_name=h.server_name or None,
            verified_name=(h.server_name or start.host)[:LONGEST_TEXT],
            completed=failure is None or failure in f.CERTIFICATE,
            negotiated_protocol=h.negotiated_protocol or None, cipher_suite=h.cipher_suite or None,
            trial=number_of(h.tags, "x_trial=") or 0, **_verified(h, failure),
            **(told | {"arm": told["arm"] or OWN}),
        )  # fmt: skip
