"""A stranger's bag means harm: nothing is followed or obeyed, nothing grows without bound."""

import os
from pathlib import Path

import pytest

from probe.evidence.fault import MOST
from probe.pipeline.verifying import verify
from unit.a_bag import codes_of, faults_of, hashed_again
from unit.a_hostile import bounded

pytestmark = pytest.mark.usefixtures("nothing_outside")


@pytest.mark.parametrize("name", ["manifest-sha256.txt", "tagmanifest-sha256.txt", "bag-info.txt"])
def test_a_huge_text_is_read_no_further_than_any_bag_has(bag: Path, name: str) -> None:
    with (bag / name).open("wb") as file:
        file.truncate(3 << 30)  # a hole: zeros without a line feed
    done = bounded("evidence", "verify", str(bag))
    assert (done.returncode, done.stderr) == (1, "")
    assert f"{name}: There is more in it than in any bag" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "run.json",
        "measurements.jsonl",
        "verdicts.jsonl",
        "verdicts.csv",
        "services.csv",
        "datapackage.json",
        "custody.csv",
        "inputs/services.jsonl",
        "inputs/controls.json",
    ],
)
def test_a_huge_file_of_a_run_is_read_no_further_than_any_has(bag: Path, name: str) -> None:
    with (bag / "data" / name).open("ab") as file:
        file.truncate(700 << 20)
    done = bounded("evidence", "verify", str(bag))
    assert (done.returncode, done.stderr) == (1, "")
    assert f"data/{name}: The file is not what was sealed" in done.stdout


def test_a_deep_json_is_told(bag: Path) -> None:
    (bag / "data" / "run.json").write_bytes(b"[" * 1_000_000)
    assert ("unreadable", "data/run.json") in codes_of(bag)


def test_links_and_pipes_in_a_folder_are_told_and_not_followed(bag: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (bag / "data" / "run.json").unlink()
    (bag / "data" / "run.json").symlink_to(secret)
    (bag / "data" / "blobs" / "elsewhere").symlink_to(tmp_path)
    os.mkfifo(bag / "data" / "pipe")
    (bag / "VERIFY.txt").unlink()
    (bag / "VERIFY.txt").symlink_to("/dev/zero")
    found = codes_of(bag)
    assert {(code, file) for code, file in found if code == "link"} == {
        ("link", "data/run.json"),
        ("link", "data/blobs/elsewhere"),
        ("link", "data/pipe"),
        ("link", "VERIFY.txt"),
    }
    assert not any(code == "unreadable" for code, _file in found)


@pytest.mark.parametrize("name", ["tagmanifest-sha256.txt", "manifest-sha256.txt", "bag-info.txt"])
def test_a_link_in_place_of_a_manifest_is_told(bag: Path, tmp_path: Path, name: str) -> None:
    (bag / name).rename(tmp_path / name)
    (bag / name).symlink_to(tmp_path / name)
    assert {("link", name), ("missing", name)} <= codes_of(bag)


def test_folders_in_folders_without_end_are_told(bag: Path) -> None:
    deep = bag / "data" / "inputs"
    for _ in range(300):
        deep /= "d"
    deep.mkdir(parents=True)
    assert "deep" in {code for code, _file in codes_of(bag)}


def test_faults_without_number_are_counted_and_no_more_than_a_thousand_kept(bag: Path) -> None:
    for number in range(1500):
        (bag / f"x{number}").touch()
    done = verify(bag)
    assert len(done.faults.kept) == MOST
    assert done.faults.n >= 1500


def test_a_strangers_text_gives_the_terminal_no_orders(bag: Path) -> None:
    (bag / "data" / "inputs" / "\x1b[31mred\u202e\n.toml").write_text("x")
    info = bag / "bag-info.txt"
    info.write_text(info.read_text().replace("External-Identifier: ", "External-Identifier: \x1b[2J"))
    done = bounded("evidence", "verify", str(bag))
    assert done.returncode == 1
    assert not set(done.stdout) & {"\x1b", "\u202e", "\r"}
    assert "\\x1b[31mred\\u202e\\n.toml" in done.stdout


def test_a_measurement_longer_than_any_is_told_with_its_line(bag: Path) -> None:
    path = bag / "data" / "measurements.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b"{" + b" " * (5 << 20) + b"}\n")
    hashed_again(bag)
    told = [(fault.code, fault.line) for fault in faults_of(bag) if fault.file.endswith("ments.jsonl")]
    assert told == [("unreadable", 2)]
