"""`probe forget` removes this program's runs and settings, nothing else, and says what it cannot reach."""

import fcntl
import json
import os
from pathlib import Path

import pytest

from cli.command import probe
from probe.cli.forgetting import BEYOND, runs_in
from probe.cli.leftovers import UNPACKED
from probe.helper.identity import stored_identity

RUN = "20261121T101500Z-AS12389-4f2a"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    run = tmp_path / "results" / RUN
    (run / "blobs").mkdir(parents=True)
    (run / "measurements.jsonl").write_text("x" * 1000)
    (run / "blobs" / "a").write_text("y" * 500)
    (tmp_path / "results" / ".gitkeep").write_text("")
    (tmp_path / "results" / "my notes").mkdir()
    (tmp_path / "results" / "my notes" / "diary.txt").write_text("mine")
    settings = tmp_path / "config" / "interference-probe"
    settings.mkdir(parents=True)
    (settings / "consent.json").write_text(json.dumps({"controls": [], "digest": ""}))
    return tmp_path


def test_with_yes_runs_and_settings_go_and_everything_else_stays(home: Path) -> None:
    done = probe("forget", "--yes", home=home)
    assert done.returncode == 0
    assert RUN in done.stdout
    assert "Removed." in done.stdout
    assert not (home / "results" / RUN).exists()
    assert not (home / "config" / "interference-probe").exists()
    assert (home / "results" / "my notes" / "diary.txt").read_text() == "mine"
    assert (home / "results" / ".gitkeep").exists()


def test_what_it_cannot_remove_is_named_each_time(home: Path) -> None:
    for text in (probe("forget", "--yes", home=home).stdout, probe("forget", home=home).stdout):
        assert [what for what in BEYOND if what not in text] == []


def test_without_a_terminal_and_without_yes_nothing_is_removed(home: Path) -> None:
    done = probe("forget", home=home, stdin="y\n")
    assert done.returncode == 2
    assert (home / "results" / RUN / "measurements.jsonl").exists()


