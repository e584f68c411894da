"""What root servers and a zone's own servers said over all rounds, put together for the zone's rules."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from probe.judge import kind as k
from probe.judge.constants import FLOOR_ROUNDS, NEAR_S, ZONE_AGREE, ZONE_SERIAL_GAP
from probe.judge.witness import Failed
from probe.model import failure as f

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from probe.model.measurement import Measurement
    from probe.model.zone import ZoneAnswer, ZoneChain

NO_ROUTE: Final = frozenset({f.NETWORK_UNREACHABLE, f.NETWORK_DOWN})
"""What the kernel says at once where it has no route: nobody was asked."""
UDP53: Final = 53
LAME: Final = "lame"
SERIALS: Final = 2**32

SECURE: Final = "secure"
INSECURE: Final = "insecure"
BOGUS: Final = "bogus"
EXPIRED: Final = "dates"
UNTIMED: Final = "untimed"
UNKNOWN: Final = "unknown"


class Said(Struct, frozen=True, kw_only=True):
    """One reply, and when it came: seconds of the run."""

    uid: str
    t0: float
    t: float
    answer: ZoneAnswer


class ZoneSeen(Struct, frozen=True, kw_only=True):
    """All that the rules of a zone may ask of its measurements."""

    roots: int
    """Addresses of root servers that were asked, and had a route."""
    heard: int
    """Of them, those that replied."""
    delegating: int
    denying: int
    """Of them, those that never delegated and denied the zone."""
    denial_proven: bool
    """A denial bore signatures of the root that hold."""
    signed_since: bool
    """A signed delegation was heard beside denials, by whatever transport."""
    stand_ins: int
    """Addresses at which what answers over UDP is not the server that stands there."""
    quick: bool
    """Something answered within 5 ms: it may stand in the home."""
    raced: bool
    """A question got a denial or another answer first, and then one whose signatures hold."""
    servers: int
    answering: tuple[str, ...]
    """Addresses of the zone's servers that answered with authority."""
    lame: tuple[str, ...]
    """Those that only ever said that they do not serve the zone, in three rounds."""
    refusing: tuple[str, ...]
    """Those that replied, and never with authority."""
    chains: tuple[tuple[str, str, str], ...]
    """Of each address that answered: name, verdict, and where it breaks."""
    serials_apart: bool
    sets_apart: bool
    roots_apart: bool
    silence: tuple[Failed, ...]
    """Failures of the zone's servers, where none ever replied."""
    denials: tuple[Failed, ...]
    """Denials of root servers that never delegated."""
    uids: frozenset[str]

    def counted(self, verdict: str) -> int:
        """Return how many servers, by name, show a chain of this verdict."""
        return len({name for name, found, _ in self.chains if found == verdict})

    @property
    def breaks(self) -> str:
        """Where most broken chains break."""
        found = sorted(reason for _, verdict, reason in self.chains if verdict == BOGUS)
        return max(found, key=found.count, default="")


def seen_of(own: Sequence[Measurement], offset_s: float | None) -> ZoneSeen:
    """Read the rounds of a zone; dates of signatures are held against the corrected clock."""
    every = [
        Said(uid=m.measurement_uid, t0=m.started_s + a.t0, t=m.started_s + a.t, answer=a)
        for m in own
        for a in m.zone_answers
        if a.failure not in NO_ROUTE and a.failure not in f.LOCAL
    ]
    delegations = [s for s in every if s.answer.side == "root" and s.answer.query_type == "NS"]
    keys = [s for s in every if s.answer.side == "root" and s.answer.query_type == "DNSKEY"]
    starts = [s for s in every if s.answer.side == "server" and s.answer.query_type == "SOA"]
    asked = [s for s in every if s.answer.side == "server"]
    root_ips = _ips(delegations)
    by_udp = [s for s in delegations if s.answer.transport == "udp"]
    delegating = _ips(s for s in by_udp if _delegates(s.answer))
    denied = _ips(s for s in by_udp if s.answer.failure == f.DNS_NXDOMAIN) - delegating
    server_ips = _ips(asked)
    openly = [s for s in starts if s.answer.transport == "udp"]
    replied = _ips(s for s in openly if s.answer.rcode)
    cut = _ips(s for s in openly if s.answer.failure == f.X_DNS_TRUNCATED)
    heard = [s for s in starts if s.answer.transport == "udp" or s.answer.ip in cut]
    answering = _ips(s for s in heard if s.answer.failure is None and s.answer.authoritative)
    refusing = replied - answering
    lame = {
        ip
        for ip in refusing
        if len({s.uid for s in openly if s.answer.ip == ip and s.answer.rcode}) >= FLOOR_ROUNDS
    }
    latest = {c.ip: (m, c) for m in own for c in m.zone_chains}
    chains = tuple((c.server, *_verdict(m, c, offset_s)) for m, c in latest.values())
    sets = [s.answer.ns for s in by_udp if _delegates(s.answer)]
    return ZoneSeen(
        roots=len(root_ips),
        heard=len(_ips(s for s in by_udp if s.answer.rcode)),
        delegating=len(delegating),
        denying=len(denied),
        denial_proven=any(s.answer.verified for s in delegations if s.answer.failure == f.DNS_NXDOMAIN),
        signed_since=any(s.answer.verified and s.answer.failure is None for s in delegations),
        stand_ins=max(len(_stand_ins([*keys, *by_udp])), len(_otherwise_by_tcp(starts))),
        quick=any(s.answer.rcode and s.t - s.t0 < NEAR_S for s in every),
        raced=_raced(every),
        servers=len(server_ips),
        answering=tuple(sorted(answering)),
        lame=tuple(sorted(lame)),
        refusing=tuple(sorted(refusing)),
        chains=chains,
        serials_apart=_apart([_last_serial(starts, ip) for ip in sorted(answering)]),
        sets_apart=_sets_apart(sets, [s.answer.ns for s in heard if s.answer.ns]),
        roots_apart=len(set(sets)) > 1,
        silence=tuple(_failed(s, s.answer.failure or "") for s in openly if not replied and s.answer.failure),
        denials=tuple(
            _failed(s, f.DNS_NXDOMAIN)
            for s in by_udp
            if s.answer.ip in denied and s.answer.failure == f.DNS_NXDOMAIN
        ),
        uids=frozenset(m.measurement_uid for m in own),
    )


