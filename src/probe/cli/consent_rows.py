"""Rows of the consent screen that only some runs have: who learns something beside the usual ones."""

from collections.abc import Iterable

from probe.locale import _

Row = tuple[str, str]
"""Who, and what they see."""


def _listed(names: Iterable[str]) -> str:
    from probe.report.show import visible

    return ", ".join(map(visible, names))


def stun(servers: tuple[str, ...]) -> tuple[Row, ...]:
    """Return the row of those who tell our address; none where no detection was asked for."""
    what = _("{servers}: see your address and tell it; it is looked up in the table, and kept nowhere.")
    return ((_("detecting your AS"), what.format(servers=_listed(servers))),) if servers else ()


def who(names: tuple[str, ...]) -> tuple[Row, ...]:
    """Return the row of those whose names tell who asks."""
    what = _("{names}: see which resolver asks, and from some a part of your address; no address is kept.")
    return ((_("names that tell who asks"), what.format(names=_listed(names))),) if names else ()


def registries(hosts: tuple[str, ...]) -> tuple[Row, ...]:
    """Return the row of those who are asked about prefixes and AS numbers."""
    what = _("{hosts}: see your address, and which prefix or AS number you ask about.")
    return ((_("registries"), what.format(hosts=_listed(hosts))),) if hosts else ()


def paths(hosts: tuple[str, ...]) -> tuple[Row, ...]:
    """Return the row of those who see packets that may go a few hops only."""
    what = _(
        "those towards {hosts} see attempts to connect that may go a few hops only, which is rare on a line."
    )
    return ((_("routers on the way"), what.format(hosts=_listed(hosts))),) if hosts else ()
