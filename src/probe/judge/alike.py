"""What a control saw of what failed here, and whether it makes the target down by failing too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probe.judge import kind as k
from probe.judge.stand import PASSES, at_page, at_quic, at_tcp, at_tls
from probe.judge.view import endpoint
from probe.model import failure as f
from probe.model.words import ControlSource, Layer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from probe.judge.hop import Hop
    from probe.judge.reading import Try
    from probe.judge.stand import Stand
    from probe.judge.view import ControlView

NO_ROUTE = frozenset({f.NETWORK_UNREACHABLE, f.NETWORK_DOWN})
"""What a machine without this version of IP says of every address: nothing of the target."""
BEYOND_CONNECTING = frozenset({Layer.TLS, Layer.HTTP})


def came_as_far(view: ControlView, there: Collection[str], layer: Layer) -> bool | None:
    """Say whether a control came to this layer at any of these endpoints; None where it does not tell."""
    shaken = [view.tls[e][1] is None for e in there if e in view.tls]
    if shaken:
        return layer is Layer.TLS or any(shaken)
    told = [view.tcp[e] is None for e in there if e in view.tcp]
    return any(told) if told else None


def who_says_down(
    views: Collection[ControlView],
    layer: Layer,
    tries: Iterable[Try],
    *,
    lives: bool,
    answers_elsewhere: bool,
) -> Callable[[ControlView, str], bool]:
    """Return who, failing in a class of ours, makes the target down; the others only speak against a block.

    A control that failed before it came where we came (its connect, where our handshake failed) met something
    else: sites drop data centres. Beyond connecting, where our own class is no more than "something unknown",
    only one that came as far met the same. `lives`: a neutral name passed at the target's address, so whoever
    does not tell that it came there may not have. `answers_elsewhere`: another address showed the certificate
    from here. Where any control got an HTTP status, the site is not down.
    """
    there = {endpoint(t.ip, t.port) for t in tries}
    served = layer is not Layer.QUIC and any(
        v.usable and v.heard and not v.earlier and not v.before and v.source is not ControlSource.BASELINE
        for v in views
    )

    def says_down(view: ControlView, what: str) -> bool:
        if served or answers_elsewhere:
            return False
        if layer not in BEYOND_CONNECTING:
            told = {view.tcp[e] for e in there if e in view.tcp}
            return not (told and told <= NO_ROUTE)
        came = came_as_far(view, there, layer)
        return bool(came) or (came is None and what != k.OTHER and not lives)

    return says_down


def is_settled(stood: Stand, views: Collection[ControlView], layer: Layer, tries: Iterable[Try]) -> bool:
    """Say whether controls tell so much that crossing names and addresses would tell no more.

    One that came as far as we did, where we did, and failed as we did has settled it. One that does not tell
    how far it came (a proxy) has not: of a site that shuts out data centres it would say the same.
    """
    there = {endpoint(t.ip, t.port) for t in tries}
    return stood.down_once or (stood.down and any(came_as_far(v, there, layer) for v in views))


def control_saw(
    view: ControlView, layer: Layer, tries: Sequence[Try], kinds: Collection[str], hop: Hop
) -> str | None:
    """Say what one control saw of what failed here: passing anywhere counts before failing alike."""
    ask = {(t.ip, t.port) for t in tries}
    if layer is Layer.QUIC:
        told = [at_quic(view, ip, port, hop.sni, is_true=True) for ip, port in sorted(ask)]
        return PASSES if PASSES in told else told[0]
    if layer is Layer.HTTP:
        pages = [at_page(view, ip, port) for ip, port in sorted(ask)]
        return _alike(view, PASSES if PASSES in pages else pages[0], ask, kinds)
    saw = sorted(
        said
        for ip, port in ask
        if (
            said := at_tcp(view, ip, port)
            if layer in {Layer.DNS, Layer.TCP}
            else at_tls(view, ip, port, hop.sni)
        )
        is not None
    )
    return PASSES if PASSES in saw else next((s for s in saw if s in kinds), saw[0] if saw else None)


def _alike(
    view: ControlView, said: str | None, ask: Collection[tuple[str, int]], kinds: Collection[str]
) -> str | None:
    """Return our own class where the control has only its one word, and got as far as we did.

    One word for every failure says nothing alone. Beside a connection, and a handshake where there is one,
    that it opened at our endpoint, it says that the request failed there too.
    """
    there = [endpoint(ip, port) for ip, port in ask]
    came_to_it = any(e in view.tcp and view.tcp[e] is None for e in there) and all(
        view.tls[e][1] is None for e in there if e in view.tls
    )
    return min(kinds) if said == k.OTHER and came_to_it and k.VAGUE.issuperset(kinds) else said
