"""What neutrals, portal checks and this machine add up to, before the network's rules are asked."""

from __future__ import annotations

from collections import Counter
from statistics import median
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from probe.judge.clock import clock_offset
from probe.judge.fingerprints import is_bogon
from probe.judge.groups import (
    DOMESTIC_LISTED,
    DOMESTIC_UNLISTED,
    MIN_NEUTRALS,
    NO_ROUTE,
    QUORUM_DENOMINATOR,
    QUORUM_NUMERATOR,
    foreign_state,
    group_state,
    rounds_of,
)
from probe.judge.link import link_fell, link_kbps
from probe.judge.moved import has_moved
from probe.judge.names import EMPTY
from probe.judge.spells import Spell, spells_of
from probe.model import failure as failures
from probe.model.bounds import Real, Whole  # noqa: TC001 - decoders look them up

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from probe.judge.digest import ControlDigest, Witness
    from probe.judge.groups import GroupState
    from probe.judge.names import NameAnswer
    from probe.judge.portal import PortalCheck

TLS_PORT: Final = 443
PORTAL_QUORUM: Final = 2
"""METHOD 4: two of the three check pages."""


class NetworkHistory(Struct, frozen=True, kw_only=True):
    """What earlier runs on this network found: same declared AS, access type and network name."""

    n_good: Whole = 0
    """Runs that found the network fine."""
    success_rate: Real | None = None
    """Median over them of the share of tries at neutrals that succeeded."""
    handshake_ms: Real | None = None
    """Median over them of a neutral's TLS handshake, connect included."""
    link_kbps: Real | None = None
    """Median over them of the link's rate, as the neutrals' pages show it."""
    second_link: bool = False
    """Another link of this machine or volunteer worked during this run."""


class NetworkFacts(Struct, frozen=True, kw_only=True):
    """All that the network's rules may ask."""

    n_tries: int
    n_ok: int
    """Tries at neutrals in families that answer at all, and those that succeeded."""
    n_connects: int
    """Of them, those that came as far as an address."""
    by_address: bool
    """A public address was tried, not only names."""
    resolvers_ok: int
    """Answers of public resolvers, asked at their addresses."""
    spells: tuple[Spell, ...]
    """Parts of the run in which less answered than in others."""
    n_rounds: int
    """Rounds at least 10 s apart in which neutrals were tried."""
    moved: bool
    """The kind of link, the router or the kind of resolver changed while the run went on."""
    no_route: bool
    link_up: bool
    """This machine has a route, or heard anything from outside itself."""
    listed: GroupState
    unlisted: GroupState
    foreign: GroupState
    portal_pages: int
    """Check pages that another host or page answered."""
    portal_expected: int
    portal_host: str
    """The host that answered most of them."""
    tls_neutral_failed: bool
    tcp_intercepted: bool
    udp53_intercepted: bool
    resolver_fails: bool
    resolver_kind: str
    """What the system's resolver answered for most neutral names: public, fake_ip, private, …"""
    n_strange: int
    """Tries at neutrals that ended with a certificate that does not hold."""
    tls_intercepted: bool
    """Two of three neutrals showed nothing but such certificates."""
    families: tuple[int, ...]
    success_rate: float
    handshake_ms: float | None
    link_kbps: float | None
    """The link's rate as neutrals' pages show it; None where they moved too few bytes."""
    link_fell: bool
    """Neutrals' pages never reached an eighth of the first round's rate in the last three rounds."""
    history: NetworkHistory
    clock_offset_s: float | None
    untrusted_issuers: frozenset[str]
    n_false: int
    n_names: int
    """Neutral names without a true answer of the system's resolver, and all that were asked."""


