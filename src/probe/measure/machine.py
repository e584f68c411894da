"""All that this machine tells about where it stands, gathered without a packet."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Final

from probe.measure import machine_habits as habits
from probe.measure import machine_link as link
from probe.measure.machine_gateway import link_ids
from probe.model.observation import LocalFact

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

BYPASS: Final = "bypass"
"""Name of the facts whose values are those of `VantagePoint.bypass`: vpn, proxy, fake-ip, hosts, zapret."""


def local_facts(*, root: Path = link.ROOT, environ: Mapping[str, str] | None = None) -> tuple[LocalFact, ...]:
    """Return interface kinds of the default routes, hosts file, proxies, disguising tools and clock.

    Names of facts: `link.ipv4`, `link.ipv6`, `link.id.ipv4`, `link.id.ipv6` (salted hashes), `hosts_entries`,
    `proxy_variables`, `clock_synchronised`, and `bypass` for each thing found that may lead traffic past the
    operator, or past us. What cannot be read is `unknown` or left out; nothing is raised.
    """
    links = {
        "link.ipv4": link.link_kind(socket.AF_INET, root),
        "link.ipv6": link.link_kind(socket.AF_INET6, root),
    }
    hosts = habits.hosts_count(root)
    proxies = habits.proxies_set(os.environ if environ is None else environ)
    facts = {
        **links,
        **link_ids(root),
        "hosts_entries": str(hosts),
        "proxy_variables": " ".join(proxies),
        "clock_synchronised": habits.clock_is_synchronised(root),
    }
    bypass = {
        "vpn": "tunnel" in links.values(),
        "proxy": bool(proxies),
        "hosts": hosts > 0,
        "zapret": habits.runs_desync_tool(root),
    }
    return (
        *(LocalFact(name=name, value=value) for name, value in facts.items()),
        *(LocalFact(name=BYPASS, value=name) for name, found in bypass.items() if found),
    )


def resolver_facts(resolvers: Sequence[str], *, named: bool) -> tuple[LocalFact, ...]:
    """Return the class of the resolver in `VantagePoint`'s words; `named` says that --dns chose it.

    A stand-in address shows a tunnelling client: that is a bypass, and the class is private.
    """
    found = "named" if named else habits.resolver_class(resolvers)
    if found == habits.FAKE_IP_CLASS:
        return (LocalFact(name="resolver", value="private"), LocalFact(name=BYPASS, value=found))
    return (LocalFact(name="resolver", value=found),)
