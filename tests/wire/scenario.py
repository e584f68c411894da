"""The words of the scenario tables: a world, what stands on the wire, what is measured, what must be said."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from probe.lab import pages
from probe.lab.names import SYSTEM_RESOLVERS
from probe.lab.records import Site

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from probe.lab.records import Rule

Background = Literal["", "machine", "home"]
LINK: Final = {"delay_ms": 20.0}
CONFIRM_AFTER_S: Final = 5
RESOLVERS: Final = list(SYSTEM_RESOLVERS)


@dataclass(frozen=True, slots=True)
class Row:
    """What the run must say of a target (by target_id or input), a service, or the network.

    `mechanism`, `located` and `reason` None are not asserted; "" means that there must be none. `a|b` is
    one of both, where chance decides.
    """

    subject: str
    state: str
    mechanism: str | None = ""
    located: str | None = None
    reason: str | None = None
    confirmed: bool | None = None


FINE: Final = Row("network", "reachable", "network.none")


def and_service(service: str, rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return rows of essential targets, and the same said of their service."""
    return tuple(one for row in rows for one in (row, replace(row, subject=service)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One run of the real command, and its rows.

    In `censors`, an address `of NAME` stands for all addresses of a name, `of @GROUP` for those of a
    service or neutral group, `first of NAME` for its first IPv4 address.
    """

    name: str
    about: str
    rows: tuple[Row, ...]
    services: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    censors: tuple[Mapping[str, Any], ...] = ()
    sites: Mapping[str, Site] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    """What the far end does itself, where the wire cannot: certificates by a middlebox."""
    world: Mapping[str, Any] = field(default_factory=dict)
    """Other fields of the lab's scenario: variety, nat64, fake_ip, helper."""
    clock_days: float = 0.0
    """How far the world's clock is ahead of this machine's."""
    link: Mapping[str, Any] = field(default_factory=lambda: LINK)
    ends: Mapping[str, Any] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    throughput: bool = False
    """Whether speeds are compared as well; the confirmation then comes after CONFIRM_AFTER_S."""
    helped: bool = True
    """Whether the lab's helpers are named on the command line, which look at targets and serve transfers."""
    background: Background = ""
    """Whose second flow fills the link during the whole run: of this machine, or of another in the home."""
    history: bool = False
    """Whether good runs on this network, at its usual speed, lie in the results folder already."""
    unplugged: tuple[float, float] | None = None
    """When the client's own link goes away and comes back, in seconds since the command began."""
    baseline: Literal["", "clean", "same"] = ""
    """A baseline is recorded before and used: in this world without its censors, or in this very world."""
    exit_code: int = 0


def named(kind: str, action: str, *names: str, **more: Any) -> Mapping[str, Any]:
    """Return a censor by name."""
    return {
        "kind": kind,
        "action": action,
        "names": list(names),
        "label": f"{kind} {action} {names[0]}",
        **more,
    }


def at(action: str, *addresses: str, **more: Any) -> Mapping[str, Any]:
    """Return a censor by address."""
    return {
        "kind": "address",
        "action": action,
        "addresses": list(addresses),
        "label": f"{action} {addresses}",
        **more,
    }


def start(what: str) -> str:
    """Return the URL of a free site that redirects to a struck one."""
    return f"https://start-{what}.example.com/"


def leads(what: str, to: str) -> dict[str, Site]:
    """Return the site behind `start`."""
    return {f"start-{what}.example.com": Site(answer=pages.redirect_to(to))}
