"""A whole run over tunnels in the lab: what it says, and that no key or inner address is in its folder."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any

import pytest

from probe.lab import open_lab, openvpn, tunnels, wireguard
from probe.measure.wireguard import public_of
from probe.model.options import RunOptions
from probe.pipeline import RunRequest, RunResult, prepare
from probe.pipeline.finish import finish
from probe.pipeline.folder import open_run
from probe.pipeline.run import measure, result_of
from probe.targets import CatalogueError, read_catalogue

pytestmark = pytest.mark.slow
FILES = ("wg-1.conf", "ovpn-1.ovpn", "wg-wrong.conf")


class Nobody:
    """An observer who does not watch."""

    def __getattr__(self, _name: str) -> Any:
        return lambda *_args, **_kwargs: None


async def _run(folder: Path) -> RunResult:
    catalogue = read_catalogue()
    tunnels.write_files(folder)
    async with open_lab("clean", catalogue, rtt_s=0.0) as lab:
        request = RunRequest(
            services=("calls",),
            vpn=tuple(folder / name for name in FILES),
            include_high_risk=True,
            results=folder / "results",
            options=RunOptions(rounds=2, round_gap_s=0.5, timeout_s=1.0),
        )
        opened = open_run(prepared := prepare(request, catalogue=catalogue), lab.network)
        with opened.folder:
            record = await measure(prepared, lab.network, Nobody(), opened)
            return result_of(opened.folder.path, finish(opened.folder, record), interrupted=False)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    return asyncio.run(_run(tmp_path_factory.mktemp("tunnels")))


def test_tunnels_that_work_are_reachable_and_wrong_keys_accuse_nobody(result: RunResult) -> None:
    said = {v.input: (v.state.value, v.rule_id) for v in result.verdicts}
    assert said == {
        "stun://stun.fbsbx.com:3478": ("reachable", "vpn.handshake_answered"),
        "stun://stun.telnyx.com:3478": ("reachable", "vpn.handshake_answered"),
        f"wireguard://wg-1.{tunnels.DOMAIN}:51820": ("reachable", "vpn.answered"),
        f"openvpn+udp://ovpn-1.{tunnels.DOMAIN}:1194": ("reachable", "vpn.answered"),
        f"wireguard://wg-wrong.{tunnels.DOMAIN}:51820": ("inconclusive", "vpn.silent"),
    }
    assert result.record.errors == ()


def test_no_file_of_the_run_holds_a_key_or_an_address_within_a_tunnel(result: RunResult) -> None:
    pki = openvpn.Pki.made()
    raw = (
        *(k.private_bytes_raw() for k in (wireguard.CLIENT, wireguard.SERVER)),
        public_of(wireguard.SERVER),
        wireguard.SHARED,
    )
    secrets = [base64.b64encode(key) for key in raw] + [key.hex().encode() for key in raw]
    secrets += [
        line.encode() for line in (*pki.client_key.splitlines()[1:-1], *pki.client.splitlines()[1:-1])
    ]
    secrets += [openvpn.STATIC[:16].hex().encode(), b"10.66.0.", b"10.77.0."]
    written = {path: path.read_bytes() for path in result.folder.rglob("*") if path.is_file()}
    assert len(written) > 5
    assert [(path.name, s) for path, content in written.items() for s in secrets if s in content] == []


def test_a_run_is_taken_up_again_with_its_files_of_keys_only(result: RunResult) -> None:
    resumed = RunRequest(resume=result.folder, results=result.folder.parent)
    with pytest.raises(CatalogueError, match="a tunnel takes keys"):
        prepare(resumed, catalogue=read_catalogue())
