"""Tunnels against the implementations that people run, each in a namespace of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from wire.link import ENVIRONMENT

if TYPE_CHECKING:
    from pathlib import Path

LONGEST_S = 60.0
NEEDS = {"wireguard": ("wireguard-go", "wg"), "openvpn": ("openvpn",), "obfs4": ("obfs4proxy",)}
KINDS = ("wireguard", "openvpn-udp", "openvpn-udp-auth", "openvpn-udp-crypt", "openvpn-tcp-crypt")


@pytest.mark.parametrize("kind", KINDS)
def test_a_real_server_shakes_hands_and_carries_data(kind: str, tmp_path: Path) -> None:
    missing = [name for name in NEEDS[kind.partition("-")[0]] if shutil.which(name) is None]
    if missing:
        pytest.skip(f"NOT TESTED against a real server: apt-get install {' '.join(missing)}")
    done = subprocess.run(
        ["unshare", "--net", sys.executable, "-m", "wire.real_peer", kind, str(tmp_path)],
        env=ENVIRONMENT, capture_output=True, text=True, timeout=LONGEST_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert [(x["stage"], x["failure"], x["reached"]) for x in found] == [
        ("handshake", None, "" if kind == "wireguard" else "keys"),
        ("data", None, "echo"),
    ]
    assert all(x["strangers"] == 0 for x in found)
