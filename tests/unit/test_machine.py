"""What the machine tells: kinds and counts, never a name."""

import socket
import struct
from pathlib import Path

import pytest

from probe.measure.machine import local_facts
from probe.measure.machine_habits import (
    hosts_entries,
    proxies_set,
    resolver_class,
    runs_desync_tool,
)
from probe.measure.machine_link import (
    counted_bytes,
    interface_kind,
    link_kind,
    moved_bytes,
    outgoing_interface,
)


def an_interface(
    root: Path, name: str, *, kind: int = 1, uevent: str = "", wireless: bool = False, tun: bool = False
) -> None:
    folder = root / "sys/class/net" / name
    folder.mkdir(parents=True)
    (folder / "type").write_text(f"{kind}\n")
    (folder / "uevent").write_text(uevent)
    if wireless:
        (folder / "wireless").mkdir()
    if tun:
        (folder / "tun_flags").write_text("0x1001\n")


@pytest.mark.parametrize(
    ("name", "made", "kind"),
    [
        ("eth0", {}, "ethernet"),
        ("enp3s0", {"uevent": "INTERFACE=enp3s0\n"}, "ethernet"),
        ("wlp2s0", {"wireless": True}, "wifi"),
        ("home", {"uevent": "DEVTYPE=wlan\n"}, "wifi"),
        ("wwan0", {"kind": 65534, "uevent": "DEVTYPE=wwan\n"}, "mobile"),
        ("rmnet_data0", {"kind": 519}, "mobile"),
        ("wg0", {"kind": 65534, "uevent": "DEVTYPE=wireguard\n"}, "tunnel"),
        ("office", {"kind": 65534, "tun": True}, "tunnel"),
        ("tap0", {"kind": 1, "tun": True}, "tunnel"),
        ("ppp0", {"kind": 512}, "ppp"),
        ("weird", {"kind": 9999}, "other"),
    ],
)
def test_an_interface_is_known_by_what_the_kernel_says(
    tmp_path: Path, name: str, made: dict[str, object], kind: str
) -> None:
    an_interface(tmp_path, name, **made)  # type: ignore[arg-type]  # keywords from the table
    assert interface_kind(name, tmp_path) == kind


def test_an_interface_without_sysfs_is_known_by_its_name_or_not_at_all(tmp_path: Path) -> None:
    assert interface_kind("wlan0", tmp_path) == "wifi"
    assert interface_kind("utun3", tmp_path) == "tunnel"
    assert interface_kind("x", tmp_path) == "other"


def a_route_message(*, kind: int = 24, route_type: int = 1, attributes: bytes = b"") -> bytes:
    route = struct.pack("=BBBBBBBBI", socket.AF_INET, 32, 0, 0, 254, 0, 0, route_type, 0)
    size = 16 + len(route) + len(attributes)
    return struct.pack("=IHHII", size, kind, 0, 1, 0) + route + attributes


OIF = struct.pack("=HHI", 8, 4, 7)


def test_the_outgoing_interface_is_read_from_the_kernels_answer() -> None:
    other = struct.pack("=HH", 5, 15) + b"\xff\0\0\0"
    assert outgoing_interface(a_route_message(attributes=other + OIF)) == 7


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\0" * 27,
        a_route_message(),
        a_route_message(kind=2, attributes=OIF),
        a_route_message(route_type=7, attributes=OIF),
        a_route_message(attributes=struct.pack("=HH", 0, 4) * 4),
        a_route_message(attributes=OIF[:6]),
    ],
)
def test_an_error_a_blackhole_or_a_torn_message_is_no_route(message: bytes) -> None:
    assert outgoing_interface(message) is None


def test_the_kernel_is_asked_without_a_packet_and_answers_with_a_kind() -> None:
    kinds = {"none", "ethernet", "wifi", "mobile", "ppp", "tunnel", "other", "unknown"}
    assert link_kind(socket.AF_INET) in kinds
    assert link_kind(socket.AF_INET6) in kinds


