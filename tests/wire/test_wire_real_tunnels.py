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

LONGEST_S = 300.0
NEEDS = {"wireguard": ("wireguard-go", "wg"), "openvpn": ("openvpn",), "obfs4": ("obfs4proxy",)}
KINDS = ("wireguard", "openvpn-udp", "openvpn-udp-auth", "openvpn-udp-crypt", "openvpn-tcp-crypt")


def measured(kind: str, folder: Path) -> list[dict[str, object]]:
    """Return the exchanges with a real server; skip, loudly, where it is not installed."""
    missing = [name for name in NEEDS[kind.partition("-")[0]] if shutil.which(name) is None]
    if missing:
        pytest.skip(f"NOT TESTED against a real server: not installed: {' '.join(missing)}")
    done = subprocess.run(
        ["unshare", "--net", sys.executable, "-m", "wire.real_peer", kind, str(folder)],
        env=ENVIRONMENT, capture_output=True, text=True, timeout=LONGEST_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_real_server_shakes_hands_and_carries_data(kind: str, tmp_path: Path) -> None:
    found = measured(kind, tmp_path)
    assert [(x["stage"], x["failure"], x["reached"]) for x in found] == [
        ("handshake", None, "" if kind == "wireguard" else "keys"),
        ("data", None, "echo"),
    ]
    assert all(x["strangers"] == 0 for x in found)


def test_a_real_obfs4_bridge_shows_its_mark(tmp_path: Path) -> None:
    found = measured("obfs4", tmp_path)
    assert [(x["stage"], x["failure"], x["reached"]) for x in found] == [("handshake", None, "mark")]
