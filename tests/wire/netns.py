"""Named network namespaces with a TUN device at each end of the wire: the volunteer's home, and the world."""

from __future__ import annotations

import ctypes
import fcntl
import os
import re
import shutil
import struct
import subprocess
import threading
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PREFIX: Final = "probewire"
CLIENT4, GATEWAY4 = "100.72.13.37", "100.72.0.1"
CLIENT6, GATEWAY6 = "2a00:1fa0:42d8:61a7::5d", "2a00:1fa0:42d8:61a7::1"
BEYOND4, BEYOND6 = "100.72.0.2", "2a00:1fa0:42d8:61a7::2"
"""The world's end of the wire."""
NEIGHBOUR4: Final = "100.72.13.38"
"""Another machine of the same home, behind the same router."""
RESERVED: Final = (
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "240.0.0.0/4",
)
RESERVED6: Final = ("100::/64", "2001:db8::/32", "fc00::/7")
"""Where nobody answers."""

_NETNS_FOLDER, _ETC_FOLDER = Path("/run/netns"), Path("/etc/netns")
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI, _CLONE_NEWNET = 0x400454CA, 0x0001, 0x1000, 0x40000000
_T = TypeVar("_T")


def missing() -> str:
    """Say what this machine lacks for the wire lab; empty when it has all."""
    if os.name != "posix" or not Path("/proc/self/ns/net").exists():
        return "no Linux network namespaces here"
    if os.geteuid() != 0:
        return "not root"
    if not shutil.which("ip") or not shutil.which("setpriv"):
        return "the commands ip (iproute2) and setpriv (util-linux) are not installed"
    if not Path("/dev/net/tun").exists():
        return "no /dev/net/tun"
    name = f"{PREFIX}-{os.getpid()}-trial"
    try:
        _ip("netns", "add", name)
        _ip("netns", "exec", name, "true")
    except OSError as error:
        return f"network namespaces are not allowed: {error}"
    finally:
        with suppress(OSError):
            _ip("netns", "del", name)
    return ""


def _ip(*arguments: str, batch: Sequence[str] = ()) -> None:
    if batch:
        arguments = (*arguments, "-batch", "-")
    done = subprocess.run(
        ["ip", *arguments], input="\n".join(batch), text=True, capture_output=True, check=False
    )
    if done.returncode:
        raise OSError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


def sweep() -> list[str]:
    """Remove the namespaces of test runs that died; return their names."""
    gone = []
    folders = [folder for folder in (_NETNS_FOLDER, _ETC_FOLDER) if folder.is_dir()]
    for name in sorted({entry.name for folder in folders for entry in folder.iterdir()}):
        found = re.fullmatch(rf"{PREFIX}-(\d+)-\w+", name)
        if found and not Path(f"/proc/{found[1]}").exists():
            delete(name)
            gone.append(name)
    return gone


def delete(name: str) -> None:
    """Remove a namespace and its files under /etc/netns; what runs in it keeps it alive, unnamed."""
    with suppress(OSError):
        _ip("netns", "del", name)
    shutil.rmtree(_ETC_FOLDER / name, ignore_errors=True)


def inside(name: str, call: Callable[[], _T]) -> _T:
    """Call a function in a thread that has entered the namespace; sockets made there stay in it."""
    future: Future[_T] = Future()

    def work() -> None:
        try:
            descriptor = os.open(_NETNS_FOLDER / name, os.O_RDONLY | os.O_CLOEXEC)
            try:
                libc = ctypes.CDLL(None, use_errno=True)
                if libc.setns(descriptor, _CLONE_NEWNET):
                    number = ctypes.get_errno()
                    raise OSError(number, os.strerror(number), name)  # the future carries it out
            finally:
                os.close(descriptor)
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001  # handed to the caller, whatever it is
            future.set_exception(error)

    threading.Thread(target=work, name=f"in {name}", daemon=True).start()
    return future.result()


def _open_tun() -> int:
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH22x", b"wire0", _IFF_TUN | _IFF_NO_PI))
    return descriptor


@dataclass(frozen=True, slots=True)
class Ends:
    """The namespaces by name, and the descriptors of both TUN devices."""

    client: str
    home: str
    """The volunteer's router, whose other side is the wire."""
    server: str
    client_tun: int
    server_tun: int

    def close(self) -> None:
        """Remove the namespaces; their devices go with them and with the descriptors."""
        for descriptor in (self.client_tun, self.server_tun):
            with suppress(OSError):
                os.close(descriptor)
        for name in (self.client, self.home, self.server):
            delete(name)


