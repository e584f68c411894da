"""`probe evidence seal` and `verify` as a person types them: what is printed, which exit code."""

import json
import shutil
from pathlib import Path

import pytest

from cli.command import probe
from unit.a_bag import a_run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A finished run of the lab."""
    return a_run(tmp_path / "results")


def test_a_run_is_sealed_beside_the_others_and_verified(run: Path, tmp_path: Path) -> None:
    done = probe("evidence", "seal", str(run), home=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    bag = run.parent / "sealed" / run.name
    lines = done.stdout.splitlines()
    assert lines[:2] == [f"Sealed: {bag}", f"As one file: {bag}.zip"]
    root = lines[2].removeprefix("Root hash: ")
    assert lines[4] == "It was made in the built-in lab: it is evidence of nothing."
    for path in (str(bag), f"{bag}.zip"):
        checked = probe("evidence", "verify", path, "--root", root, home=tmp_path)
        assert (checked.returncode, checked.stderr) == (0, "")
        assert checked.stdout.splitlines() == [
            f"Root hash: {root}",
            lines[3],
            "2 verdicts were judged again from the measurements, by the same rules. All came out the same.",
            "It was made in the built-in lab: it is evidence of nothing.",
            "Signature: none",
            "Time stamp: none",
            "",
            *checked.stdout.splitlines()[-4:],
        ]
        assert checked.stdout.endswith("None of them proves that a measurement is true, or when it began.\n")


def test_in_json_both_say_one_object(run: Path, tmp_path: Path) -> None:
    done = probe(
        *(
            "evidence",
            "seal",
            str(run),
            "-o",
            str(tmp_path / "out"),
            "--at",
            "2027-01-01T00:00:00Z",
            "--json",
        ),
        home=tmp_path,
    )
    made = json.loads(done.stdout)
    assert (done.returncode, made["sealed"], made["generated_utc"]) == (0, True, "2027-01-01T00:00:00Z")
    checked = json.loads(probe("evidence", "verify", made["zip"], "--json", home=tmp_path).stdout)
    assert (checked["ok"], checked["faults"], checked["judged_again"]) == (True, [], True)
    assert (checked["root_sha256"], checked["run_id"]) == (made["root_sha256"], run.name)
    assert (checked["signature"]["state"], checked["token"]["state"]) == ("none", "none")
    assert len(checked["proves"]) == 4


def test_a_fault_is_a_line_and_ends_with_1(run: Path, tmp_path: Path) -> None:
    bag = Path(json.loads(probe("evidence", "seal", str(run), "--json", home=tmp_path).stdout)["bag"])
    (bag / "data" / "more.txt").write_text("x")
    done = probe("evidence", "verify", str(bag), "--root", "0" * 64, home=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines()[:5] == [
        "data/more.txt: The manifest does not name this file, which lies under seal.",
        "bag-info.txt: The file does not fit what lies in the bag.",
        "data/more.txt: This is no file that this version knows in a bag.",
        f"The root hash is {json_root(bag, tmp_path)}, and not the one that was given.",
        "This bag was altered, or was sealed with what does not fit together.",
    ]
    told = json.loads(probe("evidence", "verify", str(bag), "--json", home=tmp_path).stdout)
    assert (told["ok"], told["n_faults"]) == (False, 3)
    assert told["faults"][0] == {
        "code": "unlisted",
        "file": "data/more.txt",
        "line": 0,
        "says": "The manifest does not name this file, which lies under seal.",
    }


def json_root(bag: Path, home: Path) -> str:
    return str(json.loads(probe("evidence", "verify", str(bag), "--json", home=home).stdout)["root_sha256"])


def test_a_run_that_names_somebody_is_not_sealed_and_ends_with_1(run: Path, tmp_path: Path) -> None:
    path = run / "run.json"
    path.write_text(path.read_text().replace('"errors": []', '"errors": ["at /home/ivanova/x.py"]'))
    done = probe("evidence", "seal", str(run), home=tmp_path)
    assert done.returncode == 1
    assert done.stdout == "run.json: name: at /home/[user]/x.py\n"
    assert "ivanova" not in done.stdout + done.stderr
    assert "was not sealed" in done.stderr
    told = json.loads(probe("evidence", "seal", str(run), "--json", home=tmp_path).stdout)
    assert told["sealed"] is False
    assert told["residues"] == [
        {"file": "run.json", "line": 0, "category": "name", "excerpt": "at /home/[user]/x.py"}
    ]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("verify", "{run}"), "This is no bag"),
        (("verify", "absent"), "There is no such bag"),
        (("verify", "{run}", "--root", "abc"), "Type the 64 hexadecimal digits that the letter prints."),
        (("seal", "{run}", "--at", "yesterday"), "Write it as 2026-11-22T12:00:00Z."),
        (("seal", "{run}", "--at", "2020-01-01T00:00:00Z"), "ended later than --at says"),
        (("seal", "absent"), "no run: measurements.jsonl is missing"),
    ],
)
def test_wrong_use_ends_with_2(run: Path, tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    done = probe("evidence", *(word.format(run=run) for word in arguments), home=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_bag_is_not_written_over(run: Path, tmp_path: Path) -> None:
    assert probe("evidence", "seal", str(run), home=tmp_path).returncode == 0
    done = probe("evidence", "seal", str(run), home=tmp_path)
    assert done.returncode == 2
    assert "a bag is never overwritten" in done.stderr
    shutil.rmtree(run.parent / "sealed")
    assert probe("evidence", "seal", str(run), home=tmp_path).returncode == 0


def test_the_same_is_said_in_russian(run: Path, tmp_path: Path) -> None:
    done = probe("evidence", "seal", str(run), "--lang", "ru", home=tmp_path)
    assert "Корневой хеш: " in done.stdout
