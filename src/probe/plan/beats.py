"""The heartbeat: which neutral is asked next, so that each failure has a success before and after it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from probe.model.target import Step, Target

BEAT_GAP_S = 2.0
"""METHOD: a failure counts when a neutral passed within 5 s before and after; two beats fit into that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BeatClass:
    """A kind of neutral success that some target's failures will be held against."""

    family: int
    """4 or 6."""
    port: int
    """80, 443 or 53 (UDP, at a resolver that is not the target)."""
    foreign: bool


def beat_classes(targets: Iterable[Target], families: Iterable[int], home: str) -> tuple[BeatClass, ...]:
    """Return every class that these targets need, in a stable order.

    `home` is the country of the volunteer. A target of unknown country needs both sides.
    """
    kinds: set[tuple[int, bool]] = set()
    for target in targets:
        sides = {True, False} if not target.country else {target.country != home}
        # A resolver's own side is no question: any other one will do.
        kinds |= {(port, side) for port in _ports(target) for side in ({True} if port == 53 else sides)}
    return tuple(
        BeatClass(family=family, port=port, foreign=foreign)
        for family in sorted(set(families))
        for port, foreign in sorted(kinds)
    )


def _ports(target: Target) -> tuple[int, ...]:
    parts = urlsplit(target.input)
    # Most plain pages redirect to TLS, and the hop is judged too.
    pages = (80, 443) if parts.scheme == "http" else (443,)
    asks_dns = parts.scheme == "dns+udp" or not _is_literal(parts.hostname or "")
    return (53, *pages) if asks_dns else pages


def _is_literal(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


def beat_step(
    beat: BeatClass,
    number: int,
    *,
    neutrals: Sequence[Target],
    resolvers: Sequence[Target],
    addresses: Mapping[str, tuple[str, ...]],
) -> Step | None:
    """Return the next beat of a class: neutrals take turns; None when none has an address of the family.

    `addresses` are those at which neutrals were seen to answer, by target id.
    """
    if beat.port == 53:
        pool = [
            t for t in resolvers if t.input.startswith("dns+udp://") and _family_of_input(t) == beat.family
        ]
        if not pool:
            return None
        target = pool[number % len(pool)]
        return Step(target=target, experiment="neutral", round=number)
    side = {"foreign", "foreign_frozen"} if beat.foreign else {"domestic_listed", "domestic_unlisted"}
    candidates = [
        (target, known)
        for target in neutrals
        if target.neutral_group in side
        and (known := tuple(a for a in addresses.get(target.target_id, ()) if _family(a) == beat.family))
    ]
    if not candidates:
        return None
    target, known = candidates[number % len(candidates)]
    host = urlsplit(target.input).hostname or ""
    url = f"{'http' if beat.port == 80 else 'https'}://{host}/"
    chosen = known[(number // len(candidates)) % len(known)]
    return Step(target=replace(target, input=url, addresses=(chosen,)), experiment="neutral", round=number)


def _family(address: str) -> int:
    return 6 if ":" in address else 4


def _family_of_input(target: Target) -> int:
    return _family(urlsplit(target.input).hostname or "")
