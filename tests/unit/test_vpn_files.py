"""Files of keys: what they name, what is refused before anything is sent, and that no key is ever quoted."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from probe.lab import openvpn, wireguard
from probe.model.vpn import Obfs4Keys, OpenVPNKeys, WireGuardKeys
from probe.model.words import Risk
from probe.pipeline.request import RunRequest, prepare
from probe.targets import CatalogueError, read_catalogue, read_vpn

if TYPE_CHECKING:
    from pathlib import Path

CONF = wireguard.conf("vpn.example.org:51820")
CERT = base64.b64encode(bytes(range(52))).decode().rstrip("=")
BRIDGE = f"Bridge obfs4 8.8.8.8:443 {'A' * 40} cert={CERT} iat-mode=0\n"
PROFILE = openvpn.profile(openvpn.Pki.made(), "vpn.example.org", 1194, "udp", "crypt")


def a_file(folder: Path, text: str, name: str = "keys") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_wireguard_file_names_its_server_and_an_address_within(tmp_path: Path) -> None:
    ((server, keys),) = read_vpn(a_file(tmp_path, CONF)).servers
    assert server == "wireguard://vpn.example.org:51820"
    assert isinstance(keys, WireGuardKeys)
    assert (keys.own, keys.inside) == ("10.66.0.2", "10.66.0.1")
    assert keys.private_key == wireguard.CLIENT.private_bytes_raw()


@pytest.mark.parametrize(
    ("address", "dns", "expected"),
    [
        ("10.9.0.7/24", "", ("10.9.0.7", "10.9.0.1")),
        ("10.9.0.7/32, fd00::7/128", "fd00::1", ("10.9.0.7", "10.9.0.7")),
        ("fd00::7/128", "10.9.0.1", ("", "")),
        ("10.9.0.7/32", "fd00::1, 10.9.0.53", ("10.9.0.7", "10.9.0.53")),
    ],
)
def test_the_address_within_is_the_dns_servers_or_the_first_of_the_network(
    tmp_path: Path, address: str, dns: str, expected: tuple[str, str]
) -> None:
    text = CONF.replace("10.66.0.2/24", address).replace(
        "DNS = 10.66.0.1", f"DNS = {dns}" if dns else "# none"
    )
    ((_, keys),) = read_vpn(a_file(tmp_path, text)).servers
    assert isinstance(keys, WireGuardKeys)
    assert (keys.own, keys.inside) == expected


def test_an_openvpn_profile_names_every_remote_with_its_transport(tmp_path: Path) -> None:
    text = PROFILE.replace(
        "remote vpn.example.org 1194",
        "remote vpn.example.org 443 tcp\nremote 8.8.4.4\nremote 2001:4860::1 53 udp6",
    )
    file = read_vpn(a_file(tmp_path, text))
    assert [server for server, _ in file.servers] == [
        "openvpn+tcp://vpn.example.org:443",
        "openvpn+udp://8.8.4.4:1194",
        "openvpn+udp://[2001:4860::1]:53",
    ]
    keys = file.servers[0][1]
    assert isinstance(keys, OpenVPNKeys)
    assert (keys.wrap, keys.static_key, keys.digest) == ("crypt", openvpn.STATIC, "sha1")


def test_the_direction_of_tls_auth_stands_in_a_line_of_its_own_or_beside_the_file(tmp_path: Path) -> None:
    inline = openvpn.profile(openvpn.Pki.made(), "vpn.example.org", 1194, "udp", "auth")
    beside = inline.partition("<tls-auth>")[0].replace("key-direction 1", "tls-auth static.key 1")
    a_file(tmp_path, openvpn.static_text(), "static.key")
    for text in (inline, beside):
        keys = read_vpn(a_file(tmp_path, text)).servers[0][1]
        assert isinstance(keys, OpenVPNKeys)
        assert (keys.wrap, keys.direction, keys.static_key) == ("auth", 1, openvpn.STATIC)


def test_a_bridge_line_holds_the_bridges_identity(tmp_path: Path) -> None:
    ((server, keys),) = read_vpn(a_file(tmp_path, BRIDGE)).servers
    assert server == "obfs4://8.8.8.8:443"
    assert keys == Obfs4Keys(node_id=bytes(range(20)), public_key=bytes(range(20, 52)))


LAST = PROFILE.count("\n") + 1
BAD = [
    ("", 1, "no keys of a tunnel"),
    ("hello = world", 1, "no keys of a tunnel"),
    (CONF.replace("PublicKey = ", "PublicKey = AAAA"), 7, "the key is not of its size"),
    (CONF.replace("PrivateKey", "Privatkey"), 10, "no privatekey in [interface]"),
    (CONF + "[Peer]\n", 11, "a second [Peer]"),
    (CONF + "[Strange]\n", 11, "a section that is neither Interface nor Peer"),
    (CONF + "nonsense\n", 11, "no `Key = value` in a section"),
    (CONF.replace("vpn.example.org:51820", "vpn.example.org:99999999"), 10, "no server: not a URL"),
    (BRIDGE.replace("cert=", "cart="), 1, "no obfs4 bridge line"),
    (BRIDGE.replace(CERT, CERT[:-4]), 1, "the key is not of its size"),
    (BRIDGE * 17, 17, "more than 16 bridges"),
    (PROFILE.replace("remote", "#remote"), 1, "no server"),
    (PROFILE.replace("1194", "none"), 4, "remote: "),
    (PROFILE.replace("proto udp", "proto carrier-pigeon"), 4, "remote: neither udp nor tcp"),
    (PROFILE.replace("</ca>", ""), 6, "a block that does not end"),
    (PROFILE.replace("<ca>", "<cia>").replace("</ca>", "</cia>"), 1, "no certificate of an authority"),
    (PROFILE.replace("-----\nMI", "-----\n!!"), 1, "a certificate or key that cannot be read"),
    (PROFILE.replace("<cert>", "<curt>").replace("</cert>", "</curt>"), 1, "of cert and key one is missing"),
    (PROFILE + "auth md4\n", LAST, "a digest that is not known here"),
    (PROFILE + "tls-crypt-v2 some.key\n", LAST, "tls-crypt-v2 is not known here"),
    (PROFILE.replace(openvpn.STATIC[:16].hex(), ""), 1, "the static key is not of 256 bytes"),
    (
        "client\nremote 8.8.8.8\nca nowhere.pem\n",
        3,
        "the file that ca names is not there",
    ),
    ("client\nremote 8.8.8.8\nca " + "n" * 300 + "\n", 3, "the file that ca names is not there"),
    ("client\n" + "".join(f"remote 8.8.8.{n}\n" for n in range(9)) + PROFILE, 10, "more than 8 servers"),
]


@pytest.mark.parametrize(("text", "line", "problem"), BAD)
def test_what_is_no_file_of_keys_is_refused_with_its_line(
    tmp_path: Path, text: str, line: int, problem: str
) -> None:
    path = a_file(tmp_path, text)
    with pytest.raises(CatalogueError) as refused:
        read_vpn(path)
    told = refused.value
    assert (told.file, told.problem[: len(problem)]) == (str(path), problem)
    assert told.line == line
    assert told.hint
    for secret in (base64.b64encode(wireguard.SHARED).decode(), openvpn.STATIC[:16].hex(), CERT):
        assert secret not in str(told)


def prepared(*files: Path, urls: tuple[str, ...] = (), consent: bool = True) -> dict[str, object]:
    made = prepare(RunRequest(vpn=files, urls=urls, include_high_risk=consent), catalogue=read_catalogue())
    assert all(t.risk is Risk.HIGH for t in made.targets)
    assert "private_key" not in repr(made)
    return {t.input: (t.target_id, made.keys[t.target_id]) for t in made.targets}


def test_a_url_stands_in_the_place_of_the_files_server_and_goes_by_its_keys(tmp_path: Path) -> None:
    file = a_file(tmp_path, CONF)
    (named,) = prepared(file).values()
    other = prepared(file, urls=("wireguard://other.example.org:443",))
    assert list(other) == ["wireguard://other.example.org:443"]
    assert next(iter(other.values()))[1] == named[1]  # type: ignore[index]  # a pair


def test_other_keys_make_another_target_so_that_no_baseline_of_theirs_fits(tmp_path: Path) -> None:
    one = prepared(a_file(tmp_path, CONF))
    two = prepared(a_file(tmp_path, wireguard.conf("vpn.example.org:51820", wrong=True), "other"))
    assert list(one) == list(two)
    assert [x[0] for x in one.values()] != [x[0] for x in two.values()]  # type: ignore[index]  # pairs


def test_neutral_stun_servers_are_told_to_what_goes_over_udp_and_among_the_contacts(tmp_path: Path) -> None:
    catalogue = read_catalogue()
    made = prepare(RunRequest(vpn=(a_file(tmp_path, CONF),), include_high_risk=True), catalogue=catalogue)
    assert made.targets[0].servers == catalogue.stun
    hosts = {(c.purpose, c.host) for c in made.contacts if c.service in {"vpn", "stun"}}
    assert hosts == {
        ("target", "vpn.example.org"),
        *(("neutral", server.partition(":")[0]) for server in catalogue.stun),
    }


@pytest.mark.parametrize(
    ("texts", "urls", "consent", "problem"),
    [
        ((CONF,), (), False, "measuring a tunnel may put you at risk"),
        ((), ("wireguard://vpn.example.org",), True, "a tunnel takes keys"),
        ((BRIDGE,), ("wireguard://vpn.example.org",), True, "a tunnel takes keys"),
        ((), ("openvpn+udp://vpn.example.org/path",), True, "takes host and port only"),
        ((), ("obfs4://8.8.8.8",), True, "needs a port"),
        ((CONF.replace("Endpoint", "#Endpoint"),), (), True, "no server is named"),
        ((CONF, CONF), ("wireguard://vpn.example.org",), True, "two files hold keys"),
        ((CONF.replace("vpn.example.org", "10.1.2.3"),), (), True, "no public address"),
    ],
)
def test_what_a_tunnel_lacks_is_said_before_anything_is_sent(
    tmp_path: Path, texts: tuple[str, ...], urls: tuple[str, ...], consent: bool, problem: str
) -> None:
    files = tuple(a_file(tmp_path, text, str(n)) for n, text in enumerate(texts))
    with pytest.raises(CatalogueError, match=problem):
        prepared(*files, urls=urls, consent=consent)
