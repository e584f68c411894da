"""Where a helper goes for others: public addresses, few ports; no spelling and no redirect leads inside."""

import asyncio
import errno
import socket

import pytest

from probe.helper.guard import PORTS, Guard, GuardedNetwork, NotAllowedError, is_of_this_machine, is_public
from probe.measure.dial import RealNetwork
from probe.measure.failure import classify
from probe.targets import read_catalogue

FORBIDDEN = {
    "this network": ("0.0.0.0", "0.1.2.3"),
    "loopback": ("127.0.0.1", "127.255.255.254", "::1"),
    "private": ("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1"),
    "unique local": ("fc00::1", "fdff:ffff::1"),
    "link-local": ("169.254.0.1", "fe80::1", "febf::1"),
    "site-local": ("fec0::1",),
    "carrier-grade NAT": ("100.64.0.1", "100.127.255.255"),
    "metadata": ("169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "fd00:ec2::254"),
    "multicast": ("224.0.0.1", "239.255.255.255", "ff02::1"),
    "reserved": ("240.0.0.1", "255.255.255.255", "192.0.0.8", "100::1", "5f00::1", "4000::1"),
    "documentation": ("192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"),
    "benchmarks": ("198.18.0.1", "198.19.255.255", "2001:2::1"),
    "unspecified": ("::",),
    "IPv4-mapped": ("::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8"),
    "IPv4-compatible": ("::10.0.0.1", "::7f00:1"),
    "NAT64": ("64:ff9b::a00:1", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::a00:1"),
    "6to4": ("2002:a00:1::", "2002:7f00:1::1", "2002:808:808::"),
    "Teredo": ("2001:0:a00:1::1",),
    "zones": ("fe80::1%eth0", "fe80::1%25eth0", "2606:4700::1%eth0"),
    "other spellings": (
        "127.1",
        "0177.0.0.1",
        "0x7f.0.0.1",
        "2130706433",
        "127.0.0.1.",
        "010.0.0.1",
        "",
        "x",
    ),
}
PUBLIC = ("93.184.215.14", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a02:6b8::1")


@pytest.mark.parametrize("ip", [ip for ips in FORBIDDEN.values() for ip in ips])
def test_a_forbidden_address_is_not_public_and_not_connected_to(ip: str) -> None:
    assert not is_public(ip)

    async def connect() -> None:
        with socket.socket() as sock:
            await GuardedNetwork(RealNetwork(), Guard()).connect(sock, ip, 443)

    with pytest.raises(PermissionError) as refused:
        asyncio.run(connect())
    assert refused.value.errno == errno.EPERM
    assert classify(refused.value) == "permission_denied"


@pytest.mark.parametrize("ip", PUBLIC)
def test_a_public_address_is_allowed_on_the_ports_of_the_catalogue_and_no_other(ip: str) -> None:
    guard = Guard(own=lambda _ip: False)
    assert [port for port in range(1, 65536) if guard.allows(ip, port)] == sorted(PORTS)


def test_every_tcp_endpoint_of_the_catalogue_can_be_asked_about() -> None:
    from urllib.parse import urlsplit

    defaults = {"https": 443, "http": 80, "dns+udp": 53, "dns+tcp": 53, "dns+tls": 853}
    inputs = [
        urlsplit(t.input)
        for service in read_catalogue().services
        for t in service.targets
        if urlsplit(t.input).scheme in {*defaults, "tcp"}
    ]
    assert {parts.port or defaults[parts.scheme] for parts in inputs} <= PORTS


def test_its_own_addresses_are_refused_even_where_they_are_public() -> None:
    guard = Guard(own=lambda ip: ip == "93.184.215.14")
    assert not guard.allows("93.184.215.14", 443)
    assert guard.allows("93.184.215.15", 443)
    assert is_of_this_machine("127.0.0.1")
    assert not is_of_this_machine("93.184.215.14")


URLS = (
    *(f"http://{ip}/" for ips in FORBIDDEN.values() for ip in ips if ip and ":" not in ip),
    *(f"http://[{ip}]/" for ips in FORBIDDEN.values() for ip in ips if ":" in ip),
    "http://127.0.0.1.:80/",
    "http://127。0。0。1/",
    "http://①②⑦.0.0.1/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://017700000001/",
    "http://127.0.0.0x1/",
    "http://example.org.0x7f/",
    "http://10.0.0.b/",
    "http://1.2.3.4.5/",
    "http://localhost/",
    "http://localhost./",
    "http://LOCALHOST/",
    "http://a.localhost/",
    "http://printer.local/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://router.lan/",
    "http://intranet/",
    "http://x.onion/",
    "http://user@example.org/",
    "http://user:secret@example.org/",
    "http://example.org@127.0.0.1/",
    "http://127.0.0.1\\@example.org/",
    "http://example.org#@127.0.0.1/",
    "http://exam\tple.org/",
    "http://exam\nple.org/",
    " http://example.org/",
    "http://example.org/\r\nHost: x",
    "http://example.org:22/",
    "http://example.org:25/",
    "https://example.org:8443/",
    "http://example.org:0/",
    "http://example.org:65536/",
    "http://example.org:x/",
    "ftp://example.org/",
    "file:///etc/passwd",
    "gopher://example.org/",
    "//example.org/",
    "example.org",
    "http://",
    "http:///x",
    "",
    "http://" + "a" * 64 + ".org/",
    "http://" + "a." * 130 + "org/",
    "http://[::1/",
)


@pytest.mark.parametrize("url", [url for url in URLS if url != "http://example.org#@127.0.0.1/"])
def test_a_url_that_leads_elsewhere_than_to_the_public_web_is_refused(url: str) -> None:
    with pytest.raises(NotAllowedError):
        Guard().place(url)


def test_a_fragment_cannot_change_the_host() -> None:
    assert Guard().place("http://example.org#@127.0.0.1/").host == "example.org"


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("https://example.org/path?q=1", "example.org", 443),
        ("http://EXAMPLE.org./", "example.org", 80),
        ("https://пример.рф/", "xn--e1afmkfd.xn--p1ai", 443),
        ("http://149.154.167.51:5222/", "149.154.167.51", 5222),
        ("https://[2606:4700::1111]/", "2606:4700::1111", 443),
    ],
)
def test_a_public_web_address_is_read(url: str, host: str, port: int) -> None:
    place = Guard().place(url)
    assert (place.host, place.port) == (host, port)


def test_a_guard_of_a_test_allows_its_own_ports_and_nothing_else() -> None:
    guard = Guard(only=frozenset({("127.0.0.1", 4711)}))
    assert guard.allows("127.0.0.1", 4711)
    assert not guard.allows("127.0.0.1", 4712)
    assert not guard.allows("93.184.215.14", 443)
    assert guard.place("http://127.0.0.1:4711/").port == 4711


@pytest.mark.parametrize(
    ("address", "port"),
    [("93.184.215.14", 53), ("93.184.215.14", 853), ("10.0.0.1", 443), ("127.0.0.1", 443)],
)
def test_no_datagram_leaves_for_others_but_to_quic_at_a_public_address(address: str, port: int) -> None:
    with pytest.raises(PermissionError):
        GuardedNetwork(RealNetwork(), Guard()).open_udp(address, port)
