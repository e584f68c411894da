"""The residual scan: a run that still names the volunteer, in whatever form, is not sealed."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from probe.store import journal
from unit.a_bag import a_run, change, lines_of, refused, sealed, write_lines
from unit.test_planted_volunteer import PLANTED

Line = dict[str, Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run, not to be changed."""
    return a_run(tmp_path_factory.mktemp("made"))


@pytest.fixture
def run(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run of one's own, on the volunteer's machine."""
    monkeypatch.setenv("LOGNAME", "ivanova")
    monkeypatch.setenv("HOME", "/home/ivanova")
    monkeypatch.setattr("platform.node", lambda: "IVANOVA-PC")
    return Path(shutil.copytree(made, tmp_path / made.name))


def altered(run: Path, alter: Callable[[Line], bool]) -> int:
    """Alter the first line of the journal that can be, chain all anew, and return its number."""
    path = run / "measurements.jsonl"
    records: list[Line] = lines_of(path)
    number = next(number for number, record in enumerate(records, 1) if alter(record))
    previous, lines = journal.FIRST, []
    for record in records:
        record.pop("prev_sha256")
        lines.append(journal.chained(json.dumps(record, ensure_ascii=False).encode(), previous))
        previous = hashlib.sha256(lines[-1][:-1]).hexdigest()
    path.write_bytes(b"".join(lines))
    return number


def in_a_header(said: str) -> Callable[[Line], bool]:
    return lambda line: any(not each["headers"].append(["X-Seen", said]) for each in line["requests"][:1])


def in_a_body(said: str) -> Callable[[Line], bool]:
    def alter(line: Line) -> bool:
        for request in line["requests"][:1]:
            request["body"] = f"<p>Hello, {said}!</p>"
        return bool(line["requests"])

    return alter


def in_a_redirect(said: str) -> Callable[[Line], bool]:
    def alter(line: Line) -> bool:
        for request in line["requests"][:1]:
            request["title"] = f"For {said}"
        return bool(line["requests"])

    return alter


def in_a_certificate(said: str) -> Callable[[Line], bool]:
    def alter(line: Line) -> bool:
        for handshake in line["tls_handshakes"][:1]:
            for each in handshake["certificates"][:1]:
                each["subject"] = f"CN={said}"
        return any(handshake["certificates"] for handshake in line["tls_handshakes"][:1])

    return alter


def in_first_bytes(said: str) -> Callable[[Line], bool]:
    def alter(line: Line) -> bool:
        for handshake in line["tls_handshakes"][:1]:
            handshake["first_bytes"] = f"HTTP/1.1 400 {said} ".encode().hex()
        return bool(line["tls_handshakes"])

    return alter


def in_a_local_fact(said: str) -> Callable[[Line], bool]:
    return lambda line: any(not line["local"].append({"name": "x", "value": said}) for _ in line["local"][:1])


PLACES = (in_a_header, in_a_body, in_a_redirect, in_a_certificate, in_first_bytes, in_a_local_fact)


def test_a_run_of_the_lab_holds_nothing_of_anybody(run: Path, tmp_path: Path) -> None:
    sealed(run, tmp_path / "out")


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
@pytest.mark.parametrize("said", PLANTED)
def test_the_volunteer_is_found_in_every_form_and_never_shown(
    run: Path, tmp_path: Path, said: str, place: Callable[[str], Callable[[Line], bool]]
) -> None:
    number = altered(run, place(said))
    done = refused(run, tmp_path / "out")
    assert [(one.file, one.line) for one in done.residues] == [("measurements.jsonl", number)]
    (residue,) = done.residues
    assert residue.category in {"ip", "mac", "email", "number", "name", "account"}
    assert said not in residue.excerpt
    assert not (tmp_path / "out").exists()


def test_a_page_and_a_certificate_among_the_blobs_are_looked_through(run: Path, tmp_path: Path) -> None:
    page = b"<p>your address is 203.0.113.77</p>"
    name = hashlib.sha256(page).hexdigest()
    (run / "blobs" / name).write_bytes(page)
    certificate = min(path.name for path in (run / "blobs").iterdir() if path.name != name)
    (run / "blobs" / certificate).write_bytes(b"0\x82 CN=ivanova-pc.home ")
    told = {(one.file, one.line, one.category) for one in refused(run, tmp_path / "out").residues}
    assert told == {(f"blobs/{name}", 0, "ip"), (f"blobs/{certificate}", 0, "name")}


UNLUCKY = "db963669419f292a0fbf1f9cf0005f85519545017cbc006cff7cd84b2c4fda4e"
"""A hash in which eleven digits stand together as a telephone's do."""


@pytest.mark.parametrize("field", ["trust_sha256", "asn_table_sha256"])
def test_digits_within_a_hash_are_no_telephone(run: Path, tmp_path: Path, field: str) -> None:
    change(run / "run.json", **{field: UNLUCKY})
    sealed(run, tmp_path / "out")


@pytest.mark.parametrize(
    "text", ["call 85519545017", f"{UNLUCKY} 85519545017", b"ivanova-pc, 85519545017, at home".hex()]
)
def test_what_only_looks_like_one_hides_nothing(run: Path, tmp_path: Path, text: str) -> None:
    change(run / "run.json", asn_table_sha256=text)
    (residue,) = refused(run, tmp_path / "out").residues
    assert (residue.file, "85519545017" in residue.excerpt) == ("run.json", False)


def test_an_error_of_ours_that_names_a_path_is_found(run: Path, tmp_path: Path) -> None:
    change(run / "run.json", errors=["OSError at /home/ivanova/probe/x.py"])
    (residue,) = refused(run, tmp_path / "out").residues
    assert (residue.file, residue.category) == ("run.json", "name")
    assert "ivanova" not in residue.excerpt


def test_a_list_named_after_the_volunteer_is_found(run: Path, tmp_path: Path) -> None:
    path = run / "inputs" / "services.jsonl"
    services: list[Line] = lines_of(path)
    services[0]["service"] = services[0]["targets"][0]["service"] = "list"
    services[0]["targets"][0]["source"] = "ivanova-sites.csv"
    write_lines(path, services)
    (residue, *_) = refused(run, tmp_path / "out").residues
    assert (residue.file, residue.line, residue.excerpt) == ("inputs/services.jsonl", 1, "[user]-sites.csv")


def test_servers_of_a_zone_in_the_catalogues_list_are_nobodys_secret(run: Path, tmp_path: Path) -> None:
    path = run / "inputs" / "services.jsonl"
    services: list[Line] = lines_of(path)
    target = services[0]["targets"][0]
    target["roots"] = ["a.root-servers.net 198.41.0.4", "a.root-servers.net 2001:503:ba3e::2:30"]
    target["servers"] = ["a.dns.ripn.net 193.232.128.6"]
    write_lines(path, services)
    assert sealed(run, tmp_path / "out").run_id == run.name


def test_a_verdict_that_speaks_of_the_volunteers_address_is_found(run: Path, tmp_path: Path) -> None:
    path = run / "verdicts.jsonl"
    verdicts: list[Line] = lines_of(path)
    verdicts[1]["params"] = [["answer", "203.0.113.77"]]
    write_lines(path, verdicts)
    (residue,) = refused(run, tmp_path / "out").residues
    assert (residue.file, residue.line, residue.excerpt) == ("verdicts.jsonl", 2, "[ip]")


def test_a_number_of_ours_in_a_verdict_is_nobodys(run: Path, tmp_path: Path) -> None:
    path = run / "verdicts.jsonl"
    verdicts: list[Line] = lines_of(path)
    verdicts[0]["params"] = [["offset_s", "34560000.0"], ["n_bytes", "20971520"]]
    write_lines(path, verdicts)
    assert refused(run, tmp_path / "out").residues == ()


def test_a_forged_private_address_is_evidence_and_stays(run: Path, tmp_path: Path) -> None:
    def alter(line: Line) -> bool:
        for query in line["queries"][:1]:
            query["answers"] = ["10.10.34.36"]
            line["local"].append({"name": "answer", "value": "10.10.34.36"})
        return bool(line["queries"]) and not line["is_control"]

    altered(run, alter)
    assert refused(run, tmp_path / "out").residues == ()  # it is judged otherwise now, and that is all


BESIDE = (
    "anna@mail.example",
    "from 95.24.11.7",
    "95.24.11[.]7",
    "95[.]24[.]11[.]7",
    "/home/anna/x",
    "ivanova-laptop",
    "xmpp:ivanova",
)
"""What may be left in a place."""


@pytest.mark.parametrize(
    "key", ["platform", "python_version", "stopped", "imported_from", "services", "lists", "trust_source"]
)
@pytest.mark.parametrize("said", BESIDE)
def test_every_text_of_a_run_is_looked_through(run: Path, tmp_path: Path, key: str, said: str) -> None:
    change(run / "run.json", **{key: [said] if key in {"services", "lists"} else said})
    done = refused(run, tmp_path / "out")
    assert {one.file for one in done.residues} == {"run.json"}
    assert all(said not in one.excerpt for one in done.residues)


@pytest.mark.parametrize("said", BESIDE)
def test_every_file_beside_the_journal_is_looked_through(run: Path, tmp_path: Path, said: str) -> None:
    catalogue = min((run / "inputs" / "catalogue").glob("*.toml"))
    catalogue.write_text(f"{catalogue.read_text()}# {said}\n")
    services: list[Line] = lines_of(run / "inputs" / "services.jsonl")
    services[0]["title"] = f"For {said}"
    write_lines(run / "inputs" / "services.jsonl", services)
    (run / "inputs" / "new.txt").write_text(f"\n{said}\n")
    (run / "self-test.json").write_text(json.dumps({"said": said}))
    told = {(one.file, one.line) for one in refused(run, tmp_path / "out").residues}
    last = len(catalogue.read_text().splitlines())
    assert told == {
        (f"inputs/catalogue/{catalogue.name}", last),
        ("inputs/services.jsonl", 1),
        ("inputs/new.txt", 2),
        ("self-test.json", 0),
    }
