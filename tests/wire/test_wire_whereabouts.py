"""The real command finds its AS out over the wire, by the family that is its own; where nobody tells, AS0."""

from __future__ import annotations

import csv
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from probe.lab.names import SYSTEM_RESOLVERS, Names
from probe.targets import read_catalogue
from wire.harness import COMMAND, _start_world
from wire.link import Link
from wire.netns import CLIENT4, CLIENT6
from wire.packets import UDP
from wire.tables import SCENARIOS

TABLE = "# dated: 2026-11-01\n100.64.0.0/10\t64500\n2a00:1fa0::/32\t31133\n"
"""The first is a carrier's NAT, which no table should hold and no run may believe."""
CATALOGUE = read_catalogue()
STUN = [ip for server in CATALOGUE.stun for ip in Names(CATALOGUE).addresses(server.rpartition(":")[0])]
SILENT = {"kind": "address", "action": "drop", "addresses": STUN, "ports": [3478], "protos": [UDP]}


def told(folder: Path, *, families: str = "46", censored: bool = False) -> dict[str, Any]:
    """Run the command where the volunteer sits; return what both tables say of the place, and stderr."""
    folder.mkdir()
    (folder / "ipasn.dat").write_text(TABLE)
    with Link(None, resolver=SYSTEM_RESOLVERS[0], families=families) as wire:
        world, ready = _start_world(wire, SCENARIOS["clean"], folder)
        try:
            shape = {"delay_ms": 20.0}
            censors = [SILENT | {"label": "stun"}] if censored else []
            wire.start({"up": shape, "down": shape, "censors": censors, "seed": 1})
            passed = os.environ.keys() & {"PATH", "PYTHONPATH", "PROBE_TEST_HOME_NETNS"}
            done = subprocess.run(
                wire.command(
                    *(*COMMAND, "run", "google-play", "--rounds", "1", "--no-throughput", "--yes"),
                    *("--asn", "detect", "--asn-table", str(folder / "ipasn.dat"), "--lang", "en"),
                    *("--region", "Yakutia", "--access-type", "mobile", "--results", str(folder / "results")),
                    client=True,
                ),
                env={name: os.environ[name] for name in passed}
                | {"HOME": str(folder), "LANG": "C.UTF-8", "SSL_CERT_FILE": ready["ca"]},
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=400,
                check=False,
            )
        finally:
            world.terminate()
            world.communicate(timeout=120)
    assert done.returncode == 0, done.stderr
    (run,) = (folder / "results").iterdir()
    columns = ("probe_cc", "region", "probe_asn", "asn_source", "access_type")
    places: set[tuple[str, ...]] = set()
    for name in ("verdicts.csv", "services.csv"):
        with (run / name).open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) > 1
        places |= {tuple(row[column] for column in columns) for row in rows}
    own = (CLIENT4.encode(), CLIENT6.encode())
    leaks = [p.name for p in run.rglob("*") if p.is_file() and any(a in p.read_bytes() for a in own)]
    assert leaks == []
    assert not any(address in done.stdout + done.stderr for address in (CLIENT4, CLIENT6))
    return {"places": places, "run": run.name.split("-")[1], "stderr": done.stderr}


@pytest.mark.slow
def test_the_command_finds_its_as_by_the_family_whose_address_is_its_own(tmp_path: Path) -> None:
    found = told(tmp_path / "both")
    assert found["places"] == {("RU", "RU-SA", "AS31133", "detected", "mobile")}
    assert found["run"] == "AS31133"
    assert "AS0" not in found["stderr"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("families", "censored"), [("4", False), ("46", True)], ids=["carrier-nat", "silence"]
)
def test_where_nobody_can_tell_it_stays_unknown_and_what_to_type_is_said(
    tmp_path: Path, families: str, censored: bool
) -> None:
    found = told(tmp_path / "none", families=families, censored=censored)
    assert found["places"] == {("RU", "RU-SA", "AS0", "none", "mobile")}
    assert found["run"] == "AS0"
    assert (
        "Your AS could not be detected: it stays AS0. Type your operator's number, --asn" in found["stderr"]
    )
