"""Runs are read for reports from folders, bags and zips: each once, none damaged, none of the lab beside "
"real ones."""

import json
import shutil
from pathlib import Path

import pytest

from probe.model.words import State
from probe.pipeline.rejudge import rejudge
from probe.pipeline.reporting import known_of, told, told_of
from probe.pipeline.request import UsageError
from probe.report.annex import Annex, annex_of
from probe.report.annex.letter import Letter
from probe.store import StoreError
from probe.targets import CatalogueError
from unit.a_bag import a_run, change, hashed_again, sealed

HEAD = "asn,registered_name,commercial_name,country,spellings"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_run(tmp_path_factory.mktemp("results"))


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "results" / made.name)
    return tmp_path / "results" / made.name


def annex(*paths: Path, letter: Letter | None = None) -> Annex:
    with told_of(paths) as runs:
        return annex_of(runs, letter or Letter(), known_of())


def test_a_run_is_told_as_it_was_judged(run: Path) -> None:
    one = told(run)
    services = (run / "services.csv").read_text().splitlines()[1:]
    assert sorted(row.split(",")[2:4] for row in services) == sorted(
        [service.service, str(service.state)] for service in one.services
    )
    assert [v.state for v in one.verdicts if v.service == "network"] == [State.REACHABLE]
    assert {t.target_id for t in one.targets} == {v.target_id for v in one.verdicts} - {"network"}
    assert sum(1 for _ in one.measurements()) == one.record.n_measurements
    assert one.seal is None
    assert one.custody == ()


def test_a_bag_is_told_with_what_it_is_sealed_by(run: Path, tmp_path: Path) -> None:
    done = sealed(run, tmp_path / "out")
    one = told(done.bag)
    assert one.seal is not None
    assert (one.seal.root_sha256, one.seal.signature, one.seal.token) == (done.root_sha256, "none", "none")
    assert one.seal.judged_again == "same"
    assert one.seal.n_files == sum(1 for path in (done.bag / "data").rglob("*") if path.is_file())
    assert [(role, action) for _time, role, action in one.custody] == [
        ("volunteer", "measurement_began"),
        ("volunteer", "measurement_ended"),
        ("holder", "sealed"),
    ]


def test_the_same_run_given_as_folder_bag_and_zip_counts_once(run: Path, tmp_path: Path) -> None:
    done = sealed(run, tmp_path / "out")
    copy = tmp_path / "copy" / run.name
    shutil.copytree(run, copy)
    with told_of([run, copy, done.zip, done.bag, run]) as runs:
        assert [one.seal is not None for one in runs] == [True]
        assert sum(1 for _ in runs[0].measurements()) == runs[0].record.n_measurements


def test_the_annex_of_a_folder_a_bag_and_its_zip_says_the_same_but_for_the_seal(
    run: Path, tmp_path: Path
) -> None:
    done = sealed(run, tmp_path / "out")
    of_bag, of_zip, of_run = annex(done.bag), annex(done.zip), annex(run)
    assert of_bag == of_zip
    assert of_bag.summary == of_run.summary
    assert (of_bag.runs[0].name, of_run.runs[0].name) == (done.root_sha256[:8], "unsealed-1")


