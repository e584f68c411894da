"""What this machine itself does to names and packets: hosts file, resolver, proxies, disguises, clock.

Classes and counts only, never a process, a host or a path: a volunteer's tools and habits are nobody's
business, but a verdict made through them has to say so.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from probe.measure.programs import WINDOWS, is_running

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ROOT: Final = Path("/")
MAX_FILE: Final = 8 << 20
"""Bytes of a hosts file; block lists of hundreds of thousands of lines exist."""

PROXY_VARIABLES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "FTP_PROXY", "SOCKS_PROXY")

PUBLIC_RESOLVERS: Final = frozenset(
    (
        "8.8.8.8",
        "8.8.4.4",
        "2001:4860:4860::8888",
        "2001:4860:4860::8844",
        "1.1.1.1",
        "1.0.0.1",
        "1.1.1.2",
        "1.0.0.2",
        "1.1.1.3",
        "1.0.0.3",
        "2606:4700:4700::1111",
        "2606:4700:4700::1001",
        "9.9.9.9",
        "149.112.112.112",
        "9.9.9.10",
        "9.9.9.11",
        "2620:fe::fe",
        "2620:fe::9",
        "77.88.8.8",
        "77.88.8.1",
        "77.88.8.88",
        "77.88.8.2",
        "77.88.8.7",
        "77.88.8.3",
        "2a02:6b8::feed:ff",
        "2a02:6b8:0:1::feed:ff",
        "208.67.222.222",
        "208.67.220.220",
        "94.140.14.14",
        "94.140.15.15",
        "76.76.2.0",
        "76.76.10.0",
        "193.58.251.251",
        "195.46.39.39",
        "195.46.39.40",
    )
)
"""Resolvers open to everyone, as their operators publish them."""

FAKE_IP: Final = ipaddress.ip_network("198.18.0.0/15")
"""RFC 2544's range, in which tunnelling clients hand out stand-in addresses."""
FAKE_IP_CLASS: Final = "fake-ip"
SHARED: Final = ipaddress.ip_network("100.64.0.0/10")

LOCAL_SUFFIXES: Final = (
    ".local",
    ".localdomain",
    ".lan",
    ".home",
    ".internal",
    ".arpa",
    ".test",
    ".localhost",
)

DESYNC_TOOLS: Final = frozenset(
    (
        "nfqws",
        "nfqws2",
        "tpws",
        "dvtws",
        "winws",
        "winws.exe",
        "winws2.exe",
        "ciadpi",
        "ciadpi.exe",
        "byedpi",
        "goodbyedpi",
        "goodbyedpi.exe",
        "spoofdpi",
        "spoofdpi.exe",
        "spoof-dpi",
        "youtubeunblock",
        "dpibreak",
        "dpi-tunnel",
    )
)
"""Programs that take ClientHellos apart so that a censor does not see them: lower case, 15 letters."""


def hosts_entries(text: str, own_names: Iterable[str] = ()) -> int:
    """Count names in a hosts file of the Internet, whatever address they are given."""
    own = {name.lower() for name in own_names}
    names: set[str] = set()
    for line in text.splitlines():
        address, *rest = line.partition("#")[0].split() or [""]
        with contextlib.suppress(ValueError):
            ipaddress.ip_address(address.partition("%")[0])
            names.update(name.lower().rstrip(".") for name in rest)
    return sum(
        "." in name and name not in own and not name.endswith(LOCAL_SUFFIXES) and not _is_address(name)
        for name in names
    )


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def hosts_count(root: Path = ROOT) -> int:
    """Count such names in this machine's hosts file; 0 where there is none to read."""
    path = root / "etc/hosts"
    if sys.platform == "win32":
        path = Path(WINDOWS) / "System32/drivers/etc/hosts"
    try:
        with path.open("rb") as file:
            text = file.read(MAX_FILE).decode("utf-8", "replace")
    except OSError:
        return 0
    host = socket.gethostname()
    return hosts_entries(text, (host, *_own_names(text, host)))


def _own_names(text: str, host: str) -> tuple[str, ...]:
    """Return the names that stand on a line with this machine's own: its full name, its aliases."""
    lines = (line.partition("#")[0].split()[1:] for line in text.splitlines())
    return tuple(
        name
        for names in lines
        if host in names or any(n.startswith(f"{host}.") for n in names)
        for name in names
    )


def resolver_class(resolvers: Sequence[str]) -> str:
    """Say what the first configured resolver is: loopback, fake-ip, private, public or unknown.

    `public` is one that everybody may use; a global address of another kind is most often the operator's, but
    only its AS can tell, so here it is unknown.
    """
    if not resolvers:
        return "unknown"
    host = resolvers[0].partition("%")[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "unknown"
    if address.is_loopback:
        return "loopback"
    if address.version == 4 and address in FAKE_IP:
        return FAKE_IP_CLASS
    if str(address) in PUBLIC_RESOLVERS:
        return "public"
    shared = address.version == 4 and address in SHARED
    return "private" if address.is_private or address.is_link_local or shared else "unknown"


def proxies_set(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Name the proxy variables that are set, never their values; `system` for the system's settings."""
    names = {name.upper() for name, value in environ.items() if value and name.upper() in PROXY_VARIABLES}
    if not names and sys.platform in ("win32", "darwin"):
        from urllib.request import getproxies

        names = {"system"} if set(getproxies()) - {"no"} else set()
    return tuple(sorted(names))


def runs_desync_tool(root: Path = ROOT) -> bool:
    """Say whether a program that disguises packets is running, as far as this user may see."""
    return is_running(DESYNC_TOOLS, root)


def clock_is_synchronised(root: Path = ROOT) -> str:
    """Say yes where a time service of this machine has said so, else unknown."""
    return "yes" if (root / "run/systemd/timesync/synchronized").exists() else "unknown"
