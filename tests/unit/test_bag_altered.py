"""A bag is altered after it was sealed, also by somebody who makes the hashes fit again: each is told."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from probe.evidence.manifest import MANIFEST, TAGMANIFEST
from probe.pipeline.rejudge import rejudge
from probe.pipeline.request import UsageError
from probe.pipeline.sealing import Sealed
from probe.pipeline.verifying import verify
from unit.a_bag import (
    a_run,
    change,
    codes_of,
    faults_of,
    hashed_again,
    lines_of,
    sealed,
    write_lines,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    """A bag, not to be changed."""
    folder = tmp_path_factory.mktemp("made")
    return sealed(a_run(folder), folder / "out")


@pytest.fixture
def bag(made: Sealed, tmp_path: Path) -> Path:
    """A bag of one's own."""
    return Path(shutil.copytree(made.bag, tmp_path / made.run_id))


def sha256sum_is_content(bag: Path) -> bool:
    done = subprocess.run(["sha256sum", "-c", TAGMANIFEST], cwd=bag, capture_output=True, check=False)
    return done.returncode == 0


def a_blob(bag: Path) -> str:
    return min(path.name for path in (bag / "data" / "blobs").iterdir())


def test_a_changed_byte_is_told_with_its_file_and_line(bag: Path) -> None:
    path = bag / "data" / "verdicts.csv"
    content = path.read_bytes()
    path.write_bytes(content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
    faults = faults_of(bag)
    assert [(fault.code, fault.file) for fault in faults] == [
        ("changed", "data/verdicts.csv"),
        ("table", "data/verdicts.csv"),
    ]
    assert faults[1].line == content.count(b"\n")


def test_an_added_file_is_told_though_every_hash_still_fits(bag: Path) -> None:
    (bag / "data" / "more.txt").write_text("x")
    (bag / "README.txt").write_text("x")
    (bag / "data" / "inputs" / "note.toml").write_text("x")
    (bag / "data" / ".hidden").write_text("x")
    (bag / "data" / "empty").mkdir()
    assert codes_of(bag) == {
        ("unlisted", "data/more.txt"),
        ("unexpected", "data/more.txt"),
        ("added", "README.txt"),
        ("unlisted", "data/inputs/note.toml"),
        ("name", "data/.hidden"),
        ("unlisted", "data/.hidden"),
        ("unexpected", "data/.hidden"),
        ("added", "data/empty"),
        ("info", "bag-info.txt"),
    }


def test_a_removed_file_is_told(bag: Path) -> None:
    name = f"data/blobs/{a_blob(bag)}"
    (bag / name).unlink()
    assert {("gone", name), ("blob_gone", name), ("info", "bag-info.txt")} == codes_of(bag)


@pytest.mark.parametrize("name", ["bagit.txt", "bag-info.txt", "VERIFY.txt", MANIFEST])
def test_a_missing_text_is_told(bag: Path, name: str) -> None:
    (bag / name).unlink()
    assert codes_of(bag) == {("missing", name), ("gone", name)}


def test_a_missing_tag_manifest_is_told(bag: Path) -> None:
    (bag / TAGMANIFEST).unlink()
    assert codes_of(bag) == {("missing", TAGMANIFEST)}
    assert ("root", "") in codes_of(bag, "0" * 64)


def test_a_renamed_file_is_told_twice(bag: Path) -> None:
    (bag / "data" / "services.csv").rename(bag / "data" / "Services.csv")
    assert {
        ("gone", "data/services.csv"),
        ("unlisted", "data/Services.csv"),
        ("unexpected", "data/Services.csv"),
    } <= codes_of(bag)


def test_a_manifest_in_another_order_is_not_as_written(bag: Path) -> None:
    lines = (bag / MANIFEST).read_bytes().splitlines(keepends=True)
    (bag / MANIFEST).write_bytes(b"".join([lines[1], lines[0], *lines[2:]]))
    assert codes_of(bag) == {("manifest", MANIFEST), ("changed", MANIFEST)}


@pytest.mark.parametrize(
    ("spelled", "stock_is_content"),
    [
        (lambda content: content.replace(b"  ", b" *"), True),
        (lambda content: content.upper(), False),
        (lambda content: content + b"\n", True),
        (lambda content: b"# all is well\n" + content, True),
        (lambda content: content + content.splitlines(keepends=True)[0], True),
        (lambda content: content.splitlines(keepends=True)[0], True),
    ],
)
def test_a_tag_manifest_spelled_otherwise_is_told_also_where_sha256sum_is_content(
    bag: Path, spelled: Callable[[bytes], bytes], stock_is_content: bool
) -> None:
    (bag / TAGMANIFEST).write_bytes(spelled((bag / TAGMANIFEST).read_bytes()))
    assert codes_of(bag)
    assert sha256sum_is_content(bag) == stock_is_content


def test_with_hashes_made_again_reordered_measurements_break_the_chain(bag: Path) -> None:
    path = bag / "data" / "measurements.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], lines[2], lines[1], *lines[3:]]))
    hashed_again(bag)
    (fault,) = faults_of(bag)
    assert (fault.code, fault.file, fault.line) == ("unreadable", "data/measurements.jsonl", 2)


def test_with_hashes_made_again_an_altered_verdict_is_found_by_judging_again(bag: Path) -> None:
    path = bag / "data" / "verdicts.jsonl"
    verdicts = lines_of(path)
    (number,) = [n for n, verdict in enumerate(verdicts) if verdict["state"] == "blocked"]
    verdicts[number] |= {"state": "reachable", "mechanism": "", "confirmed": False}
    write_lines(path, verdicts)
    hashed_again(bag)
    told = {(fault.code, fault.file): fault for fault in faults_of(bag)}
    assert set(told) == {
        ("verdict", "data/verdicts.jsonl"),
        ("table", "data/verdicts.csv"),
        ("table", "data/services.csv"),
    }
    fault = told["verdict", "data/verdicts.jsonl"]
    assert fault.line == number + 1
    assert fault.sentence() == (
        f"{verdicts[number]['target_id']}: the verdict reads reachable, unconfirmed; "
        "judged again it is blocked (tls.reset.sni), confirmed."
    )


def test_with_hashes_made_again_an_altered_reason_is_found_too(bag: Path) -> None:
    path = bag / "data" / "verdicts.jsonl"
    verdicts = lines_of(path)
    verdicts[1] |= {"because": "Ask the neighbours.", "n_controls": 99}
    write_lines(path, verdicts)
    hashed_again(bag)
    found = [fault for fault in faults_of(bag) if fault.code == "verdict_bytes"]
    assert [(fault.line, dict(fault.params)["fields"]) for fault in found] == [(2, "because, n_controls")]


def test_with_hashes_made_again_verdicts_in_another_order_are_told(bag: Path) -> None:
    path = bag / "data" / "verdicts.jsonl"
    write_lines(path, reversed(lines_of(path)))
    hashed_again(bag)
    assert codes_of(bag) == {("verdict_order", "data/verdicts.jsonl")}


def test_with_hashes_made_again_a_missing_verdict_is_told(bag: Path) -> None:
    path = bag / "data" / "verdicts.jsonl"
    write_lines(path, lines_of(path)[:-1])
    hashed_again(bag)
    assert {code for code, _file in codes_of(bag)} == {"verdict_order", "verdict_gone"}


@pytest.mark.parametrize("name", ["verdicts.csv", "services.csv"])
def test_with_hashes_made_again_an_altered_table_is_told_with_its_line(bag: Path, name: str) -> None:
    path = bag / "data" / name
    lines = path.read_bytes().split(b"\r\n")
    lines[2] = lines[2].replace(b"blocked", b"reachable").replace(b"reachable", b"down")
    path.write_bytes(b"\r\n".join(lines))
    hashed_again(bag)
    assert [(fault.code, fault.file, fault.line) for fault in faults_of(bag)] == [
        ("table", f"data/{name}", 3)
    ]


def test_with_hashes_made_again_another_description_is_told(bag: Path) -> None:
    path = bag / "data" / "datapackage.json"
    path.write_text(path.read_text().replace("The verdict.", "Nonsense."))
    hashed_again(bag)
    assert codes_of(bag) == {("described", "data/datapackage.json")}


def test_with_hashes_made_again_a_blob_under_anothers_name_is_told(bag: Path) -> None:
    name = f"data/blobs/{a_blob(bag)}"
    (bag / name).write_bytes(b"another certificate")
    hashed_again(bag)
    assert codes_of(bag) == {("blob", name)}


def test_with_hashes_made_again_a_missing_blob_is_missed_by_its_measurement(bag: Path) -> None:
    name = f"data/blobs/{a_blob(bag)}"
    (bag / name).unlink()
    hashed_again(bag)
    assert codes_of(bag) == {("blob_gone", name)}


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("n_measurements", 1, "count"),
        ("clock_offset_s", 77.0, "record"),
        ("network_mechanism", "network.shutdown", "record"),
        ("run_id", "20200101T000000Z-AS1-abcd", "run_id"),
        ("ended_utc", "2036-01-01T00:00:00Z", "custody"),
        ("rules_version", "two", "unreadable"),
    ],
)
def test_with_hashes_made_again_what_run_json_says_is_held_against_the_rest(
    bag: Path, key: str, value: object, code: str
) -> None:
    change(bag / "data" / "run.json", **{key: value})
    hashed_again(bag)
    assert code in {fault.code for fault in faults_of(bag)}