def _ips(said: Iterable[Said]) -> set[str]:
    return {s.answer.ip for s in said}


def _delegates(a: ZoneAnswer) -> bool:
    return a.failure is None and bool(a.ns)


def _stand_ins(said: Sequence[Said]) -> set[str]:
    """Return addresses of root servers at which a resolver answers, unless the root itself was heard.

    A resolver offers recursion, or hands the root's keys on without authority.
    """
    openly = [s for s in said if s.answer.transport == "udp" and s.answer.rcode]
    keys = [s.answer for s in openly if s.answer.query_type == "DNSKEY"]
    genuine = (a for a in keys if a.authoritative and not a.recursion)
    if any(a.verified or a.failure == f.X_DNS_TRUNCATED for a in genuine):
        return set()
    return {
        s.answer.ip
        for s in openly
        if s.answer.recursion or (s.answer.query_type == "DNSKEY" and not s.answer.authoritative)
    }


def _failed(s: Said, failure: str) -> Failed:
    ip = s.answer.ip
    return Failed(s.uid, k.dns_kind_of(failure), failure, s.t0, s.t, 6 if ":" in ip else 4, UDP53)


def _raced(every: Sequence[Said]) -> bool:
    """Say whether the first reply to some question was untrue, and a later one bears signatures that hold."""
    questions: dict[tuple[str, float, str, str], list[ZoneAnswer]] = {}
    for s in every:
        questions.setdefault((s.uid, s.answer.t0, s.answer.ip, s.answer.query_type), []).append(s.answer)
    return any(
        not replies[0].verified and any(later.verified for later in replies[1:])
        and any(_word(later) != _word(replies[0]) for later in replies[1:] if later.verified)
        for replies in (sorted(q, key=lambda a: a.reply) for q in questions.values())
    )  # fmt: skip


def _word(a: ZoneAnswer) -> tuple[object, ...]:
    return a.failure, a.ns, a.ds, a.keys


def _verdict(m: Measurement, c: ZoneChain, offset_s: float | None) -> tuple[str, str]:
    """Return what a chain comes to at the corrected time, and where it breaks."""
    if c.result != SECURE or c.not_before is None or c.not_after is None:
        return c.result, c.reason
    now = (m.measurement_start_time + timedelta(seconds=offset_s or 0.0)).timestamp()
    if c.not_before <= now <= c.not_after:
        return SECURE, ""
    return (UNTIMED, EXPIRED) if offset_s is None else (BOGUS, EXPIRED)


def _last_serial(starts: Sequence[Said], ip: str) -> int | None:
    said = [s for s in starts if s.answer.ip == ip and s.answer.serial is not None]
    return max(said, key=lambda s: s.t0).answer.serial if said else None


def _apart(serials: Sequence[int | None]) -> bool:
    """Say whether two serials lie further apart than a server may lag (RFC 1982 arithmetic)."""
    known = [s for s in serials if s is not None]
    return any(
        ZONE_SERIAL_GAP < (one - other) % SERIALS < SERIALS - ZONE_SERIAL_GAP
        for one in known
        for other in known
    )


def _otherwise_by_tcp(starts: Sequence[Said]) -> set[str]:
    """Return addresses whose words over TCP bear signatures that hold, and whose words over UDP bear none.

    A refusal or a failure over UDP may be the server's own, under load; that there is no such zone is not.
    """
    good = {
        by: _ips(s for s in starts if s.answer.transport == by and s.answer.verified) for by in ("udp", "tcp")
    }
    spoke = _ips(
        s for s in starts if s.answer.transport == "udp" and s.answer.failure in {None, f.DNS_NXDOMAIN}
    )
    return (good["tcp"] - good["udp"]) & spoke


def _sets_apart(above: Sequence[tuple[str, ...]], below: Sequence[tuple[str, ...]]) -> bool:
    """Say whether what the delegation names and what the zone itself names are never the same servers."""
    return bool(above and below) and set(above).isdisjoint(below)


def agreed(seen: ZoneSeen, verdict: str) -> bool:
    """Say whether two servers of different names agree on what their chains come to."""
    return seen.counted(verdict) >= ZONE_AGREE
