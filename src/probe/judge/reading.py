"""Measurements of one target, read into legs: per round and redirect hop, what was tried and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from probe.judge import kind as k
from probe.judge.certificate import certificate_kind
from probe.judge.constants import ASIDE_S
from probe.judge.fingerprints import legal_notice, match_page
from probe.judge.place import PORTS, Place, place_of
from probe.model import failure as failures
from probe.model import quic
from probe.model.words import SMALL_SEGMENTS, Layer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probe.model.measurement import Measurement
    from probe.model.observation import DNSLookup, HTTPRoundTrip, TCPConnect, TLSHandshake
    from probe.model.quic import QUICHandshake
    from probe.model.target import Target

ASIDE = frozenset({"control", "resolver", "cross", "throughput", SMALL_SEGMENTS})
"""Experiments that pay a debt rather than try the target as its user would."""
PAGES = frozenset({"web", "store"})
"""Experiments whose answers are pages, reached by redirects, judged by their content."""
RESOLVERS = frozenset({"dns", "doh"})
"""Experiments whose target is a resolver: its answers are what is asked for."""


class Try(Struct, eq=False):
    """One address tried once in one round at one hop: how far it got. Times are seconds of the run."""

    uid: str
    ip: str
    port: int
    family: int
    layer: Layer
    """The last layer exercised."""
    kind: str | None
    """None: that layer succeeded; else the class of its failure."""
    failure: str | None
    t0: float
    t: float
    tcp: TCPConnect | None = None
    tls: TLSHandshake | None = None
    http: HTTPRoundTrip | None = None
    quic: QUICHandshake | None = None
    tls_ok: bool = False
    """A handshake here ended with a certificate that holds."""


class Leg(Struct, eq=False):
    """One hop of one measurement."""

    measurement: Measurement
    hop: int
    place: Place
    tries: list[Try] = field(default_factory=list)


class Reading(Struct, eq=False):
    """All of a target's measurements, sorted by what they are for."""

    target: Target
    start: Place
    own: list[Measurement]
    """Rounds, in order of time."""
    aside: list[Measurement]
    """Controls, other resolvers, cross experiments."""
    legs: dict[int, list[Leg]]
    """By hop."""
    lookups: dict[str, list[tuple[Measurement, DNSLookup]]]
    """The system resolver's, by name in lower case; in order of time."""
    other_lookups: dict[str, list[tuple[Measurement, DNSLookup]]]
    """Other resolvers', asked from here."""
    elsewhere: list[Try]
    """Handshakes at addresses that another resolver gave, under the target's name."""

    def before(self, m: Measurement) -> bool:
        """Say whether it was asked aside long before the target itself was last tried."""
        return bool(self.own) and self.own[-1].started_s - m.started_s > ASIDE_S

    def after(self, m: Measurement) -> bool:
        """Say whether it was asked aside long after the target itself was last tried, by transfers too."""
        tried = [*self.own[-1:], *(one for one in self.aside if one.transfers)]
        return bool(self.own) and all(m.started_s - one.started_s > ASIDE_S for one in tried)

    def now(self, m: Measurement) -> bool:
        """Say whether it was asked aside about when the target itself was last tried."""
        return not (self.before(m) or self.after(m))


def read(target: Target, measurements: Sequence[Measurement], clock_offset_s: float | None) -> Reading:
    """Sort measurements out; their order does not matter."""
    start = place_of(target.input)
    reading = Reading(target, start, [], [], {}, {}, {}, [])
    for m in sorted(measurements, key=lambda m: (m.started_s, m.measurement_uid)):
        (reading.aside if m.experiment in ASIDE else reading.own).append(m)
        if m.experiment != "cross":
            for lookup in m.queries:
                book = reading.lookups if lookup.is_system else reading.other_lookups
                book.setdefault(lookup.hostname.lower().rstrip("."), []).append((m, lookup))
        if m.experiment == "resolver":
            reading.elsewhere += [tls_try(m, h, clock_offset_s) for h in m.tls_handshakes if not h.arm]
    for m in reading.own:
        _read_legs(reading, m, clock_offset_s)
    return reading


class _Legs:
    """The hops of one measurement, as they are put together."""

    __slots__ = ("legs", "m", "places", "tries")

    def __init__(self, reading: Reading, m: Measurement) -> None:
        self.m = m
        self.places = {0: reading.start}
        for r in m.requests:
            if r.hop not in self.places:
                self.places[r.hop] = place_of(r.url)
            if r.location and r.hop + 1 not in self.places:
                self.places[r.hop + 1] = place_of(r.location)
        self.legs: dict[int, Leg] = {0: Leg(m, 0, reading.start)}
        self.tries: dict[tuple[int, str, int], Try] = {}

    def note(self, hop: int, new: Try) -> None:
        """Keep one try an address: the deepest layer, and a success rather than a failure of it."""
        key = (hop, new.ip, new.port)
        old = self.tries.get(key)
        if old is None:
            self.tries[key] = new
            leg = self.legs.get(hop)
            if leg is None:
                place = self.places.get(hop) or place_of(
                    f"https://{new.tls.verified_name}/" if new.tls else ""
                )
                leg = self.legs[hop] = Leg(self.m, hop, place)
            leg.tries.append(new)
            return
        if old.layer is new.layer and old.kind is None:
            return
        if new.layer is Layer.HTTP and old.layer is Layer.TLS and old.kind is not None:
            old.http = new.http  # a page behind a certificate that does not hold: kept, never an answer
            return
        old.layer, old.kind, old.failure, old.t0, old.t = new.layer, new.kind, new.failure, new.t0, new.t
        old.tls_ok = old.tls_ok or new.tls_ok
        old.tcp, old.tls, old.http = new.tcp or old.tcp, new.tls or old.tls, new.http or old.http

    def note_answer(self, q: DNSLookup) -> None:
        """Read what a resolver that is the target said: over a stream that is what HTTP is to a site."""
        host, _, port = q.resolver_address.rpartition(":")
        ip = host.strip("[]")
        if not port.isdigit() or not ip:
            return
        old = self.tries.get((0, ip, int(port)))
        layer = Layer.DNS if q.engine == "udp" else Layer.HTTP
        if q.failure is not None and layer is Layer.HTTP:
            if old is not None and old.kind is not None:
                return
            layer = Layer.HTTP if old is not None else Layer.TCP
        kind = None if q.failure is None else (k.dns_kind_of if layer is Layer.DNS else k.kind_of)(q.failure)
        begun = self.m.started_s
        family = 6 if ":" in ip else 4
        self.note(
            0,
            Try(
                self.m.measurement_uid,
                ip,
                int(port),
                family,
                layer,
                kind,
                q.failure,
                begun + q.t0,
                begun + q.t,
            ),
        )