def network_facts(digests: Sequence[ControlDigest], history: NetworkHistory | None = None) -> NetworkFacts:
    """Add up the digests of a run, in whatever order they come."""
    witnesses = [w for d in digests for w in d.witnesses]
    tries = [w for w in witnesses if w.neutral_group and (w.layer != "dns" or not w.port)]
    elsewhere = [w for w in witnesses if w.address not in {"", "system"} and is_bogon(w.address) is None]
    ok = [w for w in tries if w.ok]
    counted = _counted(tries)
    names = _last_by_name(a for d in digests for a in d.names)
    portals = [d.portal for d in digests if d.portal is not None]
    caught = [p for p in portals if p.outcome in {"other_host", "other_page"}]
    hosts = Counter(p.detail for p in caught if p.outcome == "other_host")
    sinkholes = [d.sinkhole for d in digests if d.sinkhole is not None]
    local = {(fact.name, fact.value) for d in digests for fact in d.local}
    no_link = {("link.ipv4", "none"), ("link.ipv6", "none")} <= local
    tcp_intercepted = any(s.tcp_answered for s in sinkholes)
    udp53_intercepted = any(s.dns_answered for s in sinkholes)
    heard = bool(ok or _strange(tries) or names_heard(names) or tcp_intercepted or udp53_intercepted) or any(
        p.outcome != "failed" for p in portals
    )
    return NetworkFacts(
        n_tries=len(counted),
        n_ok=len(ok),
        n_connects=sum(w.layer != "dns" for w in counted),
        by_address=bool(elsewhere),
        resolvers_ok=sum(w.ok for w in elsewhere if not w.neutral_group),
        spells=spells_of(counted, _other_answers(elsewhere, tries, portals), caught),
        n_rounds=rounds_of(tries),
        moved=has_moved(d.local for d in digests),
        no_route=not heard and (no_link or (bool(tries) and all(w.failure in NO_ROUTE for w in tries))),
        link_up=heard or _has_link(local),
        listed=group_state(tries, (DOMESTIC_LISTED,)),
        unlisted=group_state(tries, (DOMESTIC_UNLISTED,)),
        foreign=foreign_state(tries),
        portal_pages=len({p.url for p in caught}),
        portal_expected=len({p.url for p in portals if p.outcome == "expected"}),
        portal_host=min(hosts, key=lambda host: (-hosts[host], host), default=""),
        tls_neutral_failed=_one_fails_always([w for w in tries if w.port in {0, TLS_PORT}]),
        tcp_intercepted=tcp_intercepted,
        udp53_intercepted=udp53_intercepted,
        resolver_fails=_resolver_fails(names),
        resolver_kind=_most([a.kind for a in names.values() if a.failure is None]),
        n_strange=len(_strange(tries)),
        tls_intercepted=_tls_intercepted(tries),
        families=tuple(sorted({w.family for w in ok})),
        success_rate=len(ok) / len(counted) if counted else 0.0,
        handshake_ms=_handshake_ms(ok),
        link_kbps=link_kbps([page for d in digests for page in d.pages]),
        link_fell=link_fell([(d.started_s, page) for d in digests for page in d.pages]),
        history=history or NetworkHistory(),
        clock_offset_s=clock_offset(sample for d in digests for sample in d.clock),
        untrusted_issuers=frozenset(issuer for d in digests for issuer in d.untrusted_issuers),
        n_false=sum(not a.is_true for a in names.values()),
        n_names=len(names),
    )


def _other_answers(
    elsewhere: Sequence[Witness], tries: Sequence[Witness], portals: Sequence[PortalCheck]
) -> list[float]:
    """Return when anything but a neutral's own page answered: the line was not dead then."""
    return [
        *(w.t_s for w in elsewhere if w.ok),
        *(w.t_s for w in _strange(tries)),
        *(p.t_s for p in portals if p.outcome != "failed"),
    ]


def names_heard(names: Mapping[str, NameAnswer]) -> bool:
    """Whether the resolver said anything at all, so that the link to it is up."""
    return any(a.failure is None or a.failure in _SPOKEN for a in names.values())


_SPOKEN: Final = frozenset({failures.DNS_NXDOMAIN, failures.DNS_REFUSED, failures.DNS_NO_ANSWER})


def _last_by_name(answers: Iterable[NameAnswer]) -> dict[str, NameAnswer]:
    """One answer a name: a true one if there ever was one, else the last that gave addresses."""
    found: dict[str, NameAnswer] = {}
    for answer in sorted(answers, key=lambda a: (a.is_true, a.kind != EMPTY, a.t_s, a.uid, a.engine, a.kind)):
        found[answer.name] = answer
    return found


def _has_link(local: set[tuple[str, str]]) -> bool:
    return any(
        name in {"link.ipv4", "link.ipv6"} and value not in {"none", "unknown"} for name, value in local
    )


def _counted(tries: Sequence[Witness]) -> list[Witness]:
    """Return the tries in families in which any succeeded: no IPv6 is no loss. All, where none did."""
    families = {w.family for w in tries if w.ok}
    return [w for w in tries if w.family in families | {0}] if families else list(tries)


def _strange(tries: Sequence[Witness]) -> list[Witness]:
    return [w for w in tries if w.layer == "tls" and w.failure in failures.CERTIFICATE]


def _tls_intercepted(tries: Sequence[Witness]) -> bool:
    """Whether somebody shows certificates of their own for everything, as antivirus programs do."""
    tls = {w.name for w in tries if w.port == TLS_PORT}
    strange = {w.name for w in _strange(tries)} - {w.name for w in tries if w.port == TLS_PORT and w.ok}
    return len(strange) >= MIN_NEUTRALS and len(strange) * QUORUM_DENOMINATOR >= len(tls) * QUORUM_NUMERATOR


def _one_fails_always(tries: Sequence[Witness]) -> bool:
    """Whether there is a neutral none of whose tries succeeded."""
    return bool({w.name for w in tries} - {w.name for w in tries if w.ok})


def _resolver_fails(names: Mapping[str, NameAnswer]) -> bool:
    """Whether two of three neutral names have no true answer; one name alone proves nothing."""
    failed = sum(not a.is_true for a in names.values())
    return len(names) >= MIN_NEUTRALS and failed * QUORUM_DENOMINATOR >= len(names) * QUORUM_NUMERATOR


def _most(kinds: Sequence[str]) -> str:
    counted = Counter(kinds)
    return min(counted, key=lambda kind: (-counted[kind], kind), default="")


def _handshake_ms(ok: Sequence[Witness]) -> float | None:
    took = [w.t_s - w.t0_s for w in ok if w.layer == "tls"]
    return round(1000 * median(took), 1) if took else None
