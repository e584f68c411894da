"""All that this machine tells about where it stands, gathered without a packet."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Final

from probe.measure import local_link as link
from probe.measure import local_machine as machine
from probe.model.observation import LocalFact

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

BYPASS: Final = "bypass"
"""Name of the facts whose values are those of `VantagePoint.bypass`: vpn, proxy, fake-ip, hosts, zapret."""


def local_facts(
    resolvers: Sequence[str] = (),
    *,
    named: bool = False,
    root: Path = link.ROOT,
    environ: Mapping[str, str] | None = None,
) -> tuple[LocalFact, ...]:
    """Return routes, interface kinds, resolver class, hosts file, proxies, disguising tools and clock.

    `resolvers` are the configured ones, `named` says that `--dns` named them. Names of facts: `link.ipv4`,
    `link.ipv6`, `resolver`, `hosts_entries`, `proxy_variables`, `clock_synchronised`, and one `bypass` for
    each thing found that may lead traffic past the operator, or past us. What cannot be read is `unknown`;
    nothing is raised.
    """
    links = {
        "link.ipv4": link.link_kind(socket.AF_INET, root),
        "link.ipv6": link.link_kind(socket.AF_INET6, root),
    }
    resolver = "named" if named else machine.resolver_class(resolvers)
    hosts = machine.hosts_count(root)
    proxies = machine.proxies_set(os.environ if environ is None else environ)
    facts = {
        **links,
        "resolver": resolver,
        "hosts_entries": str(hosts),
        "proxy_variables": " ".join(proxies),
        "clock_synchronised": machine.clock_is_synchronised(root),
    }
    bypass = {
        "vpn": "tunnel" in links.values(),
        "proxy": bool(proxies),
        "fake-ip": resolver == "fake-ip",
        "hosts": hosts > 0,
        "zapret": machine.runs_desync_tool(root),
    }
    named_facts = [LocalFact(name=name, value=value) for name, value in facts.items()]
    return (*named_facts, *(LocalFact(name=BYPASS, value=name) for name, found in bypass.items() if found))
