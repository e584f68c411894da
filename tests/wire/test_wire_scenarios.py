"""The real command, with real names and addresses, through a wire that interferes: what it must say of each.

Every row of `wire.tables_*` is a test: the state, mechanism and location of one target in one world.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from wire.harness import difference
from wire.runner import Runner
from wire.tables import TESTED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wire.scenario import Row

pytestmark = pytest.mark.slow

ROWS: Final = [
    pytest.param(
        scenario.name, row, id=f"{scenario.name}: {row.subject} is {row.state} {row.mechanism or ''}".strip()
    )
    for scenario in TESTED.values()
    for row in scenario.rows
]


@pytest.fixture(scope="session")
def runner(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """Every scenario that a selected test names, begun in the order of the tables."""
    base = tmp_path_factory.getbasetemp()
    shared = Path(
        os.environ.get("PROBE_WIRE_FOLDER") or (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base)
    )
    calls = [getattr(item, "callspec", None) for item in request.session.items]
    wanted = {call.params["name"] for call in calls if call and "name" in call.params}
    made = Runner(shared, [name for name in TESTED if name in wanted])
    yield made
    told = made.close()
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        sys.stderr.writelines(f"\n{line}\n" for line in told)


@pytest.mark.parametrize(("name", "row"), ROWS)
def test_the_real_command_says_of(runner: Runner, name: str, row: Row) -> None:
    outcome = runner.outcome(name)
    assert not outcome.trouble
    assert difference(row, outcome) == "", outcome.stderr[-2000:]


@pytest.mark.parametrize("name", TESTED)
def test_a_run_ends_in_good_order(runner: Runner, name: str) -> None:
    """The exit code is the contract's, and no file holds the volunteer's address."""
    outcome = runner.outcome(name)
    assert not outcome.trouble
    assert outcome.exit_code == TESTED[name].exit_code, outcome.stderr[-2000:]
    assert outcome.leaks == []


@pytest.mark.parametrize("name", [s.name for s in TESTED.values() if s.censors])
def test_the_censor_did_act(runner: Runner, name: str) -> None:
    """A row that passes because nothing happened would prove nothing: each censor of the table struck."""
    outcome = runner.outcome(name)
    struck = {label.rpartition(":")[0] for label, count in outcome.counts.items() if count}
    for censor in TESTED[name].censors:
        assert censor.get("label", censor["kind"]) in struck, outcome.counts
