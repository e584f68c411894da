"""What kind of link this machine's packets leave by, asked of the kernel without sending one.

Kinds only: an interface's name can hold a MAC address, a network's name or its owner's.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

ROOT: Final = Path("/")

ELSEWHERE: Final = {socket.AF_INET: "1.1.1.1", socket.AF_INET6: "2606:4700:4700::1111"}
"""Looked up in the routing tables only: any public address takes the way that the targets' will take."""

RTM_GETROUTE: Final = 26
RTM_NEWROUTE: Final = 24
NLM_F_REQUEST: Final = 1
RTA_DST: Final = 1
RTA_OIF: Final = 4
RTN_UNICAST: Final = 1
NETLINK_ROUTE: Final = 0
_HEADER: Final = struct.Struct("=IHHII")
_ROUTE: Final = struct.Struct("=BBBBBBBBI")
_ATTRIBUTE: Final = struct.Struct("=HH")

ARPHRD: Final = {1: "ethernet", 512: "ppp", 65534: "tunnel", 768: "tunnel", 769: "tunnel", 778: "tunnel"}
"""if_arp.h: 65534 is a device without link header (tun, WireGuard), 768, 769 and 778 are kernel tunnels."""

DEVTYPES: Final = {"wlan": "wifi", "wwan": "mobile", "wireguard": "tunnel", "ppp": "ppp"}
"""DEVTYPE of the device's uevent file."""

NAMES: Final = (
    (("wg", "tun", "tap", "utun", "awg", "amn", "nordlynx", "proton"), "tunnel"),
    (("ppp",), "ppp"),
    (("wwan", "rmnet", "ccmni", "pdp_ip"), "mobile"),
    (("wl", "wifi", "ath"), "wifi"),
)
"""What names begin with, where the kernel says no more."""


def link_kind(family: socket.AddressFamily, root: Path = ROOT) -> str:
    """Say how packets of this family leave: none, ethernet, wifi, mobile, ppp, tunnel, other, unknown."""
    if not sys.platform.startswith("linux"):
        return "unknown"
    try:
        index = route_interface(ELSEWHERE[family], family)
        return "none" if index is None else interface_kind(socket.if_indextoname(index), root)
    except OSError:
        return "unknown"


def route_interface(address: str, family: socket.AddressFamily) -> int | None:
    """Ask the kernel for the interface it would send by to the address (rtnetlink(7)); None without route.

    This is `ip route get`: it sees policy routes, as WireGuard's, that the main table does not show.
    Raises OSError where netlink is not to be had.
    """
    if sys.platform != "linux":
        raise OSError(errno.EAFNOSUPPORT, os.strerror(errno.EAFNOSUPPORT))
    packed = socket.inet_pton(family, address)
    attribute = _ATTRIBUTE.pack(_ATTRIBUTE.size + len(packed), RTA_DST) + packed
    route = _ROUTE.pack(family, len(packed) * 8, 0, 0, 0, 0, 0, 0, 0)
    size = _HEADER.size + len(route) + len(attribute)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_ROUTE) as kernel:
        kernel.settimeout(1.0)
        kernel.send(_HEADER.pack(size, RTM_GETROUTE, NLM_F_REQUEST, 1, 0) + route + attribute)
        return outgoing_interface(kernel.recv(8192))


def outgoing_interface(message: bytes) -> int | None:
    """Read the interface's index out of the kernel's answer; None where that is an error or no route."""
    if len(message) < _HEADER.size + _ROUTE.size:
        return None
    size, kind, *_ = _HEADER.unpack_from(message)
    route_type = _ROUTE.unpack_from(message, _HEADER.size)[7]
    if kind != RTM_NEWROUTE or route_type != RTN_UNICAST:
        return None
    at, end = _HEADER.size + _ROUTE.size, min(size, len(message))
    while at + _ATTRIBUTE.size <= end:
        length, what = _ATTRIBUTE.unpack_from(message, at)
        if what == RTA_OIF and length >= _ATTRIBUTE.size + 4 and at + _ATTRIBUTE.size + 4 <= end:
            return int(struct.unpack_from("=I", message, at + _ATTRIBUTE.size)[0])
        at += max(_ATTRIBUTE.size, length + 3 & ~3)
    return None


def interface_kind(name: str, root: Path = ROOT) -> str:
    """Name the kind of an interface from what sysfs says of it, else from how its name begins."""
    folder = root / "sys/class/net" / name
    if (folder / "wireless").exists() or (folder / "phy80211").exists():
        return "wifi"
    if (folder / "tun_flags").exists():
        return "tunnel"
    for line in _read(folder / "uevent").splitlines():
        key, _, value = line.partition("=")
        if key == "DEVTYPE" and value in DEVTYPES:
            return DEVTYPES[value]
    number = _read(folder / "type").strip()
    by_number = ARPHRD.get(int(number), "") if number.isascii() and number.isdigit() else ""
    if by_number not in ("", "ethernet"):
        return by_number
    by_name = next((kind for starts, kind in NAMES if name.startswith(starts)), "")
    return by_name or by_number or "other"


def _read(path: Path) -> str:
    """Return at most 4 KiB of a small file; empty where it cannot be read."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        return file.read(4096).decode("ascii", "replace")
    return ""


def moved_bytes(root: Path = ROOT) -> int | None:
    """Return what the interfaces that packets leave by have moved so far, both ways; None where unknown.

    Only those: a tunnel's packets leave by the interface below it a second time.
    """
    if not sys.platform.startswith("linux"):
        return None
    try:
        found = {route_interface(ELSEWHERE[family], family) for family in ELSEWHERE}
        names = {socket.if_indextoname(index) for index in found if index is not None}
        table = (root / "proc/net/dev").read_text(encoding="ascii", errors="replace")
    except (OSError, ValueError):
        return None
    return counted_bytes(table, names)


def counted_bytes(table: str, names: Collection[str]) -> int | None:
    """Add up what /proc/net/dev (proc(5)) says of these interfaces, both ways; None if of none of them."""
    moved = []
    for line in table.splitlines():
        name, colon, numbers = line.partition(":")
        fields = numbers.split()
        if colon and name.strip() in names and len(fields) >= 9 and (fields[0] + fields[8]).isdigit():
            moved.append(int(fields[0]) + int(fields[8]))
    return sum(moved) if moved else None