def test_two_runs_of_one_name_that_differ_are_refused(run: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / run.name
    shutil.copytree(run, other)
    change(other / "run.json", seed=8)
    with pytest.raises(UsageError, match="hold different runs"), told_of([run, other]):
        pass


def test_two_runs_with_the_same_verdicts_are_two(run: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(run, other)
    change(other / "run.json", run_id="20261122T120000Z-AS64500-abcd")
    made = annex(run, other)
    assert len(made.runs) == 2
    assert {row.n_runs for row in made.summary} == {2}


def test_a_run_of_the_lab_stands_beside_no_real_one(run: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(run, other)
    change(other / "run.json", run_id="20261122T120000Z-AS64500-abcd", simulated=False)
    with pytest.raises(UsageError, match="made in the lab: evidence of nothing"), told_of([run, other]):
        pass
    assert annex(run).simulated


def test_a_bag_that_was_altered_is_not_told_of(run: Path, tmp_path: Path) -> None:
    done = sealed(run, tmp_path / "out")
    done.bag.chmod(0o700)
    (done.bag / "data" / "added.txt").write_text("x")
    with pytest.raises(StoreError, match="the bag is not what it says: The manifest does not name this file"):
        told(done.bag)


def test_a_bag_whose_verdicts_no_measurement_bears_out_is_not_told_of(run: Path, tmp_path: Path) -> None:
    done = sealed(run, tmp_path / "out")
    verdicts = done.bag / "data" / "verdicts.jsonl"
    verdicts.chmod(0o600)
    verdicts.write_bytes(verdicts.read_bytes().replace(b'"state":"reachable"', b'"state":"blocked"', 1))
    hashed_again(done.bag)
    with pytest.raises(StoreError, match="the bag is not what it says") as caught:
        told(done.bag)
    assert caught.value.hint == f"See what is wrong: probe evidence verify {done.bag}"


def test_a_bag_of_other_rules_is_told_of_and_said_not_to_be_judged_again(run: Path, tmp_path: Path) -> None:
    change(run / "run.json", rules_version=1)
    change(run / "inputs" / "controls.json", rules_version=1)
    one = told(sealed(run, tmp_path / "out").bag)
    assert one.seal is not None
    assert one.seal.judged_again == "other_rules"


def test_a_bag_of_another_version_is_told_of_and_said_not_to_be_checked_whole(
    run: Path, tmp_path: Path
) -> None:
    vantage = json.loads((run / "run.json").read_text())["vantage"] | {"software": "interference-probe 0.0.9"}
    change(run / "run.json", software_version="0.0.9", vantage=vantage)
    rejudge(run, None, None)
    one = told(sealed(run, tmp_path / "out").bag)
    assert one.seal is not None
    assert one.seal.judged_again == "other_version"


def test_what_is_no_zip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK\x05\x06 nothing")
    with pytest.raises(UsageError, match="it does not end as a zip ends"), told_of([tmp_path / "x.zip"]):
        pass


def test_verdicts_of_other_targets_are_refused_with_what_to_type(run: Path) -> None:
    lines = (run / "verdicts.jsonl").read_bytes().splitlines(keepends=True)
    (run / "verdicts.jsonl").write_bytes(b"".join(lines[:-1]))
    with pytest.raises(StoreError, match="not those of the run's targets") as caught:
        told(run)
    assert caught.value.hint == f"Write them again: probe judge {run}"


def test_a_self_test_beside_a_run_is_told(run: Path) -> None:
    pooled = {
        "n_trials": 24,
        "n_permutations": 640,
        "n_false": 2,
        "n_tests": 2,
        "n_independent": 2,
        "bound": 0.78,
        "rsd": 0.1,
        "floor_ratio": None,
    }
    errors = {"schema_version": "1", "run_id": "x", "here": pooled, "pooled": pooled}
    (run / "self-test.json").write_text(json.dumps(errors | {"earlier_runs": 0, "rates_bps": {}}))
    tested = told(run).self_test
    assert tested is not None
    assert (tested.n_tests, tested.n_false, tested.bound) == (640, 2, 0.78)
    (run / "self-test.json").write_text("{")
    assert told(run).self_test is None


def test_the_shipped_operators_are_those_of_the_letters() -> None:
    known = known_of()
    assert {one.commercial_name for one in known.operators} == {
        *("Rostelecom", "MTS", "MTS (MGTS)", "MegaFon", "Beeline", "TTK", "Rascom", "Dom.ru", "T2")
    }
    assert sorted(one.asn for one in known.called("билайн")) == ["AS16345", "AS3216", "AS8402"]
    assert [one.asn for one in known.called("AS12389")] == ["AS12389"]
    assert dict(known.thresholds)["least_control_bps"] == "300000"
    assert known.software_sha256 == known_of().software_sha256 != ""


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        ("asn,registered_name\n", 1, "no date"),
        ("# dated: 2026-11-01\nasn,name\n", 2, "another header"),
        (
            f"# dated: 2026-11-01\n{HEAD}\nAS1,a,b,RU,\n",
            3,
            "no AS number, or no commercial name",
        ),
        (
            f"# dated: 2026-11-01\n{HEAD}\n1,a,b,RU,\n01,a,b,RU,\n",
            4,
            "AS01 is there twice",
        ),
    ],
)
def test_a_broken_table_of_operators_is_refused_with_its_line(
    content: str, line: int, problem: str, tmp_path: Path
) -> None:
    (tmp_path / "own.csv").write_text(content)
    with pytest.raises(CatalogueError) as caught:
        known_of(tmp_path / "own.csv")
    assert (caught.value.line, caught.value.problem) == (line, problem)
