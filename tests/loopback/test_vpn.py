"""The recipe of tunnels in the lab: handshakes, data, and what stays silent."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from loopback.lab_clients import in_lab
from loopback.settings import QUICK, a_session, a_target
from probe.lab import Lab, openvpn, tunnels, wireguard
from probe.model.target import Step
from probe.targets import read_vpn

if TYPE_CHECKING:
    from probe.model.measurement import Measurement
    from probe.model.vpn import Keys, VPNExchange

ENDPOINT = f"wg-1.{tunnels.DOMAIN}:51820"
NEUTRAL = "stun.neutral.example:3478"


def keys_of(text: str, name: str = "wg.conf") -> Keys:
    """Return the keys that a file of this text holds."""
    with TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_text(text)
        return read_vpn(path).servers[0][1]


def measured(input_: str, keys: Keys | None = None, *, servers: tuple[str, ...] = ()) -> Measurement:
    async def use(lab: Lab) -> Measurement:
        target = a_target(input_, experiment="vpn", servers=servers)
        known = {target.target_id: keys} if keys is not None else {}
        async with a_session(lab.network, options=QUICK, keys=known) as session:
            return (await session.measure(Step(target=target, experiment="vpn"))).measurement

    return in_lab("clean", use)


def told(m: Measurement) -> list[tuple[str, str, str | None, str]]:
    """Return protocol, stage, failure and how far it came of each exchange over IPv4."""
    return [(x.protocol, x.stage, x.failure, x.reached) for x in over_4(m)]


def over_4(m: Measurement) -> list[VPNExchange]:
    return [x for x in m.vpn_exchanges if ":" not in x.ip]


def test_wireguard_shakes_hands_and_its_echo_requests_come_back() -> None:
    m = measured(f"wireguard://{ENDPOINT}", keys_of(wireguard.conf(ENDPOINT)))
    assert told(m) == [("wireguard", "handshake", None, ""), ("wireguard", "data", None, "echo")]
    shake, data = over_4(m)
    assert (shake.packets_sent, shake.packets_received, shake.bytes_sent, shake.bytes_received) == (
        1,
        1,
        148,
        92,
    )
    assert (data.sizes, data.packets_sent, data.packets_received) == ((0, 84, 528, 1228), 4, 3)
    assert all(x.strangers == 0 for x in over_4(m))


def test_wrong_keys_meet_silence_and_a_neutral_stun_server_is_asked_whether_udp_passes() -> None:
    m = measured(f"wireguard://{ENDPOINT}", keys_of(wireguard.conf(ENDPOINT, wrong=True)), servers=(NEUTRAL,))
    assert told(m) == [
        ("wireguard", "handshake", "generic_timeout_error", ""),
        ("stun", "handshake", None, "mapped"),
    ]
    assert [x.arm for x in over_4(m)] == ["", "neutral"]
    assert over_4(m)[0].packets_sent == 3


@pytest.mark.slow
def test_a_server_without_an_echo_answers_data_by_its_keepalive_after_ten_seconds() -> None:
    m = measured(f"wireguard://{ENDPOINT}", keys_of(wireguard.conf(ENDPOINT, inside="10.66.0.9")))
    data = over_4(m)[1]
    assert (data.failure, data.reached) == (None, "packet")
    assert 9.9 < data.t - data.t0 < 12.0


def test_a_stun_server_tells_an_address_that_is_not_kept() -> None:
    m = measured("stun://stun.calls.example:3478")
    assert told(m) == [("stun", "handshake", None, "mapped")]
    assert "127.0.0.1" not in repr(m)
    assert "::1" not in repr(m)


def test_a_relay_of_tor_shakes_hands_over_tls_and_tells_its_versions() -> None:
    m = measured("tor://217.196.147.77:443")
    assert told(m) == [("tor", "handshake", None, "tls"), ("tor", "data", None, "versions")]
    assert [h.arm for h in m.tls_handshakes] == ["tor"]


def test_a_web_server_that_waits_for_a_request_is_no_relay() -> None:
    m = measured("tor://x.com:443")
    assert told(m)[:2] == [("tor", "handshake", None, "tls"), ("tor", "data", "generic_timeout_error", "")]


def test_keys_are_in_no_record_and_in_no_repr() -> None:
    keys = keys_of(wireguard.conf(ENDPOINT))
    m = measured(f"wireguard://{ENDPOINT}", keys)
    assert wireguard.CLIENT.private_bytes_raw() not in repr(m).encode()
    assert "private_key" not in repr(keys)


@pytest.mark.parametrize(("label", "wrap"), tunnels.OPENVPN.items())
def test_openvpn_shakes_hands_under_each_wrapping_and_its_echo_requests_come_back(
    label: str, wrap: str
) -> None:
    name = f"{label}.{tunnels.DOMAIN}"
    keys = keys_of(openvpn.profile(openvpn.Pki.made(), name, 1194, "udp", wrap), "it.ovpn")
    m = measured(f"openvpn+udp://{name}:1194", keys)
    assert told(m) == [("openvpn", "handshake", None, "keys"), ("openvpn", "data", None, "echo")]
    assert over_4(m)[1].sizes == (16, 84, 528, 1228)
    assert over_4(m)[1].strangers == 0


def test_another_static_key_meets_silence() -> None:
    name = f"ovpn-1.{tunnels.DOMAIN}"
    text = openvpn.profile(openvpn.Pki.made(), name, 1194, "udp", "crypt").replace("0", "1")
    head, _, rest = text.partition("-----BEGIN OpenVPN")
    good = openvpn.profile(openvpn.Pki.made(), name, 1194, "udp", "crypt").partition("-----BEGIN OpenVPN")[0]
    m = measured(f"openvpn+udp://{name}:1194", keys_of(good + "-----BEGIN OpenVPN" + rest, "it.ovpn"))
    assert head
    assert told(m) == [("openvpn", "handshake", "generic_timeout_error", "")]
