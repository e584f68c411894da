"""A whole run with a volunteer in every newer input: keys, inner and public addresses, names of files."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs

from loopback.test_whereabouts import OWN, SERVER, Near, a_stun_server
from probe.lab import open_lab, openvpn, tunnels, wireguard
from probe.measure import wireguard as noise
from probe.model.options import RunOptions
from probe.model.vpn import OpenVPNKeys, WireGuardKeys
from probe.pipeline import whereabouts
from probe.pipeline.fact_list import facts_of_run
from probe.pipeline.folder import open_run
from probe.pipeline.request import Prepared, RunRequest, prepare
from probe.pipeline.run import RunResult, concluded, measure
from probe.report.facts import lines
from probe.targets import read_catalogue

if TYPE_CHECKING:
    from pathlib import Path

USER, HOST = "ivanova", "IVANOVA-PC"
CONF, PROFILE, TABLE = "secret-tunnel.conf", "secret-profile.ovpn", "table-of-mine.dat"
LOGIN = "<auth-user-pass>\nsubscriber77\nhunter2-hunter2\n</auth-user-pass>\n"
ENDPOINT = f"wg-1.{tunnels.DOMAIN}:51820"
AUTNUM = {"objectClassName": "autnum", "startAutnum": 3333, "handle": f"{OWN} - {OWN}"}


class Warned:
    """An observer who keeps what he is told."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __getattr__(self, _name: str) -> Any:
        return lambda *args, **kwargs: self.texts.append(repr((args, kwargs)))


def spellings(secret: bytes) -> tuple[bytes, ...]:
    return secret, base64.b64encode(secret).rstrip(b"="), secret.hex().encode()


def planted(prepared: Prepared) -> list[bytes]:
    """Return what may be in no file, in several spellings."""
    secrets = [noise.public_of(wireguard.CLIENT)]
    texts = [USER, HOST, OWN, OWN.replace(".", "-"), CONF, PROFILE, TABLE, "10.66.0."]
    for keys in prepared.keys.values():
        if isinstance(keys, WireGuardKeys):
            secrets += [keys.private_key, keys.peer_public_key, keys.preshared_key]
            texts += [keys.own, keys.inside]
        elif isinstance(keys, OpenVPNKeys):
            secrets += [keys.static_key[at : at + 16] for at in range(0, 256, 16)]
            texts += [keys.user, keys.password]
            for pem in (keys.private_key, keys.certificate, keys.ca):
                secrets.append(base64.b64decode("".join(pem.split("-----")[2].split())))
                texts += pem.splitlines()[1:-1]
    return [spelled for secret in secrets for spelled in spellings(secret)] + [
        text.encode() for text in texts
    ]


def test_nothing_of_the_volunteer_is_in_any_file_of_a_run_nor_on_the_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PROBE_DEBUG", "1")
    monkeypatch.setenv("LOGNAME", USER)
    monkeypatch.setenv("HOME", f"/home/{USER}")
    monkeypatch.setattr("platform.node", lambda: HOST)
    home = tmp_path / USER
    home.mkdir()
    table, conf, saved = home / TABLE, home / CONF, home / f"rdap {USER} {OWN}.json"
    table.write_text("# dated: 2026-11-05\n93.184.215.0/24\t64500\n")
    conf.write_text(wireguard.conf(ENDPOINT))
    profile = home / PROFILE
    name = f"ovpn-1.{tunnels.DOMAIN}"
    profile.write_text(openvpn.profile(openvpn.Pki.made(), name, openvpn.PORT, "udp", "crypt") + LOGIN)
    saved.write_text(json.dumps(AUTNUM))
    watching = Warned()

    async def main() -> tuple[Prepared, RunResult]:
        catalogue = structs.replace(read_catalogue(), stun=(SERVER,))
        async with open_lab("clean", catalogue, rtt_s=0.0) as lab, a_stun_server(OWN) as port:
            theirs = lab.network.open_udp
            monkeypatch.setattr(
                lab.network,
                "open_udp",
                lambda ip, to: Near(port).open_udp(ip, to) if to == 3478 else theirs(ip, to),
            )
            request = RunRequest(
                results=tmp_path / "results",
                options=RunOptions(rounds=1, throughput=False),
                vpn=(conf, profile),
                registry_files=(saved,),
                urls=("stun://stun.calls.example:3478",),
                include_high_risk=True,
                detect_asn=True,
                asn_table=table,
            )
            prepared = prepare(request, catalogue=catalogue)
            standing = await whereabouts._detected(prepared, lab.network, request.vantage)
            opened = open_run(prepared, lab.network, simulated=True, standing=standing)
            with opened.folder:
                record = await measure(prepared, lab.network, watching, opened)
                return prepared, concluded(opened.folder, record, watching)

    prepared, result = asyncio.run(main())
    assert (result.record.vantage.asn_source, result.record.errors) == ("detected", ())
    assert {t.experiment for t in prepared.targets} == {"vpn", "registry"}
    files = [path for path in result.folder.rglob("*") if path.is_file()]
    content = {str(path.relative_to(result.folder)): path.read_bytes() for path in files}
    for protocol in (b"wireguard", b"openvpn"):
        echoes = b'"protocol":"%s","transport":"udp","stage":"data","reached":"echo"' % protocol
        assert echoes in content["measurements.jsonl"]
    assert b'"reached":"mapped"' in content["measurements.jsonl"]
    out, err = capfd.readouterr()
    told = "\n".join(lines(facts_of_run(result.folder)))
    content |= {"screen": (out + err).encode(), "observer": "\n".join(watching.texts).encode()}
    content["facts"] = told.encode()
    assert "AS3333: handle [ip] - [ip]" in told
    found = {(name, each) for name, bytes_ in content.items() for each in planted(prepared) if each in bytes_}
    assert found == set()