def test_where_nothing_lies_it_says_so(tmp_path: Path) -> None:
    done = probe("forget", home=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("Nothing of this program lies in results or in its settings.")


def test_links_out_of_the_folder_are_not_followed(home: Path) -> None:
    outside = home / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept")
    (home / "results" / "20261121T101500Z-AS1-0000").symlink_to(outside)
    (home / "results" / RUN / "link").symlink_to(outside)
    probe("forget", "--yes", home=home)
    assert (outside / "kept").read_text() == "kept"
    assert not (home / "results" / RUN).exists()


def test_what_was_sealed_beside_the_runs_goes_too_and_nothing_else(home: Path) -> None:
    sealed = home / "results" / "sealed"
    (sealed / RUN / "data").mkdir(parents=True)
    (sealed / RUN / "data" / "measurements.jsonl").write_text("x")
    (sealed / f"{RUN}.zip").write_text("z" * 700)
    done = probe("forget", "--yes", home=home)
    assert done.returncode == 0
    assert f"results/sealed/{RUN}.zip" in done.stdout
    assert not sealed.exists()
    sealed.mkdir()
    (sealed / f"{RUN}.zip").write_text("z")
    (sealed / "letter.docx").write_text("mine")
    probe("forget", "--yes", home=home)
    assert [path.name for path in sealed.iterdir()] == ["letter.docx"]


def test_sizes_are_those_of_the_files(home: Path) -> None:
    assert [(kept.path.name, kept.n_bytes) for kept in runs_in(home / "results")] == [(RUN, 1500)]


def test_a_run_that_another_probe_writes_stays_and_is_named(home: Path) -> None:
    journal = home / "results" / RUN / "measurements.jsonl"
    with journal.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = probe("forget", "--yes", home=home)
    assert done.returncode == 2
    assert f"Stays: results/{RUN} (another probe is writing it)\n" in done.stdout
    assert journal.exists()
    assert probe("forget", "--yes", home=home).returncode == 0
    assert not journal.exists()


def test_renamed_runs_and_links_are_named_and_stay(home: Path) -> None:
    (home / "results" / RUN).rename(home / "results" / "at my aunt's")
    (home / "results" / "at my aunt's" / "run.json").write_text("{}")
    (home / "results" / "link").symlink_to(home)
    done = probe("forget", "--yes", home=home)
    assert done.returncode == 0
    assert "Stays: results/at my aunt's (a run under another name: remove it yourself)\n" in done.stdout
    assert "Stays: results/link (a link; what it leads to stays too: remove both yourself)\n" in done.stdout
    assert "my notes" not in done.stdout
    assert (home / "results" / "at my aunt's" / "run.json").exists()


def test_a_helpers_certificate_and_key_are_named_and_go_and_what_else_is_there_stays(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "state" / "interference-probe" / "helper"
    stored_identity(folder)
    (folder / "notes.txt").write_text("mine")
    asked = probe("forget", home=tmp_path)
    assert asked.returncode == 2
    assert asked.stdout.startswith(
        f"{folder}: the certificate and the key by which volunteers know your helper\n"
    )
    assert len(list(folder.iterdir())) == 3
    done = probe("forget", "--yes", home=tmp_path)
    assert done.returncode == 0
    assert "Removed." in done.stdout
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]


def test_a_helpers_folder_goes_with_all_that_it_made(tmp_path: Path) -> None:
    stored_identity(tmp_path / "state" / "interference-probe" / "helper")
    assert probe("forget", "--yes", home=tmp_path).returncode == 0
    assert list((tmp_path / "state").iterdir()) == []


def test_what_killed_commands_left_is_named_and_goes(home: Path) -> None:
    sealed = home / "results" / "sealed"
    (sealed / f".{RUN}-a1_b2c3d" / RUN / "data").mkdir(parents=True)
    (sealed / f".{RUN}-a1_b2c3d" / RUN / "data" / "measurements.jsonl").write_text("x")
    (sealed / f".{RUN}.zip-zzzzzzzz").write_text("z")
    (sealed / ".notes").write_text("mine")
    unpacked = [home / f"{prefix}abcd1234" for prefix in UNPACKED]
    for folder in unpacked:
        folder.mkdir()
        (folder / "a").write_text("x")
        os.utime(folder, (1, 1))
    (home / "config" / "interference-probe" / "consent.new").write_text("{")
    told = probe("forget", "--yes", home=home).stdout
    left = (
        *unpacked,
        Path("results/sealed", f".{RUN}-a1_b2c3d"),
        Path("results/sealed", f".{RUN}.zip-zzzzzzzz"),
    )
    assert [path for path in left if f"{path}  " not in told or (home / path).exists()] == []
    assert [path.name for path in sealed.iterdir()] == [".notes"]
    assert not (home / "config").exists() or list((home / "config").iterdir()) == []


def test_a_folder_that_a_bag_was_just_unpacked_into_stays(home: Path) -> None:
    (home / "probe-bag-abcd1234").mkdir()
    done = probe("forget", "--yes", home=home)
    assert f"Stays: {home / 'probe-bag-abcd1234'} (another probe is writing it)\n" in done.stdout
    assert (home / "probe-bag-abcd1234").exists()


def test_a_bag_that_is_being_sealed_stays(home: Path) -> None:
    draft = home / "results" / "sealed" / f".{RUN}-a1_b2c3d"
    draft.mkdir(parents=True)
    with (home / "results" / RUN / "measurements.jsonl").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        done = probe("forget", "--yes", home=home)
    assert done.returncode == 2
    assert f"Stays: results/sealed/{draft.name} (another probe is writing it)\n" in done.stdout
    assert draft.exists()


def test_links_in_the_place_for_temporary_files_are_not_followed(home: Path) -> None:
    (home / "probe-bag-abcd1234").symlink_to(home / "results" / "my notes")
    probe("forget", "--yes", home=home)
    assert (home / "results" / "my notes" / "diary.txt").read_text() == "mine"
