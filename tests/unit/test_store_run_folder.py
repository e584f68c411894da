"""The run folder beside the journal: blobs, run.json, inputs, verdicts; sealed runs never change."""

import hashlib
import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from probe.model.options import RunRecord
from probe.store import Redactor, RunFolder, StoreError
from unit.a_folder import raises
from unit.a_run import (
    DER,
    PAGE,
    SHA_OF_DER,
    SHA_OF_PAGE,
    a_full_measurement,
    a_measurement,
    a_record,
    a_round_trip,
    a_verdict,
)


def test_the_index_finds_each_targets_measurements(run: RunFolder) -> None:
    run.append(a_measurement(measurement_uid="a-0", target_id="a/web"))
    assert set(run.index()) == {"a/web"}
    run.append(a_measurement(measurement_uid="b-0", target_id="b/web"))
    run.append(a_measurement(measurement_uid="a-1", target_id="a/web"), sync=False)
    run.sync()
    index = run.index()
    assert [m.measurement_uid for m in run.read_at(index["a/web"])] == ["a-0", "a-1"]
    assert [m.measurement_uid for m in run.read_at(index["b/web"])] == ["b-0"]
    assert RunFolder.open(run.path).index() == index


def test_an_index_of_lines_that_are_no_measurements_names_the_line(run: RunFolder) -> None:
    run.append(a_measurement())
    line = (run.path / "measurements.jsonl").read_bytes().rstrip(b"\n")
    with (run.path / "measurements.jsonl").open("ab") as handle:
        handle.write(b'{"prev_sha256":"' + hashlib.sha256(line).hexdigest().encode() + b'",}\n')
    with raises("not a measurement", line=2):
        run.index()


def test_an_index_checks_the_chain(run: RunFolder) -> None:
    run.append(a_measurement())
    with (run.path / "measurements.jsonl").open("ab") as handle:
        handle.write(b"{}\n")
    with raises("prev_sha256 does not fit: line 1 was changed or removed", line=2):
        run.index()


def test_an_index_of_a_vanished_file_says_so(run: RunFolder) -> None:
    (run.path / "measurements.jsonl").unlink()
    with raises("cannot be read: No such file"):
        run.index()


def test_offsets_that_begin_no_line_are_refused(run: RunFolder) -> None:
    run.append(a_measurement())
    with raises("not a measurement", line=1):
        list(run.read_at([3]))


def test_the_same_blob_is_written_once(run: RunFolder) -> None:
    run.append(a_full_measurement(), {SHA_OF_DER: DER})
    before = (run.path / "blobs" / SHA_OF_DER).stat().st_ino
    run.append(a_full_measurement(), {SHA_OF_DER: DER})
    assert (run.path / "blobs" / SHA_OF_DER).stat().st_ino == before


def test_the_disk_is_waited_for_when_synced_and_not_when_appended(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[Path] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        waited.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    run.append(a_measurement(), {SHA_OF_DER: DER}, sync=False)
    assert waited == []
    assert run.blob(SHA_OF_DER) == DER
    run.sync()
    assert waited == [run.path / "blobs" / SHA_OF_DER, run.path / "blobs"]
    run.sync()
    assert len(waited) == 2


def test_a_blob_that_a_power_cut_emptied_is_written_again(run: RunFolder) -> None:
    run.append(a_measurement(), {SHA_OF_DER: DER})
    (run.path / "blobs" / SHA_OF_DER).write_bytes(b"")
    run.append(a_measurement(), {SHA_OF_DER: DER})
    assert run.blob(SHA_OF_DER) == DER


def test_a_page_is_named_by_the_hash_of_what_was_kept_of_it(run: RunFolder) -> None:
    page = b"your address is 203.0.113.77"
    sha256 = hashlib.sha256(page).hexdigest()
    written = run.append(
        a_measurement(requests=(a_round_trip(body="x", body_sha256=sha256),)), {sha256: page}
    )
    kept = hashlib.sha256(b"your address is [ip]").hexdigest()
    assert written.requests[0].body_sha256 == kept
    assert run.blob(kept) == b"your address is [ip]"
    assert list((run.path / "blobs").iterdir()) == [run.path / "blobs" / kept]


@pytest.mark.parametrize("name", ["0" * 64, "../run.json", "x"])
def test_a_blob_that_is_not_there_is_said(run: RunFolder, name: str) -> None:
    with raises("no such blob"):
        run.blob(name)


def test_a_changed_blob_is_noticed(run: RunFolder) -> None:
    run.append(a_full_measurement(), {SHA_OF_DER: DER})
    (run.path / "blobs" / SHA_OF_DER).write_bytes(b"other")
    with raises("the blob was changed"):
        run.blob(SHA_OF_DER)


def test_run_json_comes_back_without_the_home_in_our_own_faults(run: RunFolder) -> None:
    run.append(a_measurement(requests=(a_round_trip(body="mail a@b.example"),)))
    run.write_run(a_record(errors=("OSError at /home/ivanova/probe/x.py",)))
    record = run.read_run()
    assert record.errors == ("OSError at [home]/probe/x.py",)
    assert record.redactions == (("email", 1), ("name", 1))
    assert record.options == a_record().options


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("socks5://ivan:secret@proxy.example:1080", "socks5://proxy.example:1080"),
        ("ivan:p@ss@proxy.example:1080", "proxy.example:1080"),
        ("https://helper.example/path@x", "https://helper.example/path@x"),
        ("", ""),
    ],
)
def test_the_password_of_a_proxy_is_never_written(run: RunFolder, given: str, kept: str) -> None:
    options = replace(a_record().options, control_proxy=given, controls=(given,))
    run.write_run(a_record(options=options))
    assert b"secret" not in (run.path / "run.json").read_bytes()
    assert run.read_run().options.control_proxy == kept
    assert run.read_run().options.controls == (kept,)


