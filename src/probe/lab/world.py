"""The world of a scenario: what is true for everybody, and what the censor does to this user's flows."""

from __future__ import annotations

import hashlib
import ipaddress
import time
from collections import Counter
from typing import TYPE_CHECKING

from probe.lab import hostile
from probe.lab.names import (
    FAKE_BLOCK,
    NAT64_PREFIX,
    SYSTEM_RESOLVERS,
    Names,
    covers,
    version_of,
)
from probe.lab.records import Place, Rule, Scenario, Site, Stage

if TYPE_CHECKING:
    from probe.helper.transfer import TransferServer
    from probe.lab.ca import Authority
    from probe.lab.records import CatalogueLike, Speed

PLAIN_SITE = Site()
RESIDUAL = Rule(stage="hello", what="drop")
"""What a residual block does to every ClientHello while it lasts."""


class World:
    """Truth and censorship, asked by every server of the lab; it holds no socket."""

    def __init__(self, scenario: Scenario, catalogue: CatalogueLike, ca: Authority, *, seed: int = 1) -> None:
        """Settle the names; `seed` decides which flows a rule with a share hits."""
        self.scenario = scenario
        fixed = hostile.ADDRESSES if scenario.peers else {}
        self.names = Names(catalogue, scenario.urls, fixed)
        self.peers = {hostile.ADDRESSES[row.host]: row for row in scenario.peers}
        """Rows of the hostile corpus by the address of their peer."""
        self.ca = ca
        ca.addresses |= self.names.on_certificates
        self.seed = seed
        self.rtt_s = 0.0
        self.censored = True
        """False: the rules sleep and only the truth is served (another censor sits on the wire)."""
        self.has_link = False
        """Whether connections are as slow as the scenario's link; else as fast as what they run over."""
        self.transfers: TransferServer | None = None
        """What serves the transfers of the helpers."""
        self._residual: dict[str, float] = {}
        self._flows: Counter[tuple[str, str]] = Counter()

    # Truth

    def site(self, name: str) -> Site:
        """Return how the servers of a name are, for everybody."""
        for pattern, site in self.scenario.sites.items():
            if self.names.matches(pattern, name):
                return site
        return PLAIN_SITE

    def home(self, address: str, name: str | None) -> str:
        """Return the name whose servers answer at the address when `name` is asked for.

        That is the name itself where it lives there; else the address's own, as a default server's is.
        """
        names = self.names.names_at(address)
        if name and name in names:
            return name
        below = [own for own in names if name and covers(own, name)]
        return (below or names or [address])[0]

    def true_addresses(self, name: str, resolver: str = "") -> tuple[str, ...]:
        """Return what honest DNS answers, both families; the resolver matters with a CDN only."""
        addresses = self.names.addresses(name)
        if self.scenario.variety and resolver and resolver not in SYSTEM_RESOLVERS:
            return self.names.other_addresses(name, resolver)
        return addresses

    def true_syn(self, address: str) -> str:
        """Return "" where somebody listens, for everybody; else drop, reset or unreachable."""
        if (row := self.peers.get(address)) is not None and isinstance(row.peer, str):
            return row.peer
        names = self.names.names_at(address)
        if not names:
            return "drop"
        for name in names:
            site = self.site(name)
            if site.syn:
                return site.syn
            v4 = [a for a in self.names.addresses(name) if ":" not in a]
            if address in v4[: site.dead]:
                return "drop"
        return ""

    def translate(self, address: str) -> str:
        """Undo what sits before the true address on this user's machine or network: fake-IP, NAT64."""
        parsed = ipaddress.ip_address(address)
        if self.scenario.nat64 and parsed in NAT64_PREFIX:
            return str(ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF))
        if self.scenario.fake_ip and parsed in FAKE_BLOCK:
            names = self.names.names_at(address)
            return self.names.addresses(names[0])[0] if names else address
        return address

    # The censor

    def _hit(self, rule: Rule, stage: Stage, name: str) -> bool:
        if rule.flows >= 1:
            return True
        self._flows[stage, name] += 1
        text = f"{self.seed}/{stage}/{name}/{self._flows[stage, name]}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**32 < rule.flows

    def _covers(self, rule: Rule, name: str) -> bool:
        matches = self.names.matches
        return any(matches(p, name) for p in rule.names) and not any(matches(p, name) for p in rule.unless)

    def _stands_at(self, rule: Rule, address: str) -> bool:
        homes = self.names.names_at(address)
        return any(self.names.matches(pattern, home) for pattern in rule.at for home in homes)

    def _first(self, stage: Stage, name: str, place: Place) -> list[Rule]:
        if not self.censored:
            return []
        return [
            rule
            for rule in self.scenario.rules
            if rule.stage == stage
            and self._covers(rule, name)
            and (not rule.addresses or place.address in rule.addresses)
            and (not rule.ports or place.port in rule.ports)
            and (not rule.at or self._stands_at(rule, place.address))
        ]

    def on_syn(self, place: Place) -> str:
        """Return what becomes of a SYN: "" passes; drop, reset, unreachable, no_route."""
        family = version_of(place.address)
        if family not in self.scenario.families:
            return "no_route"
        address = self.translate(place.address)
        answered = self.true_syn(address)
        for name in self.names.names_at(address) or (address,):
            for rule in self._first("syn", name, Place(address=address, port=place.port)):
                if self._hit(rule, "syn", name):
                    return "" if rule.what == "pass" else rule.what
        return answered

    def on_hello(self, place: Place, server_name: str | None) -> Rule | None:
        """Return the rule that strikes a ClientHello with this name at this place."""
        name = server_name or self.home(place.address, None)
        if time.monotonic() < self._residual.get(place.address, 0.0):
            return RESIDUAL
        for rule in self._first("hello", name, place):
            if self._hit(rule, "hello", name):
                if rule.residual_s:
                    self._residual[place.address] = time.monotonic() + rule.residual_s
                return rule
        return None

    def on_quic(self, place: Place, name: str, *, whole: bool = False) -> bool:
        """Say whether a QUIC Initial with this name vanishes; `whole`: every datagram to that place."""
        return any(
            (rule.what == "drop_all" or not whole) and self._hit(rule, "quic", name)
            for rule in self._first("quic", name, place)
        )

    def is_plain_sailing(self) -> bool:
        """Say whether nothing here slows flows down or spoils transfers: the wire may, by itself."""
        rules = self.censored and any(rule.stage == "flow" for rule in self.scenario.rules)
        return not (rules or self.has_link or self.scenario.transfers)

    def speeds(self, place: Place, server_name: str | None) -> tuple[Speed, ...]:
        """Return what slows down a flow with this name in its ClientHello: link, server, censor."""
        name = server_name or self.home(place.address, None)
        home = self.home(place.address, name)
        site = self.site(home)
        own = site.speed if site.speed_of == "all" or name == home else None
        struck = next((r.speed for r in self._first("flow", name, place) if self._hit(r, "flow", name)), None)
        link = self.scenario.link if self.has_link else None
        return tuple(speed for speed in (link, own, struck) if speed is not None)

    def on_request(self, place: Place, host: str, *, is_tls: bool) -> Rule | None:
        """Return the rule that strikes an HTTP request with this Host at this place."""
        for rule in self._first("request", host, place):
            if rule.over in ("both", "tls" if is_tls else "plain") and self._hit(rule, "request", host):
                return rule
        return None

    def on_query(self, name: str, resolver: str, transport: str) -> Rule | None:
        """Return the rule that strikes a DNS question to this resolver over udp, tcp, dot or doh."""
        for rule in self._first("query", name, Place(address=resolver, port=53)):
            if rule.transports and transport not in rule.transports:
                continue
            if self._hit(rule, "query", name):
                return rule
        return None

    def is_resolver(self, address: str) -> bool:
        """Tell whether a DNS server listens at the address, or something answers for all of them."""
        if address in self.names.resolvers:
            return True
        return self.censored and any(
            r.what == "intercept" and (not r.addresses or address in r.addresses) for r in self.scenario.rules
        )