def test_with_hashes_made_again_another_custody_is_told(bag: Path) -> None:
    path = bag / "data" / "custody.csv"
    path.write_bytes(path.read_bytes() + b"2030-01-01T00:00:00Z,the secret service,read\r\n")
    hashed_again(bag)
    assert codes_of(bag) == {("custody", "data/custody.csv")}


def test_with_hashes_made_again_other_inputs_give_other_verdicts(bag: Path) -> None:
    path = bag / "data" / "inputs" / "services.jsonl"
    services = lines_of(path)
    write_lines(path, services[:-1])
    hashed_again(bag)
    assert ("verdict_order", "data/verdicts.jsonl") in codes_of(bag)


def test_whoever_makes_everything_again_is_found_by_the_root_hash_alone(made: Sealed, bag: Path) -> None:
    """Who leaves measurements out and seals the rest has another true bag: only the published hash tells."""
    data = bag / "data"
    lines = (data / "measurements.jsonl").read_bytes().splitlines(keepends=True)
    (data / "measurements.jsonl").write_bytes(b"".join(lines[:-1]))
    change(data / "run.json", n_measurements=len(lines) - 1)
    plain = bag.parent / "plain"
    shutil.copytree(data, plain)
    rejudge(plain, None, None)
    (plain / "custody.csv").rename(plain / "custody.csv.old")
    (plain / "custody.csv.old").unlink()
    again = sealed(plain, bag.parent / "again")
    assert codes_of(again.bag) == set()
    assert codes_of(again.bag, made.root_sha256) == {("root", "")}


