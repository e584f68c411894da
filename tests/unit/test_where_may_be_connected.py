"""Which addresses may be connected to on a resolver's or a server's word."""

import pytest

from probe.measure.urls import is_public


@pytest.mark.parametrize(
    "ip",
    [
        "93.184.215.14",
        "2606:4700::1",
        "64:ff9b::5db8:d70e",
        "64:ff9b:1::5db8:d70e",
        "198.18.0.7",
        "198.19.255.254",
    ],
)
def test_public_addresses_and_the_fake_ones_of_a_tunnel_may(ip: str) -> None:
    assert is_public(ip)


@pytest.mark.parametrize(
    "ip",
    [
        *("10.0.0.1", "198.17.255.255x", "198.51.100.1", "192.168.1.1", "64:ff9b::a00:1", "::1", "224.0.0.1"),
        *("", "0.0.0.0", "100.64.0.1", "169.254.169.254", "192.0.0.8", "192.0.0.9", "255.255.255.255"),
        *("::", "fd00::1", "fe80::1%eth0", "fec0::1", "ff02::1", "4000::1", "5f00::1", "2001:db8::1"),
        *("::ffff:10.0.0.1", "::ffff:0:10.0.0.1", "::10.0.0.1", "64:ff9b:1::a00:1", "64:ff9b:1::7f00:1"),
        *("2002:a00:1::", "2001:0:a00:1::1"),
    ],
)
def test_addresses_of_the_volunteers_own_network_and_junk_may_not(ip: str) -> None:
    assert not is_public(ip)
