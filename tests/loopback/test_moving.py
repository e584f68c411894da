"""A run in the lab whose machine is carried to another network on the way, and one that stays."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from probe.lab.network import LabNetwork
from probe.model.observation import LocalFact
from probe.model.words import ReasonCode, State
from probe.pipeline.demo import simulate
from probe.store import RunFolder

if TYPE_CHECKING:
    from pathlib import Path

    from probe.pipeline.run import RunResult

SCENARIO = "tls-drop-sni"
WIFI, MOBILE = LocalFact(name="link.ipv4", value="wifi"), LocalFact(name="link.ipv4", value="mobile")


class Nobody:
    """An observer who does not watch."""

    def __getattr__(self, _name: str) -> Any:
        return lambda *_args, **_kwargs: None


def _carried(looks: list[LocalFact], results: Path, patch: pytest.MonkeyPatch) -> RunResult:
    """Run with a machine that tells one of the looks after the other, the last for good."""
    left = list(looks)

    def vantage(_network: LabNetwork) -> tuple[LocalFact, ...]:
        return (left.pop(0) if len(left) > 1 else left[0],)

    patch.setattr(LabNetwork, "vantage", vantage)
    return asyncio.run(simulate(SCENARIO, results, Nobody()))


def _told(result: RunResult) -> list[str]:
    kept = RunFolder.open(result.folder).measurements()
    return [f.value for m in kept if m.experiment == "local" for f in m.local if f.name == "link.ipv4"]


@pytest.mark.slow
def test_what_was_measured_on_two_networks_accuses_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = _carried([WIFI, MOBILE], tmp_path / "moved", monkeypatch)
    first, *later = _told(moved)  # more looks than one where the neutrals had to be asked again
    assert (first, set(later)) == ("wifi", {"mobile"})
    assert (moved.network.rule_id, moved.network.reason_code) == (
        "network.changed",
        ReasonCode.NETWORK_CHANGED,
    )
    assert {(v.state, v.reason_code) for v in moved.verdicts} == {
        (State.INCONCLUSIVE, ReasonCode.NETWORK_CHANGED)
    }

    stayed = _carried([WIFI], tmp_path / "stayed", monkeypatch)
    assert set(_told(stayed)) == {"wifi"}
    assert len(_told(stayed)) > 1
    assert stayed.network.rule_id == "network.fine"
    assert State.BLOCKED in {v.state for v in stayed.verdicts}