def test_a_root_hash_that_is_none_is_the_users_mistake(made: Sealed) -> None:
    with pytest.raises(UsageError) as caught:
        verify(made.bag, "deadbeef")
    assert caught.value.hint == "Type the 64 hexadecimal digits that the letter prints."


def test_a_bag_judged_by_other_rules_is_not_called_broken(bag: Path) -> None:
    data = bag / "data"
    change(data / "run.json", rules_version=1)
    path = data / "inputs" / "controls.json"
    path.write_bytes(path.read_bytes().replace(b'"rules_version": 2', b'"rules_version": 1'))
    verdicts = lines_of(data / "verdicts.jsonl")
    (blocked,) = [verdict for verdict in verdicts if verdict["state"] == "blocked"]
    blocked |= {"confirmed": False}
    write_lines(data / "verdicts.jsonl", verdicts)
    remade(bag)
    done = verify(bag)
    assert done.faults.kept == []
    assert done.judging is not None
    assert not done.judging.again
    assert done.judging.differences == (
        f"{blocked['target_id']}: blocked (tls.reset.sni), unconfirmed -> blocked (tls.reset.sni), confirmed",
    )


def test_a_table_of_an_earlier_version_may_have_fewer_columns_but_no_other_cells(bag: Path) -> None:
    data = bag / "data"
    change(data / "run.json", software_version="0.0.9")
    path = data / "verdicts.csv"
    lines = [line.rpartition(b",")[0] for line in path.read_bytes().split(b"\r\n") if line]
    path.write_bytes(b"".join(line + b"\r\n" for line in lines))
    hashed_again(bag)
    assert codes_of(bag) == set()
    path.write_bytes(b"".join(line + b"\r\n" for line in lines).replace(b"confirmed", b"proved", 1))
    hashed_again(bag)
    assert codes_of(bag) == {("table", "data/verdicts.csv")}
    path.write_bytes(b"".join(line + b"\r\n" for line in lines[:-1]))
    hashed_again(bag)
    assert codes_of(bag) == {("table", "data/verdicts.csv")}


def test_a_bag_of_a_later_version_says_so(bag: Path) -> None:
    info = bag / "bag-info.txt"
    info.write_text(info.read_text().replace("Probe-Bag-Version: 1", "Probe-Bag-Version: 2"))
    (bag / "data" / "novelty.json").write_text("{}")
    hashed_again(bag)
    assert codes_of(bag) == {("later", "bag-info.txt")}


def test_a_guide_that_gives_orders_to_the_terminal_is_told(bag: Path) -> None:
    (bag / "VERIFY.txt").write_text("\x1b]0;all is well\x07\n")
    hashed_again(bag)
    assert codes_of(bag) == {("guide", "VERIFY.txt")}


def remade(bag: Path) -> None:
    """Make tables and hashes again after the verdicts of a bag were written otherwise."""
    from probe.pipeline.finish import rolled_up, service_of_network
    from probe.pipeline.inputs import read_inputs
    from probe.report.csv import write_services_csv, write_verdicts_csv
    from probe.store import RunFolder

    with RunFolder.open(bag) as folder:
        record, inputs = folder.read_run(), read_inputs(folder)
        verdicts = tuple(folder.read_verdicts())
    services = (
        *rolled_up((service_of_network(verdicts[0]),), verdicts[:1]),
        *rolled_up(inputs.judged(), verdicts[1:]),
    )
    data = bag / "data"
    write_verdicts_csv(data / "verdicts.csv", record.run_id, verdicts, record.vantage, simulated=True)
    write_services_csv(data / "services.csv", record.run_id, services, record.vantage)
    hashed_again(bag)