def _read_legs(reading: Reading, m: Measurement, offset: float | None) -> None:
    made = _Legs(reading, m)
    asks_resolver = reading.target.experiment in RESOLVERS
    arms = {"", "dns"} if asks_resolver else {""}
    tries = [(c.hop, c.arm, _tcp_try(m, c)) for c in m.tcp_connect]
    tries += [(h.hop, h.arm, tls_try(m, h, offset)) for h in m.tls_handshakes]
    if reading.target.experiment != "quic":  # there the handshake is all that is judged
        tries += [(r.hop, r.arm, _http_try(m, r)) for r in m.requests]
    for h in m.quic_handshakes:
        if h.arm == quic.OWN or h.arm in arms:
            made.note(h.hop, quic_try(m, h, offset))
    tries += [(0, "", one) for one in _zone_tries(m)]
    for hop, arm, one in tries:
        if arm in arms:
            made.note(hop, one)
    for q in m.queries:
        if asks_resolver and not q.is_system:
            made.note_answer(q)
        elif q.is_system and q.hop not in made.legs and q.hop in made.places:
            made.legs[q.hop] = Leg(m, q.hop, made.places[q.hop])
    for hop, leg in made.legs.items():
        reading.legs.setdefault(hop, []).append(leg)


def _tcp_try(m: Measurement, c: TCPConnect) -> Try:
    kind = None if c.failure is None else k.kind_of(c.failure)
    return Try(
        m.measurement_uid, c.ip, c.port, 6 if ":" in c.ip else 4, Layer.TCP, kind, c.failure,
        m.started_s + c.t0, m.started_s + c.t, c,
    )  # fmt: skip


def tls_try(m: Measurement, h: TLSHandshake, offset: float | None) -> Try:
    """Read a handshake, its certificate's dates judged at corrected time."""
    kind = (
        certificate_kind(h, m.measurement_start_time, offset) if h.completed else k.kind_of(h.failure or "")
    )
    return Try(
        m.measurement_uid, h.ip, h.port, 6 if ":" in h.ip else 4, Layer.TLS, kind,
        h.failure if kind else None, m.started_s + h.t0, m.started_s + h.t, None, h, tls_ok=kind is None,
    )  # fmt: skip


def quic_try(m: Measurement, h: QUICHandshake, offset: float | None) -> Try:
    """Read a QUIC handshake as `tls_try` does one over TCP; the server's own close is an alert."""
    ended = k.ALERT if h.close_code is not None else k.kind_of(h.failure or "")
    kind = certificate_kind(h, m.measurement_start_time, offset) if h.completed else ended
    return Try(
        m.measurement_uid, h.ip, h.port, 6 if ":" in h.ip else 4, Layer.QUIC, kind,
        h.failure if kind else None, m.started_s + h.t0, m.started_s + h.t, quic=h, tls_ok=kind is None,
    )  # fmt: skip


def _zone_tries(m: Measurement) -> list[Try]:
    """Return what became of asking a zone's own servers for its start of authority."""
    return [
        Try(
            m.measurement_uid, a.ip, PORTS["zone"], 6 if ":" in a.ip else 4, Layer.DNS,
            None if a.failure is None else k.dns_kind_of(a.failure), a.failure,
            m.started_s + a.t0, m.started_s + a.t,
        )
        for a in m.zone_answers
        if a.side == "server" and a.query_type == "SOA"
    ]  # fmt: skip


def _is_bare_notice(r: HTTPRoundTrip) -> bool:
    """Say whether a notice came without any HTTP before it, as some injectors send it."""
    return (
        not r.is_tls
        and r.failure == failures.X_HTTP_NO_STATUS_LINE
        and legal_notice(
            match_page(
                status=None,
                headers=(),
                title=r.title,
                body=r.body,
                url=r.url,
                body_bytes=r.body_text_bytes,
            )
        )
        is not None
    )


def _http_try(m: Measurement, r: HTTPRoundTrip) -> Try:
    # An answer whose body broke off is an answer: what it lacks is judged by the content rules.
    answers = r.failure is None or r.status_code is not None or _is_bare_notice(r)
    kind = None if answers else k.kind_of(r.failure or "")
    return Try(
        m.measurement_uid, r.ip, r.port, 6 if ":" in r.ip else 4, Layer.HTTP, kind, r.failure,
        m.started_s + r.t0, m.started_s + r.t, None, None, r,
    )  # fmt: skip
