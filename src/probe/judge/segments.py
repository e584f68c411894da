"""Silence that small segments end: a path that loses large packets, and nobody's interference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from probe.judge import kind as k
from probe.judge.place import place_of
from probe.model.words import SMALL_SEGMENTS, Layer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from probe.judge.floor import FloorFacts
    from probe.judge.hop import Hop
    from probe.judge.reading import Try
    from probe.model.measurement import Measurement

ASKABLE: Final = frozenset({Layer.TLS, Layer.HTTP})


def asked_small(hop: Hop) -> Iterator[Measurement]:
    """Yield the measurements that asked for this hop once more in small segments."""
    return (
        m
        for m in hop.reading.aside
        if m.experiment == SMALL_SEGMENTS and place_of(m.input).host.lower() == hop.name
    )


def helped(hop: Hop, layer: Layer) -> bool:
    """Say whether small segments got past the layer that failed: a whole handshake, or an answer."""
    if layer is Layer.TLS:
        return any(h.completed for m in asked_small(hop) for h in m.tls_handshakes)
    return any(r.status_code is not None for m in asked_small(hop) for r in m.requests)


def to_ask_small(hop: Hop, layer: Layer, facts: FloorFacts, tries: Iterable[Try]) -> tuple[str, ...]:
    """Return where to ask once more, before silence counts as interference; empty where it needs no asking.

    Silence that a cross experiment finds at every address of the name, and at no other name's, is not the
    path's; and what is no silence small segments do not mend.
    """
    tries = tuple(tries)
    suspected = (
        layer in ASKABLE
        and hop.place.scheme in {"https", "http"}
        and facts.count.stands
        and facts.stand.carries
        and not (facts.holed or facts.cross.by_name)
        and all(t.kind == k.TIMEOUT for t in tries)
    )
    return tuple(sorted({t.ip for t in tries}))[:1] if suspected else ()
