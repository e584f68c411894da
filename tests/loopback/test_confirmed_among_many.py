"""A confirmation that chance may have made is taken back in every file alike, and told once."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any

import pytest

from probe.model.verdict import Verdict
from probe.pipeline import demo, rejudge
from probe.pipeline.finish import finish
from probe.store import RunFolder

pytestmark = pytest.mark.slow


class Listening:
    """An observer who notes the verdicts that will be written."""

    def __init__(self) -> None:
        self.told: list[Verdict] = []

    def final(self, verdict: Verdict) -> None:
        self.told.append(verdict)

    def __getattr__(self, _name: str) -> Any:
        return lambda *_args, **_kwargs: None


def confirmed_in(folder: Path, name: str, key: str, subject: str) -> str:
    with (folder / name).open(newline="", encoding="utf-8") as file:
        return next(row["confirmed"] for row in csv.DictReader(file) if row[key] == subject)


def test_what_is_unconfirmed_for_its_number_is_so_in_every_file_and_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live: Any = Listening()
    result = demo("throttled-name-only", tmp_path, live)
    slowed = {v.target_id for v in result.verdicts if v.state == "throttled" and v.confirmed}
    assert slowed, [(v.target_id, v.state, v.because) for v in result.verdicts]
    target = min(slowed)
    assert sorted(v.target_id for v in live.told) == sorted(v.target_id for v in result.verdicts)
    assert {v.target_id: v for v in live.told} == {v.target_id: v for v in result.verdicts}

    # As among very many. The module by its name: the package has a function of that name.
    monkeypatch.setattr(sys.modules["probe.judge.multiplicity"], "MULTIPLE_P", 1e-9)
    again: Any = Listening()
    with RunFolder.open(result.folder) as folder:
        finish(folder, folder.read_run(), again, out=tmp_path / "many")
    rejudge(result.folder, None, tmp_path / "rejudged")
    for out in ("many", "rejudged"):
        assert confirmed_in(tmp_path / out, "verdicts.csv", "target_id", target) == "false"
        service = target.partition("/")[0]
        assert confirmed_in(tmp_path / out, "services.csv", "service", service) == "false"
    told = [v for v in again.told if v.target_id == target]
    assert [(v.state, v.confirmed) for v in told] == [("throttled", False)]
    assert "is too much to call it confirmed" in told[0].notes[-1]
    assert confirmed_in(result.folder, "verdicts.csv", "target_id", target) == "true"