DEV = """Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls
    lo: 9999999    100    0    0    0     0          0         0  9999999    100    0    0    0     0
  eth0: 1000000    900    0    0    0     0          0         0    20000    300    0    0    0     0
  wlan0:     70      1    0    0    0     0          0         0        5      1    0    0    0     0
   wg0:  800000    800    0    0    0     0          0         0    10000    200    0    0    0     0
  torn: 12
  odd:  x 1 1 1 1 1 1 1 y
"""


@pytest.mark.parametrize(
    ("names", "moved"),
    [
        ({"eth0"}, 1_020_000),
        ({"eth0", "wlan0"}, 1_020_075),
        ({"eth0", "gone"}, 1_020_000),
        ({"gone"}, None),
        ({"torn"}, None),
        ({"odd"}, None),
        (set(), None),
    ],
)
def test_bytes_moved_are_those_of_the_interfaces_that_packets_leave_by(
    names: set[str], moved: int | None
) -> None:
    assert counted_bytes(DEV, names) == moved


def test_a_counter_that_cannot_be_read_tells_nothing(tmp_path: Path) -> None:
    assert moved_bytes(tmp_path) is None


def test_the_counters_never_go_back() -> None:
    first, second = moved_bytes(), moved_bytes()
    assert (first is None) == (second is None)
    assert first is None or second is None or 0 <= first <= second


HOSTS = """
127.0.0.1 localhost localhost.localdomain
127.0.1.1 laptop.home.example laptop
::1 ip6-localhost ip6-loopback
192.168.1.5 nas.lan printer.local
# 1.2.3.4 commented.example
0.0.0.0 facebook.com www.facebook.com  # blocked by hand
1.2.3.4 FACEBOOK.com. rutracker.example
not-an-address ignored.example
"""


def test_only_names_of_the_internet_are_counted_in_a_hosts_file() -> None:
    assert hosts_entries(HOSTS, ("laptop", "laptop.home.example")) == 3


def test_an_ordinary_hosts_file_counts_nothing() -> None:
    assert hosts_entries("127.0.0.1 localhost\n127.0.1.1 laptop\n::1 localhost ip6-localhost\n") == 0
    assert hosts_entries("") == 0
    assert hosts_entries("\x00\xff \n1.1.1.1\n") == 0


def test_proxy_variables_are_named_and_their_values_are_not() -> None:
    environ = {
        "https_proxy": "http://user:secret@10.0.0.1:3128",
        "ALL_PROXY": "",
        "NO_PROXY": "x",
        "HOME": "/",
    }
    assert proxies_set(environ) == ("HTTPS_PROXY",)
    facts = local_facts(environ=environ)
    assert "secret" not in repr(facts)
    assert "10.0.0.1" not in repr(facts)


@pytest.mark.parametrize(
    ("resolver", "kind"),
    [
        ("::1", "loopback"),
        ("fd00::1%eth0", "private"),
        ("8.8.8.8", "public"),
        ("198.19.0.1", "fake-ip"),
        ("x", "unknown"),
    ],
)
def test_a_resolvers_class_is_that_of_its_address(resolver: str, kind: str) -> None:
    assert resolver_class((resolver,)) == kind


def a_process(root: Path, number: int, name: bytes) -> None:
    folder = root / "proc" / str(number)
    folder.mkdir(parents=True)
    (folder / "comm").write_bytes(name + b"\n")


def test_a_disguising_tool_is_noticed_and_not_named(tmp_path: Path) -> None:
    a_process(tmp_path, 1, b"systemd")
    a_process(tmp_path, 2, b"\xff\xfe")
    assert not runs_desync_tool(tmp_path)
    a_process(tmp_path, 3, b"nfqws")
    assert runs_desync_tool(tmp_path)
    facts = local_facts(root=tmp_path, environ={})
    assert ("bypass", "zapret") in {(f.name, f.value) for f in facts}
    assert "nfqws" not in repr(facts)


def test_a_plain_machine_has_no_bypass(tmp_path: Path) -> None:
    facts = {f.name: f.value for f in local_facts(root=tmp_path, environ={})}
    assert "bypass" not in facts or facts["bypass"] == "vpn"  # the link is this machine's own
    assert (facts["hosts_entries"], facts["proxy_variables"], facts["clock_synchronised"]) == (
        "0",
        "",
        "unknown",
    )
