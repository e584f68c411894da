"""Which neutrals stand beside a target: in a cross experiment, and where QUIC is silent."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from probe.model.target import Target

POOL = 6
"""Neutral addresses offered: two are needed, the rest replace those that a residual block retires."""


def cross_arms(
    neutrals: Sequence[Target], addresses: Mapping[str, tuple[str, ...]], *, family: int, turn: int
) -> tuple[Target, ...]:
    """Return the arms of one cross experiment; empty when METHOD section 6 cannot be met here.

    `addresses` are those at which neutrals answered in this run. A white-listed name comes without
    addresses: it lends its name only. `turn` rotates the pool, so that experiments on several targets do
    not all lean on the same two servers.
    """
    foreign = [
        replace(t, addresses=known)
        for t in neutrals
        if t.neutral_group == "foreign"
        and (known := tuple(a for a in addresses.get(t.target_id, ()) if (":" in a) == (family == 6)))
    ]
    listed = [replace(t, addresses=()) for t in neutrals if t.neutral_group == "domestic_listed"]
    if len(foreign) < 2 or not listed:
        return ()
    shift = turn % len(foreign)
    return (listed[turn % len(listed)], *(foreign[shift:] + foreign[:shift])[:POOL])


def quic_arms(
    neutrals: Sequence[Target], addresses: Mapping[str, tuple[str, ...]], *, turn: int
) -> tuple[Target, ...]:
    """Return the neutrals that speak QUIC, with the addresses at which they answered over TCP in this run.

    `turn` rotates them, so that targets measured together do not all lean on the same server.
    """
    pool = [
        replace(t, addresses=known) for t in neutrals if t.quic and (known := addresses.get(t.target_id, ()))
    ]
    shift = turn % len(pool) if pool else 0
    return (*pool[shift:], *pool[:shift])
