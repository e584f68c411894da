"""Files of keys that a user names: a WireGuard .conf, an OpenVPN .ovpn, lines of obfs4 bridges."""

import base64
import binascii
import ipaddress
from collections.abc import Callable
from pathlib import Path
from typing import Final

from msgspec import Struct

from probe.model.vpn import Keys, Obfs4Keys, WireGuardKeys
from probe.targets.error import CatalogueError
from probe.targets.inputs import parse_input
from probe.targets.openvpn_file import read_openvpn
from probe.targets.toml_file import read_text

MOST_BRIDGES: Final = 16
_KINDS: Final = "a WireGuard .conf ([Interface] and [Peer]), an OpenVPN .ovpn, or obfs4 bridge lines"
_NODE_ID: Final = 20


class VPNFile(Struct, frozen=True, kw_only=True):
    """The servers that a file names, as inputs, and the keys for each."""

    path: Path
    schemes: tuple[str, ...]
    """Of the inputs that these keys fit."""
    servers: tuple[tuple[str, Keys], ...]


class _Line(Struct, frozen=True):
    """One meaningful line; its text is never quoted in an error, for it may be a key."""

    file: str
    number: int
    text: str

    def error(self, problem: str, hint: str) -> CatalogueError:
        return CatalogueError(self.file, self.number, problem, hint)


def read_vpn(path: Path) -> VPNFile:
    """Read a file of keys. Raises CatalogueError with the line and what to type next, never with a key."""
    _, text = read_text(path)
    lines = [
        _Line(str(path), number, written)
        for number, raw in enumerate(text.split("\n"), 1)
        if (written := raw.strip()) and not written.startswith(("#", ";"))
    ]
    for line in lines:
        for fits, read in _READERS:
            if fits(line.text.lower()):
                return read(path, lines, text)
    raise CatalogueError(str(path), 1, "no keys of a tunnel", f"Name {_KINDS}.")


def _wireguard(path: Path, lines: list[_Line], _text: str) -> VPNFile:
    section, found = "", {}
    for line in lines:
        if line.text.startswith("["):
            section = line.text.strip("[]").lower()
            if section not in {"interface", "peer"}:
                raise line.error("a section that is neither Interface nor Peer", "Delete it, or mend it.")
            if section == "peer" and "peer" in found:
                raise line.error("a second [Peer]", "Make a file for each peer, and name each by --vpn.")
            found[section] = line
            continue
        key, equals, _ = line.text.partition("=")
        if not equals or not section:
            raise line.error("no `Key = value` in a section", "Copy the whole file as your provider gave it.")
        found[f"{section}.{key.strip().lower()}"] = line
    last = lines[-1]

    def value(key: str) -> str:
        line = found.get(key)
        return line.text.partition("=")[2].partition("#")[0].strip() if line else ""

    def key_of(name: str, *, needed: bool = True) -> bytes:
        line = found.get(name)
        if line is None and needed:
            shown = name.partition(".")[2]
            raise last.error(f"no {shown} in [{name.partition('.')[0]}]", f"Add a line: {shown} = …")
        return _base64(line, value(name), 32) if line is not None else bytes(32)

    private, public = key_of("interface.privatekey"), key_of("peer.publickey")
    shared = key_of("peer.presharedkey", needed=False)
    where = found.get("peer.endpoint")
    own, inside = _inner(value("interface.address"), value("interface.dns"))
    keys = WireGuardKeys(
        private_key=private, peer_public_key=public, preshared_key=shared, own=own, inside=inside
    )
    servers = ((_server(where, "wireguard", value("peer.endpoint")), keys),) if where else (("", keys),)
    return VPNFile(path=path, schemes=("wireguard",), servers=servers)


def _inner(addresses: str, dns: str) -> tuple[str, str]:
    """Return this end's address within the tunnel, and one to send echo requests to."""
    own: ipaddress.IPv4Interface | None = None
    for text in addresses.split(","):
        try:
            own = own or ipaddress.IPv4Interface(text.strip())
        except ValueError:
            continue
    if own is None:
        return "", ""
    for text in dns.split(","):
        try:
            return str(own.ip), str(ipaddress.IPv4Address(text.strip()))
        except ValueError:
            continue
    first = own.network.network_address + 1 if own.network.prefixlen < 31 else own.ip
    return str(own.ip), str(first)


def _base64(line: _Line, text: str, size: int) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != size:
        raise line.error("the key is not of its size", "Copy the line whole, with its last character, =.")
    return key


def _server(line: _Line, scheme: str, text: str) -> str:
    """Return the input of a server; IPv6 stands in brackets."""
    try:
        return parse_input(f"{scheme}://{text}").text
    except ValueError as error:
        raise line.error(f"no server: {error}", "Write Endpoint = host:port.") from None


def _openvpn(path: Path, _lines: list[_Line], text: str) -> VPNFile:
    servers = read_openvpn(path, text)
    return VPNFile(path=path, schemes=("openvpn+udp", "openvpn+tcp"), servers=servers)


def _bridges(path: Path, lines: list[_Line], _text: str) -> VPNFile:
    servers: list[tuple[str, Keys]] = []
    for line in lines:
        words = line.text.split()
        words = words[1:] if words[0].lower() == "bridge" else words
        cert = next((w.removeprefix("cert=") for w in words if w.startswith("cert=")), "")
        if len(words) < 3 or words[0].lower() != "obfs4" or not cert:
            hint = "Copy the line as you were given it: obfs4 1.2.3.4:443 FINGERPRINT cert=… iat-mode=0"
            raise line.error("no obfs4 bridge line", hint)
        if len(servers) == MOST_BRIDGES:
            raise line.error(f"more than {MOST_BRIDGES} bridges", "Leave some out.")
        raw = _base64(line, cert + "=" * (-len(cert) % 4), _NODE_ID + 32)
        keys = Obfs4Keys(node_id=raw[:_NODE_ID], public_key=raw[_NODE_ID:])
        servers.append((_server(line, "obfs4", words[1]), keys))
    return VPNFile(path=path, schemes=("obfs4",), servers=tuple(servers))


Reader = Callable[[Path, list[_Line], str], VPNFile]
_READERS: Final[tuple[tuple[Callable[[str], bool], Reader], ...]] = (
    (lambda line: line.startswith(("[interface]", "[peer]")), _wireguard),
    (lambda line: line.startswith(("obfs4 ", "bridge obfs4 ")), _bridges),
    (lambda line: line.split()[0] in {"client", "remote", "tls-client", "<ca>", "dev", "proto"}, _openvpn),
)
"""What a line that is no comment shows of the file's kind, and who reads it."""
