"""Where the controls stand on one failure: it passes there, fails alike, or nobody can say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from probe.judge import kind as k
from probe.judge.constants import BASELINE_ALONE_S, BASELINE_FRESH_S, CONTROL_AGAIN_S, UNDATED
from probe.judge.fingerprints import is_bogon
from probe.judge.fingerprints.bogon import NAT64
from probe.judge.view import ControlView, endpoint
from probe.model.words import ControlSource

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

PASSES = "passes"
RESOLVES = "resolves"
"""It was told an address of the name, but none that leads anybody from here to the target."""
SOURCES = tuple(ControlSource)
"""In the order of the vocabulary."""


class Stand(Struct, frozen=True, kw_only=True):
    """All that the rules ask about controls."""

    carries: bool = False
    """A control of METHOD 3 carries "blocked": it passes there, and recently enough."""
    stale: bool = False
    """Only an old baseline shows it answering."""
    undated: bool = False
    """Only a baseline of which nobody knows how old it is shows it answering."""
    unseen_since: bool = False
    """What carries is a baseline alone, over an hour old, and nothing shows that the target lives now."""
    down: bool = False
    """Two controls, or one asked twice, fail alike, and no fresh baseline answers."""
    down_once: bool = False
    """One control, asked once, fails alike."""
    alike: bool = False
    """A control fails in a class of ours, whether or not it makes the target down by that."""
    split: bool = False
    """One control passes, another fails alike."""
    otherwise: bool = False
    """Controls answered our question, but neither pass nor fail alike."""
    asked: bool = False
    """A control was asked, whether it worked or not."""
    worked: bool = False
    """At least one control worked."""
    sources: tuple[ControlSource, ...] = ()
    """Those that carry what is said, in the order of the vocabulary."""
    uids: tuple[str, ...] = ()
    n: int = 0
    """Control answers looked at."""


def anybody(_view: ControlView, _what: str) -> bool:
    """Let every control that fails alike make the target down."""
    return True


def stand(
    views: Sequence[ControlView],
    seen: Sequence[tuple[ControlView, str | None]],
    kinds: Collection[str],
    *,
    lives: bool = False,
    extra: Iterable[ControlSource] = (),
    says_down: Callable[[ControlView, str], bool] = anybody,
) -> Stand:
    """Weigh what each control saw, None for "cannot say", `passes`, `resolves`, or a failure class.

    `kinds` are the classes we saw ourselves. `lives` is a sign that the target lives now, which lets an
    older baseline carry. `extra` are further sources that carry "blocked" by themselves (cross, resolver).
    Where another resolver led to the target from here, it is not down, whatever a control meets.
    A cross experiment shows the name failing where the target is not: whatever befalls a control there is
    no answer to that. What was asked long before the target was last tried counts as not asked; that
    somebody got through long afterwards carries nothing. `says_down`: whose failure in a class of ours makes
    the target down; anybody else's keeps it from being called blocked, and no more.
    """
    views = [v for v in views if not v.before]
    known = [
        (v, what)
        for v, what in seen
        if what is not None and v.usable and not v.before and not (v.after and what == PASSES)
    ]
    passing = [v for v, what in known if what == PASSES]
    fresh = [v for v in passing if v.age_s is None or v.age_s <= BASELINE_FRESH_S]
    old = [v for v in passing if v not in fresh]
    more = tuple(extra)
    fails = [(v, what) for v, what in known if what in kinds and v.source is not ControlSource.BASELINE]
    against = [] if ControlSource.CROSS in more else fails
    alike = [v for v, what in against if says_down(v, what)]
    baseline_answers = any(v.source is ControlSource.BASELINE for v in fresh)
    twice = len({v.key for v in alike}) > 1 or _apart(alike)
    told = any(what == RESOLVES and (v.age_s is None or v.age_s <= BASELINE_FRESH_S) for v, what in known)
    here = ControlSource.RESOLVER in more
    elsewhere = told or any(v.source is not ControlSource.BASELINE for v in fresh)
    split = bool(against) and (here or elsewhere)
    live = [*fresh, *([v for v in old if v.age_s != UNDATED] if lives else ())]
    carries = bool(live or more) and not against
    saying = live if carries else (alike or passing)
    sources = {v.source for v in saying} | (set(more) if carries else set())
    return Stand(
        carries=carries,
        stale=bool(old) and not carries and not against,
        undated=bool(old) and not carries and all(v.age_s == UNDATED for v in old),
        unseen_since=carries
        and not lives
        and sources == {ControlSource.BASELINE}
        and all(v.age_s is not None and v.age_s > BASELINE_ALONE_S for v in live),
        down=bool(alike) and twice and not split and not baseline_answers,
        down_once=bool(alike) and not twice and not split,
        split=split or (bool(against) and baseline_answers),
        alike=bool(against),
        otherwise=bool(known) and not passing and not against,
        asked=bool(views),
        worked=any(v.usable for v in views),
        sources=tuple(s for s in SOURCES if s in sources),
        uids=tuple(sorted({v.uid for v in saying if v.uid})),
        n=len(saying),
    )


def _apart(views: Sequence[ControlView]) -> bool:
    times = [v.asked_s for v in views if v.asked_s is not None]
    return bool(times) and max(times) - min(times) >= CONTROL_AGAIN_S


def at_tcp(view: ControlView, ip: str, port: int) -> str | None:
    """Say what a control saw of connecting to this very endpoint."""
    where = endpoint(ip, port)
    if where in view.tcp:
        failure = view.tcp[where]
        return PASSES if failure is None else k.kind_of(failure)
    return PASSES if ip in view.addresses and _reached(view, ip) else None


def at_tls(view: ControlView, ip: str, port: int, name: str) -> str | None:
    """Say what a control saw of a handshake with this endpoint under this name, or of the whole page."""
    where = endpoint(ip, port)
    shown = view.tls.get(where)
    if shown is not None and shown[0].lower() in {"", name.lower()}:
        return PASSES if shown[1] is None else k.kind_of(shown[1])
    return at_page(view, ip, port) if not view.url or view.url.startswith("https:") else None


def at_page(view: ControlView, ip: str, port: int) -> str | None:
    """Say what a control saw of the page: a pass where the page can have come from this endpoint."""
    said = at_http(view)
    elsewhere = view.tcp.get(endpoint(ip, port)) is not None or not _reached(view, ip)
    return None if said == PASSES and elsewhere else said


def at_quic(view: ControlView, ip: str, port: int, name: str, *, is_true: bool) -> str | None:
    """Say what a control saw of QUIC with this endpoint under this name.

    A baseline speaks of the name: where it was recorded the service may have other addresses.
    """
    shown = view.quic.get(endpoint(ip, port))
    if shown is not None and shown[0].lower() in {"", name.lower()}:
        return PASSES if shown[1] is None else k.kind_of(shown[1])
    return PASSES if view.source is ControlSource.BASELINE and view.quic and is_true else None


def _reached(view: ControlView, ip: str) -> bool:
    """Say whether the page that a control got can have come from this address.

    It says to which addresses it resolved the name, but not which of them answered: over IPv6 only where it
    knew no other. A proxy says nothing of addresses.
    """
    if not view.answered or view.earlier:
        return False
    return not view.addresses or (
        ip in view.addresses and (":" not in ip or all(":" in other for other in view.addresses))
    )


def at_http(view: ControlView) -> str | None:
    """Say whether a control got an HTTP answer, of whatever status.

    One that was asked for an earlier hop and could not connect or shake hands there never came to ours.
    """
    if view.answered:
        return None if view.earlier else PASSES
    if view.earlier and (_all_failed(view.tcp.values()) or _all_failed(f for _, f in view.tls.values())):
        return None
    if not view.http_asked or view.http_failure is None:
        return None
    return k.kind_of(view.http_failure)


def _all_failed(told: Iterable[str | None]) -> bool:
    failures = tuple(told)
    return bool(failures) and None not in failures


def at_dns(view: ControlView, *, six: bool = True) -> str | None:
    """Say what a control saw of resolving the name; a helper's own words for it are not ours to read.

    A reserved address, the owner's own record or a filter's word, leads nobody to the target; nor does an
    IPv6 address where this link has none (`six`), unless it holds an IPv4 one.
    """
    kinds = {ip: is_bogon(ip) for ip in view.addresses}
    if any(kind == NAT64 or (kind is None and (six or ":" not in ip)) for ip, kind in kinds.items()):
        return PASSES
    if view.addresses:
        return RESOLVES
    return None if view.dns_failure is None else k.dns_kind_of(view.dns_failure)
