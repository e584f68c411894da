"""`--asn detect` and `--asn-table`: who would be asked, what is said of the table, what is refused."""

import datetime as dt
import json
from pathlib import Path

import pytest

from cli.command import probe
from probe.cli import options as o
from probe.model.options import RunOptions
from unit.a_database import a_database

DETECT = ("run", "google-play", "--dry-run", "--asn", "detect", "--lang", "en")


def a_table(folder: Path, text: str, name: str = "as.csv") -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def test_what_is_not_typed_is_as_the_model_has_it() -> None:
    plain = RunOptions()
    assert (plain.rounds, plain.concurrency) == (o.ROUNDS, o.CONCURRENCY)
    assert (plain.confirm_after_s, plain.timeout_s) == (o.CONFIRM_AFTER_S, o.TIMEOUT_S)
    assert (plain.max_bytes, plain.max_seconds) == (o.MAX_MB * 1e6, o.MAX_MINUTES * 60)


def test_detection_names_the_stun_servers_before_they_are_asked(tmp_path: Path) -> None:
    done = probe(*DETECT, "--json", home=tmp_path)
    asked = [c for c in map(json.loads, done.stdout.splitlines()) if c["purpose"] == "whereabouts"]
    assert [c["host"] for c in asked] == ["stun.telnyx.com", "stun.m-online.net"]
    assert asked[0]["seen_by"] == ["operator", "resolver", "target"]
    assert "tells the address you come from, to detect your AS" in probe(*DETECT, home=tmp_path).stdout
    plain = probe("run", "google-play", "--dry-run", home=tmp_path).stdout
    assert "stun." not in plain


def test_without_a_table_it_is_said_that_little_is_known_and_what_to_type(tmp_path: Path) -> None:
    said = probe(*DETECT, home=tmp_path).stderr
    type_it = "Type your operator's number, --asn AS12389, or bring a table: --asn-table FILE"
    assert said == f"Without a table of AS numbers only few networks are known. {type_it}\n"
    helped = probe(*DETECT, "--control", "https://helper.example/", home=tmp_path)
    assert helped.stderr == ""


def test_a_stale_table_is_said_to_be_stale_and_a_fresh_one_is_not(tmp_path: Path) -> None:
    today = dt.datetime.now(dt.UTC).date()
    fresh = a_table(tmp_path, f"# dated: {today - dt.timedelta(days=180)}\n192.0.2.0/24,64500\n")
    assert probe(*DETECT, "--asn-table", fresh, home=tmp_path).stderr == ""
    day = today - dt.timedelta(days=181)
    stale = a_table(tmp_path, f"# dated: {day}\n192.0.2.0/24,64500\n")
    assert probe(*DETECT, "--asn-table", stale, home=tmp_path).stderr == (
        f"The table of AS numbers is of {day}: networks may have changed hands. Take a newer one.\n"
    )
    russian = probe(*DETECT[:-2], "--lang", "ru", "--asn-table", stale, home=tmp_path).stderr
    assert russian.startswith(f"Таблица номеров AS составлена {day}: ")


@pytest.mark.parametrize("command", ["run", "self-test"])
def test_a_wrong_line_is_refused_with_its_place_before_anything_is_sent(tmp_path: Path, command: str) -> None:
    table = a_table(tmp_path, "192.0.2.0/24,64500\n192.0.2.0/33,64500\n")
    done = probe(command, "--yes", "--asn-table", table, home=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"probe: {table}:2: no prefix and AS number\n")
    assert not (tmp_path / "results").exists()


def test_a_maxmind_db_without_its_library_says_what_to_type(tmp_path: Path) -> None:
    file = tmp_path / "as.mmdb"
    file.write_bytes(a_database({}))
    done = probe(*DETECT, "--asn-table", str(file), home=tmp_path, without="maxminddb")
    assert done.returncode == 2
    assert "pipx install 'interference-probe[asn]'" in done.stderr