def open_ends(
    label: str,
    *,
    families: str = "46",
    resolver: str = "",
    hosts: str = "",
    answering: tuple[str, ...] = (),
    mtu: int = 1500,
) -> Ends:
    """Make the namespaces; the label must be unique in this process.

    `families` are those the client has a route for: "46", "4" or "6". `resolver` is what its
    /etc/resolv.conf names (several, joined by spaces); `hosts` are lines for its /etc/hosts. `answering` are
    reserved networks where somebody answers all the same.

    The client's own link is an ethernet to a router, as anybody's: a TUN device there would rightly be
    taken for a VPN.
    """
    client, home, server = (f"{PREFIX}-{os.getpid()}-{label}{side}" for side in "chs")
    descriptors: list[int] = []
    try:
        for name in (client, home, server):
            _ip("netns", "add", name)
        descriptors += [inside(name, _open_tun) for name in (home, server)]
        _ip("-n", client, batch=["link set lo up", f"link add eth0 type veth peer name lan0 netns {home}"])
        _ip("-n", home, batch=_home_setup(mtu))
        _ip("-n", client, batch=_client_setup(families))
        _ip("-n", server, batch=_server_setup(mtu, answering))
        inside(home, lambda: _set("ipv4/ip_forward", "ipv6/conf/all/forwarding"))
        # Routed to itself is not yet its own: without this no IPv6 answer may leave from the address asked.
        inside(server, lambda: _set("ipv6/ip_nonlocal_bind"))
        _write_etc(client, resolver, hosts)
    except BaseException:
        for descriptor in descriptors:
            os.close(descriptor)
        for name in (client, home, server):
            delete(name)
        raise
    return Ends(client, home, server, *descriptors)


def set_link(client: str, *, up: bool) -> None:
    """Bring the client's ethernet down, or up again with all that the kernel forgot meanwhile."""
    if not up:
        _ip("-n", client, "link", "set", "eth0", "down")
        return
    kept = f"addr add {CLIENT4} "
    _ip("-n", client, batch=[line for line in _client_setup("46") if not line.startswith(kept)])


def _set(*switches: str) -> None:
    for switch in switches:
        (Path("/proc/sys/net") / switch).write_text("1")


def _client_setup(families: str) -> list[str]:
    lines = ["link set eth0 up"]
    if "4" in families:
        lines += [
            f"addr add {CLIENT4} peer {GATEWAY4} dev eth0",
            f"route add default via {GATEWAY4} dev eth0",
        ]
    if "6" in families:
        lines += [
            f"addr add {CLIENT6}/64 dev eth0 nodad",
            f"route add default via {GATEWAY6} dev eth0",
        ]
    return lines


def _home_setup(mtu: int) -> list[str]:
    return [
        "link set lo up",
        "link set lan0 up",
        f"link set wire0 mtu {mtu} txqueuelen 5000 up",
        f"addr add {GATEWAY4} peer {CLIENT4} dev lan0",
        f"addr add {GATEWAY6}/64 dev lan0 nodad",
        f"addr add {NEIGHBOUR4}/32 dev lo",
        "route add default dev wire0",
        "route add ::/0 dev wire0",
    ]


def _server_setup(mtu: int, answering: tuple[str, ...]) -> list[str]:
    """Every address is local to the server, but the client's and the reserved ones."""
    return [
        "link set lo up",
        f"link set wire0 mtu {mtu} txqueuelen 5000 up",
        f"addr add {BEYOND4} peer {CLIENT4} dev wire0",
        f"addr add {BEYOND6}/64 dev wire0 nodad",
        f"route add {NEIGHBOUR4} dev wire0",
        "route add local 0.0.0.0/0 dev lo table main",
        "route add local ::/0 dev lo table main",
        *(f"route add blackhole {network}" for network in RESERVED if network not in answering),
        *(f"route add blackhole {network}" for network in RESERVED6),
    ]


def _write_etc(name: str, resolver: str, hosts: str) -> None:
    """Lay the files that `ip netns exec` binds over /etc."""
    folder = _ETC_FOLDER / name
    folder.mkdir(parents=True)
    servers = "".join(f"nameserver {address}\n" for address in resolver.split())
    (folder / "resolv.conf").write_text(f"{servers}options timeout:3 attempts:2\n")
    if Path("/etc/hosts").exists():
        (folder / "hosts").write_text(f"127.0.0.1 localhost\n::1 localhost\n{hosts}\n")
