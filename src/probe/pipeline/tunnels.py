"""Tunnels whose servers and keys the user names: their targets, their keys, and who vouches for UDP."""

import hashlib
import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from probe.model.target import Service, Target
from probe.model.vpn import TUNNELS, Keys, Obfs4Keys, OpenVPNKeys, WireGuardKeys
from probe.targets import Catalogue, CatalogueError, VPNFile, parse_input
from probe.targets.inputs import target_of_input

KEYED: Final = ("wireguard", "openvpn+udp", "openvpn+tcp", "obfs4")


def scheme_of(text: str) -> str:
    """Return the scheme of an input in lower case."""
    return text.partition("://")[0].lower()


def tunnels_of(files: Sequence[VPNFile], urls: Iterable[str]) -> tuple[Target, ...]:
    """Return the servers of the files as targets; a server named by --url stands in the files' stead."""
    typed = [url for url in urls if scheme_of(url) in KEYED]
    found: list[Target] = []
    for file in files:
        instead = [url for url in typed if scheme_of(url) in file.schemes]
        if instead and sum(other.schemes == file.schemes for other in files) > 1:
            raise _wrong(
                f"two files hold keys that {instead[0]} may go by",
                "Name one file by --vpn beside this --url.",
            )
        if not instead and any(not server for server, _ in file.servers):
            hint = f"Add Endpoint = host:port, or type --url {file.schemes[0]}://host:port"
            raise CatalogueError(str(file.path), 1, "no server is named", hint)
        named = [(url, file.servers[0][1]) for url in instead] if instead else file.servers
        found += [_target(server, keys) for server, keys in named]
    return tuple(found)


def _wrong(problem: str, hint: str) -> CatalogueError:
    return CatalogueError("", 0, problem, hint)


def _target(server: str, keys: Keys) -> Target:
    """Return one target; its id tells keys apart, so that only a baseline made with the same ones fits."""
    parsed = parse_input(server)
    if parsed.is_address and not ipaddress.ip_address(parsed.host).is_global:
        raise _wrong(f"{server}: no public address", "Name the server as it is reached from elsewhere.")
    plain = target_of_input(parsed, service=TUNNELS, category_code="ANON")
    digest = hashlib.sha256(f"{server}\0{_fingerprint(keys)}".encode()).hexdigest()[:10]
    stem = plain.target_id.rpartition("-")[0]
    return replace(plain, target_id=f"{stem}-{digest}", source="--vpn")


def _fingerprint(keys: Keys) -> str:
    """Return a digest of the keys; of its ten digits that are kept none leads back to a key of 32 bytes."""
    parts: tuple[bytes, ...]
    match keys:
        case WireGuardKeys():
            parts = (keys.private_key, keys.peer_public_key, keys.preshared_key)
        case OpenVPNKeys():
            parts = (keys.ca.encode(), keys.certificate.encode(), keys.static_key)
        case Obfs4Keys():
            parts = (keys.node_id, keys.public_key)
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def keys_for(targets: Iterable[Target], files: Sequence[VPNFile], *, consented: bool) -> Mapping[str, Keys]:
    """Return the keys of every tunnel among the targets. Raises CatalogueError where one has none.

    A tunnel is of high risk however it was named: it needs its own flag, as a service of that tier does.
    """
    found: dict[str, Keys] = {}
    for target in targets:
        scheme = scheme_of(target.input)
        if scheme not in KEYED:
            continue
        fitting = [file for file in files if scheme in file.schemes]
        if target.service != TUNNELS or not fitting:
            hint = "Add --vpn FILE: the WireGuard .conf, OpenVPN .ovpn or obfs4 bridge line you were given."
            raise _wrong(f"{target.input}: a tunnel takes keys", hint)
        if not consented:
            hint = "Read docs/risks.md, then add --include-high-risk"
            raise _wrong(f"{target.input}: measuring a tunnel may put you at risk where you are", hint)
        own = [one for file in fitting for one in file.servers]
        found[target.target_id] = next((k for server, k in own if server == target.input), own[0][1])
    return found


def with_stun(services: tuple[Service, ...], catalogue: Catalogue) -> tuple[Service, ...]:
    """Return the services, what goes over UDP told which neutral STUN servers vouch for UDP."""

    def told(target: Target) -> Target:
        if target.servers or scheme_of(target.input) not in {"wireguard", "openvpn+udp", "stun"}:
            return target
        own = target.input.partition("://")[2].strip("/")
        return replace(target, servers=tuple(k for k in catalogue.stun if k != own))

    return tuple(
        replace(service, targets=tuple(map(told, service.targets)))
        if any(target.experiment == "vpn" for target in service.targets)
        else service
        for service in services
    )
