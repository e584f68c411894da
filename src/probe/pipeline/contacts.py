"""Every host that a run contacts, what for, and who learns of it: said before the first packet."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from msgspec import Struct

from probe.model.appstore import hosts_beside
from probe.model.fact import FACTS
from probe.model.options import RunOptions
from probe.model.target import Target
from probe.targets import Catalogue


class Contact(Struct, frozen=True, kw_only=True):
    """One host that a run contacts, what for, and who beside it learns of that."""

    host: str
    purpose: str
    """target, neutral, network, resolver, who (a name asked of resolvers, itself not contacted), control or
    proxy."""
    service: str
    seen_by: tuple[str, ...]
    """Words of a closed set: operator, resolver, target, helper, proxy."""


def _hosts(target: Target) -> tuple[str, ...]:
    """Return what is contacted; of a zone all servers, by address."""
    if target.experiment == "registry":
        asked = () if target.input.startswith("file:") else target.registries
        return tuple(urlsplit(each.partition(" ")[2]).hostname or "" for each in asked)
    if target.experiment == "zone":
        return tuple(server.partition(" ")[2] for server in (*target.servers, *target.roots))
    beside = hosts_beside(target.input) if target.experiment == "store" else ()
    try:
        host = urlsplit(target.input).hostname or target.input
    except ValueError:  # in a run that somebody wrote: it is told as it stands
        host = target.input
    return host, *target.addresses, *beside


def contacts_of(
    catalogue: Catalogue, targets: tuple[Target, ...], options: RunOptions, *, detect_asn: bool = False
) -> Iterator[Contact]:
    """Yield them in the order of telling: targets first, then what they are held against."""
    groups: tuple[tuple[str, tuple[Target, ...]], ...] = (
        ("target", targets),
        ("neutral", catalogue.neutrals),
        ("network", catalogue.network),
        ("resolver", catalogue.resolvers),
    )
    for purpose, members in groups:
        for target in members:
            for host in dict.fromkeys(_hosts(target)):
                yield Contact(
                    host=host,
                    purpose=target.experiment if target.experiment in FACTS else purpose,
                    service=target.service,
                    seen_by=("operator", "resolver", "target"),
                )
    vouching = dict.fromkeys(s for t in targets if t.experiment == "vpn" for s in t.servers)
    for server in vouching:
        yield Contact(
            host=server.rpartition(":")[0], purpose="neutral", service="stun",
            seen_by=("operator", "resolver", "target"),
        )  # fmt: skip
    for server in catalogue.stun if detect_asn else ():
        host = server.rpartition(":")[0]
        seen_by = ("operator", "resolver", "target")
        yield Contact(host=host, purpose="whereabouts", service="", seen_by=seen_by)
    for target in (*targets, *catalogue.network):
        for question in target.who:
            name = question.partition(" ")[0]
            yield Contact(host=name, purpose="who", service=target.service, seen_by=("operator", "resolver"))
    for url in options.controls:
        host = urlsplit(url).hostname or url
        yield Contact(host=host, purpose="control", service="", seen_by=("operator", "helper"))
    if options.control_proxy:
        host = urlsplit(options.control_proxy).hostname or ""
        yield Contact(host=host, purpose="proxy", service="", seen_by=("operator", "proxy"))
