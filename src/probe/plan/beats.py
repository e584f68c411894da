"""The heartbeat: which neutral is asked next, so that each failure has a success before and after it."""

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from probe.model.target import Step, Target

UDP53 = 53
PAGES = 2
"""Of neutrals at home, and as many abroad, in one look at how fast the link is."""
BEAT_GAP_S = 2.0
"""METHOD: a failure counts when a neutral passed within 5 s before and after; two beats fit into that."""


class BeatClass(Struct, frozen=True, kw_only=True):
    """A kind of neutral success that some target's failures will be held against."""

    family: int
    """4 or 6."""
    port: int
    """80, 443 or 53 (UDP, at a resolver that is not the target)."""
    foreign: bool


def beat_kinds(target: Target, home: str) -> frozenset[tuple[int, bool]]:
    """Return the ports a target is held against, each with whether the neutral must stand abroad.

    `home` is the country of the volunteer. A target of unknown country needs both sides; for a resolver's
    own side there is no question, any other resolver will do.
    """
    sides = {True, False} if not target.country else {target.country != home}
    return frozenset((port, side) for port in _ports(target) for side in ({True} if port == UDP53 else sides))


def beat_classes(kinds: Iterable[tuple[int, bool]], families: Iterable[int]) -> tuple[BeatClass, ...]:
    """Return every class of these kinds, in a stable order."""
    return tuple(
        BeatClass(family=family, port=port, foreign=foreign)
        for family in sorted(set(families))
        for port, foreign in sorted(set(kinds))
    )


def _ports(target: Target) -> frozenset[int]:
    """Return 80, 443 and 53 as METHOD section 2 asks; every other port is held against 443."""
    parts = urlsplit(target.input)
    ports = {443}
    # Most plain pages redirect to TLS, and the hop is judged too.
    if parts.scheme == "http" or (parts.scheme != "https" and parts.port == 80):
        ports.add(80)
    if parts.scheme == "dns+udp" or not _is_literal(parts.hostname or ""):
        ports.add(UDP53)
    return frozenset(ports)


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
    if beat.port == UDP53:
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


def name_step(number: int, neutrals: Sequence[Target]) -> Step | None:
    """Return what shows whether the system's resolver still answers: a neutral's name, each in turn.

    It bears no address, so nothing but the resolver is asked; None where no neutral has a name.
    """
    named = [t for t in neutrals if not _is_literal(urlsplit(t.input).hostname or "")]
    if not named:
        return None
    target = named[number % len(named)]
    return Step(target=replace(target, addresses=()), experiment="neutral", round=number)


def unrest_steps(
    number: int,
    *,
    neutrals: Sequence[Target],
    resolvers: Sequence[Target],
    network: Sequence[Target],
    addresses: Mapping[str, tuple[str, ...]],
) -> tuple[Step, ...]:
    """Return one look at everybody: each neutral once a family where it answered before, resolvers, one name.

    Check pages and this machine's own account come with every second look, from the first on.
    """
    known = [
        Step(target=replace(target, addresses=(address,)), experiment="neutral", round=number)
        for target in neutrals
        for family in (4, 6)
        for address in [a for a in addresses.get(target.target_id, ()) if _family(a) == family][:1]
    ]
    asked = [
        Step(target=target, experiment="neutral", round=number)
        for target in resolvers
        if target.input.startswith("dns+udp://")
    ]
    name = name_step(number, neutrals)
    checks = [
        Step(target=target, experiment=target.experiment, round=number)
        for target in network
        if number % 2 == 0 and target.experiment != "sinkhole"
    ]
    return (*known, *asked, *([name] if name is not None else []), *checks)


def page_steps(neutrals: Sequence[Target], long: Iterable[str]) -> tuple[Step, ...]:
    """Return the pages of a few neutrals, by id, that were long enough to tell the link's rate by.

    They are first rounds: later ones do not read a page to its end.
    """
    wanted = set(long)
    known = [t for t in neutrals if t.target_id in wanted]
    home = [t for t in known if t.neutral_group.startswith("domestic")]
    abroad = [t for t in known if t not in home]
    return tuple(Step(target=t, experiment=t.experiment) for t in (*home[:PAGES], *abroad[:PAGES]))


def _family(address: str) -> int:
    return 6 if ":" in address else 4


def _family_of_input(target: Target) -> int:
    return _family(urlsplit(target.input).hostname or "")
