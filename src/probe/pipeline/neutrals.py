"""Which neutrals answer, at which addresses: learned as the run goes on, used for beats and cross arms."""

import asyncio

from msgspec import Struct, field

from probe.model.measurement import Measurement
from probe.model.target import Target

FINE_QUORUM = 2
"""Neutrals of a group that must answer before targets are measured (METHOD section 3: 2 of 3)."""


class KnownNeutrals(Struct):
    """Addresses at which neutrals showed a valid certificate, by target id."""

    addresses: dict[str, tuple[str, ...]] = field(default_factory=dict)
    ever: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The same of the whole run: who fails now is asked again whether it is over."""
    first_s: dict[str, float] = field(default_factory=dict)
    """How long the first handshake at an address took."""
    groups: dict[str, set[str]] = field(default_factory=dict)
    all_asked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once every neutral was tried: who needs single ones of them has to wait that long."""

    def learn(self, measurement: Measurement, target: Target) -> None:
        """Take note of one neutral's measurement."""
        if not target.neutral_group:
            return
        good = tuple(h.ip for h in measurement.tls_handshakes if h.completed and h.failure is None)
        for shake in measurement.tls_handshakes:
            self.first_s.setdefault(shake.ip, shake.t - shake.t0)
        bad = {h.ip for h in measurement.tls_handshakes if not h.completed}
        if not good and not bad:
            return
        known = self.addresses.get(target.target_id, ())
        # An address that fails now goes to the end of the line rather than away: its turn comes again
        # when nothing better is known.
        kept = tuple(a for a in known if a not in bad)
        self.addresses[target.target_id] = tuple(dict.fromkeys((*good, *kept)))
        self.ever[target.target_id] = tuple(dict.fromkeys((*self.ever.get(target.target_id, ()), *good)))
        if good:
            self.groups.setdefault(target.neutral_group, set()).add(target.target_id)

    def families(self) -> tuple[int, ...]:
        """Return the address families in which any neutral answered."""
        return tuple(sorted({6 if ":" in a else 4 for known in self.addresses.values() for a in known}))

    def quorum(self) -> bool:
        """Say whether home and abroad have both been seen to answer."""
        foreign = len(self.groups.get("foreign", ())) + len(self.groups.get("foreign_frozen", ()))
        return (
            foreign >= FINE_QUORUM
            and len(self.groups.get("domestic_listed", ())) >= FINE_QUORUM
            and len(self.groups.get("domestic_unlisted", ())) >= FINE_QUORUM
        )
