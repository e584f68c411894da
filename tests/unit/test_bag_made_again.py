"""A bag is altered and every hash made again, or was made by another version: what judging again tells."""

import shutil
from pathlib import Path

import pytest

from probe import __version__
from probe.judge import RULES_VERSION
from probe.pipeline.rejudge import rejudge
from probe.pipeline.sealing import Sealed
from probe.pipeline.verifying import verify
from unit.a_bag import (
    a_blob,
    change,
    codes_of,
    faults_of,
    hashed_again,
    lines_of,
    sealed,
    write_lines,
)


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
        ("started_utc", "hier, à midi", "custody"),
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


def test_whoever_makes_everything_again_is_found_by_the_root_hash_alone(
    sealed_run: Sealed, bag: Path
) -> None:
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
    assert codes_of(again.bag, sealed_run.root_sha256) == {("root", "")}


def test_a_bag_judged_by_other_rules_is_not_called_broken(bag: Path) -> None:
    data = bag / "data"
    change(data / "run.json", rules_version=1)
    path = data / "inputs" / "controls.json"
    now = f'"rules_version": {RULES_VERSION}'.encode()
    path.write_bytes(path.read_bytes().replace(now, b'"rules_version": 1'))
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
        (
            f"{blocked['target_id']}: blocked (tls.reset.sni), unconfirmed"
            " -> blocked (tls.reset.sni), confirmed; confirmed"
        ),
    )


def test_a_table_of_an_earlier_version_may_have_fewer_columns_but_no_other_cells(bag: Path) -> None:
    data = bag / "data"
    of_version(bag, "0.0.9")
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


def of_version(bag: Path, version: str) -> None:
    """Let a run say that another version made it."""
    path = bag / "data" / "run.json"
    path.write_text(
        path.read_text()
        .replace(__version__ + '"', version + '"')
        .replace(f'"schema_version": "{version}"', f'"schema_version": "{__version__}"')
    )


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
