"""The journal: nothing complete is lost, nothing changed goes unnoticed, nobody else reads it."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from probe.store import OwnValues, Redactor, RunFolder
from probe.store.codec import LONGEST_LINE
from probe.system.disk import write_whole
from unit.a_folder import RUN_ID, lines_of, mode, raises
from unit.a_run import (
    DER,
    SHA_OF_DER,
    a_full_measurement,
    a_measurement,
    a_record,
    a_round_trip,
    a_verdict,
)


def test_a_measurement_comes_back_as_it_was_written(run: RunFolder) -> None:
    written = run.append(a_full_measurement(), {SHA_OF_DER: DER})
    assert list(run.measurements()) == [written]
    assert written.tls_handshakes[0].certificates[0].sha256 == SHA_OF_DER
    assert run.blob(SHA_OF_DER) == DER


def test_the_measurements_of_one_experiment_come_without_the_others(run: RunFolder) -> None:
    run.append(a_measurement(measurement_uid="uid-0", experiment="web"))
    wanted = run.append(a_measurement(measurement_uid="uid-1", experiment="throughput"))
    run.append(a_measurement(measurement_uid="uid-2", input='https://x.example/"experiment":"throughput"'))
    assert list(run.of_experiment("throughput")) == [wanted]


def test_each_line_begins_with_the_hash_of_the_line_before(run: RunFolder) -> None:
    for number in range(3):
        run.append(a_measurement(measurement_uid=f"uid-{number}"))
    first, second, third = lines_of(run)
    assert first.startswith(b'{"prev_sha256":"' + b"0" * 64 + b'","measurement_uid":"uid-0"')
    assert json.loads(second)["prev_sha256"] == hashlib.sha256(first).hexdigest()
    assert json.loads(third)["prev_sha256"] == hashlib.sha256(second).hexdigest()


def test_folders_are_0700_and_files_0600_whatever_the_umask(tmp_path: Path, redactor: Redactor) -> None:
    before = os.umask(0o277)
    try:
        run = RunFolder.create(tmp_path, RUN_ID, redactor=redactor)
        os.umask(0)
        run.append(a_full_measurement(), {SHA_OF_DER: DER})
        run.write_inputs({"catalogue/twitter.toml": b"x"})
        run.write_verdicts([a_verdict()])
        run.write_run(a_record())
        run.close()
    finally:
        os.umask(before)
    for path in (run.path, *run.path.rglob("*")):
        assert mode(path) == (0o700 if path.is_dir() else 0o600), path


def test_a_line_changed_on_disk_is_named_by_its_number(run: RunFolder) -> None:
    for number in range(3):
        run.append(a_measurement(measurement_uid=f"uid-{number}"))
    path = run.path / "measurements.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"uid-1"', b'"uid-9"'))
    with raises("prev_sha256 does not fit: line 2 was changed or removed", line=3):
        list(run.measurements())


def test_a_removed_first_line_is_noticed(run: RunFolder) -> None:
    for number in range(2):
        run.append(a_measurement(measurement_uid=f"uid-{number}"))
    path = run.path / "measurements.jsonl"
    path.write_bytes(path.read_bytes().partition(b"\n")[2])
    with raises("the chain begins elsewhere", line=1):
        list(run.measurements())


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (b'"round":0', b'"round":"0"', "Expected `int`, got `str`"),
        (b'"is_control":false', b'"is_control":null', "Expected `bool`, got `null`"),
        (b'"round":0', b'"round":0,,', "JSON is malformed"),
    ],
)
def test_a_line_of_another_shape_is_named_by_its_number(
    run: RunFolder, old: bytes, new: bytes, problem: str
) -> None:
    run.append(a_measurement())
    path = run.path / "measurements.jsonl"
    path.write_bytes(path.read_bytes().replace(old, new))
    with raises(problem, line=1):
        list(run.measurements())


def test_a_line_without_end_is_refused_in_bounded_memory(run: RunFolder) -> None:
    run.append(a_measurement())
    with (run.path / "measurements.jsonl").open("ab") as handle:
        handle.write(b"x" * (LONGEST_LINE + 2))
    with raises("longer than", line=2):
        list(run.measurements())


def test_a_line_nested_deeper_than_any_is_refused_with_its_number(run: RunFolder) -> None:
    deep = b"[" * 3000 + b"]" * 3000
    (run.path / "measurements.jsonl").write_bytes(
        b'{"prev_sha256":"' + b"0" * 64 + b'","target_id":"a","x":' + deep + b"}\n"
    )
    with raises("not a measurement", line=1):
        list(run.measurements())
    with raises("not a measurement", line=1):
        run.index()


def test_a_torn_last_line_is_moved_away_and_the_chain_goes_on(run: RunFolder, redactor: Redactor) -> None:
    run.append(a_measurement(measurement_uid="uid-0"))
    run.append(a_measurement(measurement_uid="uid-1"))
    run.close()
    path = run.path / "measurements.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    assert [m.measurement_uid for m in run.measurements()] == ["uid-0"]
    with RunFolder.open(run.path, append=True, redactor=redactor) as again:
        again.append(a_measurement(measurement_uid="uid-2"))
    assert [m.measurement_uid for m in again.measurements()] == ["uid-0", "uid-2"]
    torn = run.path / "measurements.torn-1.jsonl"
    assert torn.read_bytes() == whole.splitlines()[1][:-9]
    assert mode(torn) == 0o600


def test_a_second_torn_line_does_not_replace_the_first(run: RunFolder, redactor: Redactor) -> None:
    run.close()
    for tail in (b"one", b"two"):
        with (run.path / "measurements.jsonl").open("ab") as handle:
            handle.write(tail)
        RunFolder.open(run.path, append=True, redactor=redactor).close()
    assert (run.path / "measurements.torn-1.jsonl").read_bytes() == b"one"
    assert (run.path / "measurements.torn-2.jsonl").read_bytes() == b"two"


def test_zeros_that_a_power_cut_left_as_last_line_are_moved_away(run: RunFolder, redactor: Redactor) -> None:
    run.append(a_measurement(measurement_uid="uid-0"))
    run.close()
    with (run.path / "measurements.jsonl").open("ab") as handle:
        handle.write(b"\0" * 100 + b"\n")
    with RunFolder.open(run.path, append=True, redactor=redactor) as again:
        again.append(a_measurement(measurement_uid="uid-1"))
    assert [m.measurement_uid for m in again.measurements()] == ["uid-0", "uid-1"]
    assert (run.path / "measurements.torn-1.jsonl").read_bytes() == b"\0" * 100 + b"\n"


def test_a_killed_writer_loses_no_measurement_it_was_told_is_kept(tmp_path: Path) -> None:
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from probe.store import OwnValues, Redactor, RunFolder\n"
        "from unit.a_run import a_measurement\n"
        "run = RunFolder.create(Path(sys.argv[1]), 'r', redactor=Redactor(OwnValues()))\n"
        "for n in range(10**6):\n"
        "    run.append(a_measurement(measurement_uid=f'uid-{n}'))\n"
        "    print(n, flush=True)\n"
    )
    tests = str(Path(__file__).parents[1])
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([tests, os.environ.get("PYTHONPATH", "")])},
    )
    assert child.stdout is not None
    told = [int(child.stdout.readline()) for _ in range(20)]
    child.kill()
    told += [int(line) for line in child.stdout.read().splitlines()]
    child.stdout.close()
    child.wait()
    with RunFolder.open(tmp_path / "r", append=True, redactor=Redactor(OwnValues())) as run:
        kept = [m.measurement_uid for m in run.measurements()]
    assert kept[: len(told)] == [f"uid-{n}" for n in told]


def test_two_processes_cannot_append_to_the_same_run(run: RunFolder, redactor: Redactor) -> None:
    with raises("another probe is writing to this run"):
        RunFolder.open(run.path, append=True, redactor=redactor)
    run.close()
    run.close()
    RunFolder.open(run.path, append=True, redactor=redactor).close()


def test_a_run_being_written_can_be_read(run: RunFolder) -> None:
    written = run.append(a_measurement())
    assert list(RunFolder.open(run.path).measurements()) == [written]


def test_a_run_opened_for_reading_takes_no_measurement(run: RunFolder) -> None:
    reader = RunFolder.open(run.path)
    with raises("opened for reading"):
        reader.append(a_measurement())
    reader.sync()
    reader.close()


@pytest.mark.parametrize("run_id", ["", ".", "..", "a/b", "/etc", "a\0b", ".hidden", "x" * 101])
def test_a_run_id_that_could_leave_the_results_is_refused(tmp_path: Path, run_id: str) -> None:
    with raises("cannot name a run"):
        RunFolder.create(tmp_path, run_id)


def test_a_run_is_never_made_over_another(run: RunFolder) -> None:
    with raises("cannot be made: File exists"):
        RunFolder.create(run.path.parent, RUN_ID)


def test_a_folder_without_measurements_is_no_run(tmp_path: Path) -> None:
    with raises("no run: measurements.jsonl is missing"):
        RunFolder.open(tmp_path)


def test_what_could_not_be_read_again_is_a_fault_of_ours_and_leaves_no_trace(run: RunFolder) -> None:
    with pytest.raises(ValueError, match="Expected `float` >= "):
        run.append(a_measurement(started_s=float("nan")))
    with pytest.raises(ValueError, match="longer than"):
        run.append(a_measurement(requests=(a_round_trip(body="x" * LONGEST_LINE),)))
    assert lines_of(run) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_said_and_the_file_stays_as_it_was(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.append(a_measurement(measurement_uid="uid-0"))
    full = os.open("/dev/full", os.O_WRONLY)
    real = os.write
    try:
        monkeypatch.setattr(os, "write", lambda _, content: real(full, content))
        with raises("cannot be written: No space left on device"):
            run.append(a_measurement(measurement_uid="uid-1"))
        monkeypatch.setattr(os, "write", lambda fd, content: real(fd, content[:50]))
        with raises("the disk took only a part of the line"):
            run.append(a_measurement(measurement_uid="uid-1"))
    finally:
        monkeypatch.undo()
        os.close(full)
    run.append(a_measurement(measurement_uid="uid-2"))
    assert [m.measurement_uid for m in run.measurements()] == ["uid-0", "uid-2"]


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    write_whole(path, b"old")
    with pytest.raises(TypeError):
        write_whole(path, "no bytes")  # type: ignore[arg-type]  # the wrong type is the point
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_leftovers_of_an_interrupted_write_are_removed_on_the_next_start(
    run: RunFolder, redactor: Redactor
) -> None:
    run.close()
    leftover = run.path / "blobs" / ".abc.tmp-123"
    leftover.write_bytes(b"half")
    RunFolder.open(run.path, append=True, redactor=redactor).close()
    assert not leftover.exists()


def test_a_missing_blobs_folder_is_made_again(run: RunFolder, redactor: Redactor) -> None:
    run.close()
    (run.path / "blobs").rmdir()
    with RunFolder.open(run.path, append=True, redactor=redactor) as again:
        again.append(a_full_measurement(), {SHA_OF_DER: DER})
    assert again.blob(SHA_OF_DER) == DER
    assert mode(run.path / "blobs") == 0o700
