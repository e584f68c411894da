"""`probe self-test` itself, on real sockets over a wire: an even link, and one that loses."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from probe.lab.names import SYSTEM_RESOLVERS
from wire.harness import COMMAND, _start_world
from wire.link import Link
from wire.netns import CLIENT4, CLIENT6
from wire.tables import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.slow

LINE: Final = {"delay_ms": 30.0, "rate_bps": 8_000_000.0, "buffer_bytes": 100_000}
TRIALS: Final = 24
LONGEST_S: Final = 400.0


def self_tested(folder: Path, link: Mapping[str, float]) -> dict[str, Any]:
    """Run the command over such a link where nobody interferes; return what it printed as JSON."""
    with Link(None, resolver=SYSTEM_RESOLVERS[0]) as wire:
        world, ready = _start_world(wire, SCENARIOS["clean"], folder)
        try:
            shape = dict(link)
            wire.start({"up": shape, "down": shape, "censors": [], "seed": 1})
            passed = os.environ.keys() & {"PATH", "PYTHONPATH", "PROBE_TEST_HOME_NETNS"}
            done = subprocess.run(
                wire.command(
                    *(*COMMAND, "self-test", "--trials", str(TRIALS), "--yes", "--json"),
                    *("--results", str(folder / "results"), "--asn", "AS12389", "--lang", "en"),
                    client=True,
                ),
                env={name: os.environ[name] for name in passed}
                | {"HOME": str(folder), "LANG": "C.UTF-8", "SSL_CERT_FILE": ready["ca"]},
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=LONGEST_S,
                check=False,
            )
        finally:
            world.terminate()
            world.communicate(timeout=120)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(("loss", "least_spread"), [(0.0, 0.0), (0.03, 0.05)], ids=["even", "lossy"])
def test_on_a_link_that_nobody_slows_no_comparison_is_called_throttled(
    loss: float, least_spread: float, tmp_path: Path
) -> None:
    found = self_tested(tmp_path, {**LINE, "loss": loss})
    here = found["here"]
    assert (here["n_trials"], here["n_tests"], here["n_false"]) == (TRIALS, 2, 0)
    assert 0.5 < here["bound"] < 1
    assert here["rsd"] >= least_spread
    assert {len(rates) for rates in found["rates_bps"].values()} == {TRIALS}
    assert all(1e5 < rate < 8e6 for rates in found["rates_bps"].values() for rate in rates)
    (run,) = (tmp_path / "results").iterdir()
    assert json.loads((run / "self-test.json").read_text()) == found
    own = (CLIENT4.encode(), CLIENT6.encode())
    files = [path for path in run.rglob("*") if path.is_file()]
    assert [path for path in files if any(address in path.read_bytes() for address in own)] == []