def test_redactions_that_were_given_are_kept(run: RunFolder) -> None:
    run.write_run(a_record(redactions=(("ip", 5),)))
    assert run.read_run().redactions == (("ip", 5),)


@pytest.mark.parametrize(
    ("content", "problem", "line"),
    [
        (b"{\n\n oops}", "not what is expected: JSON is malformed", 3),
        (b'{\n"schema_version": 3}', "Expected `str`, got `int` - at `$.schema_version`", 2),
        (b"{}", "missing required field `schema_version`", 0),
        (b"\xff", "not what is expected", 1),
        (b'{"schema_version": "\xff"}', "not what is expected", 0),
        (b"[" * 100_000, "not what is expected", 0),
    ],
)
def test_a_malformed_run_json_is_refused_with_its_line(
    run: RunFolder, content: bytes, problem: str, line: int
) -> None:
    (run.path / "run.json").write_bytes(content)
    with raises(problem, line=line):
        run.read_run()


def test_a_missing_run_json_says_to_begin_a_new_run(run: RunFolder) -> None:
    with pytest.raises(StoreError, match=r"cannot be read: No such file.*measured: begin a new run\."):
        run.read_run()


def test_a_run_json_without_end_is_refused(run: RunFolder) -> None:
    with (run.path / "run.json").open("wb") as handle:
        handle.truncate(65 * 1024 * 1024)
    with raises("larger than"):
        run.read_run()


def test_inputs_come_back_byte_for_byte(run: RunFolder) -> None:
    run.write_inputs({"catalogue/ranges/google.txt": b"\x00\r\n", "baseline.json": b"{}"})
    run.write_inputs({"catalogue/x.toml": b"x"})
    assert run.read_input("catalogue/ranges/google.txt") == b"\x00\r\n"
    assert run.read_input("baseline.json") == b"{}"
    with raises("cannot be read: No such file"):
        run.read_input("other")


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/x", "a/b/c/d", "", "a//b", ".x"])
def test_an_input_cannot_leave_its_folder(run: RunFolder, name: str) -> None:
    with raises("cannot name a file"):
        run.write_inputs({name: b"x"})


def test_verdicts_come_back_and_the_same_verdicts_give_the_same_bytes(run: RunFolder, tmp_path: Path) -> None:
    verdicts = [a_verdict(), a_verdict(target_id="twitter/api")]
    run.write_verdicts(verdicts)
    assert list(run.read_verdicts()) == verdicts
    run.write_verdicts(verdicts, out=tmp_path / "new" / "out")
    assert (tmp_path / "new" / "out" / "verdicts.jsonl").read_bytes() == (
        run.path / "verdicts.jsonl"
    ).read_bytes()


def test_a_malformed_verdict_is_named_by_its_line(run: RunFolder) -> None:
    run.write_verdicts([a_verdict()])
    with (run.path / "verdicts.jsonl").open("ab") as handle:
        handle.write(b'{"state":"green"}\n')
    with raises("not a verdict", line=2):
        list(run.read_verdicts())


def test_missing_verdicts_say_what_to_type(run: RunFolder) -> None:
    with pytest.raises(StoreError, match="Write it again: probe judge"):
        list(run.read_verdicts())


def seal(run: RunFolder) -> Path:
    """Move the run into the data folder of a bag."""
    run.write_run(a_record())
    run.append(a_measurement())
    run.close()
    bag = run.path.parent / "bag"
    bag.mkdir()
    run.path.rename(bag / "data")
    (bag / "bagit.txt").write_text("BagIt-Version: 1.0\n")
    return bag


@pytest.mark.parametrize("below", ["", "data"])
def test_a_sealed_run_is_read_but_never_written(run: RunFolder, redactor: Redactor, below: str) -> None:
    sealed = RunFolder.open(seal(run) / below)
    assert sealed.sealed
    assert len(list(sealed.measurements())) == 1
    assert isinstance(sealed.read_run(), RunRecord)
    for change in (
        lambda: sealed.write_run(a_record()),
        lambda: sealed.write_verdicts([]),
        lambda: sealed.write_inputs({}),
        lambda: sealed.write_beside("self-test.json", b"{}"),
        lambda: RunFolder.open(sealed.path, append=True, redactor=redactor),
    ):
        with raises("this run is sealed"):
            change()


def test_a_file_made_of_the_run_lies_beside_its_measurements(run: RunFolder) -> None:
    run.write_beside("self-test.json", b"{}")
    assert (run.path / "self-test.json").read_bytes() == b"{}"


def test_a_run_with_the_bags_mark_inside_is_sealed_too(run: RunFolder) -> None:
    assert not run.sealed
    (run.path / "bagit.txt").write_text("BagIt-Version: 1.0\n")
    assert run.sealed


def test_without_a_redactor_this_machines_user_is_still_kept_back(tmp_path: Path) -> None:
    with RunFolder.create(tmp_path, "r") as run:
        home = str(Path.home())
        written = run.append(a_measurement(requests=(a_round_trip(body=f"{home}/secret a@b.example"),)))
    assert "a@b.example" not in written.requests[0].body


def test_a_page_without_anything_to_mask_keeps_its_hash(run: RunFolder) -> None:
    written = run.append(a_full_measurement(), {SHA_OF_DER: DER})
    assert written.requests[0].body == PAGE
    assert written.requests[0].body_sha256 == SHA_OF_PAGE
