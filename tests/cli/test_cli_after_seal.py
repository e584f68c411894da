"""A bag is signed and stamped as a person does it; every line of its VERIFY.txt then works as it stands."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from cli.command import probe
from cli.terminal import Terminal
from loopback.stamping import answering, served
from unit.a_bag import a_run, change, hashed_again, sealed
from unit.a_sealed import a_key
from unit.an_authority import StampingAuthority, an_authority

AT = ("--at", "2026-11-22T12:00:00Z")


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sealed")
    return sealed(a_run(folder), folder / "sealed").bag.parent


@pytest.fixture
def bag(once: Path, tmp_path: Path) -> Path:
    """Return a copy of a bag, with its zip beside it."""
    there = shutil.copytree(once, tmp_path / "sealed")
    return next(path for path in there.iterdir() if path.is_dir())


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> StampingAuthority:
    return an_authority(tmp_path_factory.mktemp("tsa") / "one", between=True)


def typed_in_the_guide(bag: Path, lang: str) -> list[str]:
    """Return the lines to type of one language's part of VERIFY.txt."""
    parts = (bag / "VERIFY.txt").read_text().split("-" * 72)
    (part,) = [part for part in parts if part.strip().startswith(lang)]
    return re.findall(r"^ {4}(\S.*)$", part, re.MULTILINE)


def test_every_line_of_the_guide_works_as_it_stands_in_a_bag_signed_and_stamped(
    bag: Path, tsa: StampingAuthority, tmp_path: Path
) -> None:
    done = probe("evidence", "sign", str(bag), "--key", str(a_key(tmp_path)), "--json", *AT)
    assert (done.returncode, done.stderr) == (0, "")
    signed = json.loads(done.stdout)
    with served(answering(tsa.answer)) as (url, _questions):
        command = ("stamp", str(bag), "--tsa", url, "--ca", str(tsa.roots), "--yes", "--json")
        done = probe("evidence", *command)
    assert done.returncode == 0, done.stderr
    stamped = json.loads(done.stdout)
    lines = typed_in_the_guide(bag, "English")
    assert [line for part in ("Русский", "Français") for line in typed_in_the_guide(bag, part)] == lines * 2
    said = {}
    for line in lines:
        if line.startswith("probe "):
            continue
        typed = re.sub(r"\bNAME\b", "coalition", re.sub(r"\bKEY\b", signed["minisign_key"], line))
        ended = subprocess.run(
            ["bash", "-c", typed], cwd=bag, capture_output=True, text=True, check=False, timeout=300
        )
        assert ended.returncode == 0, (typed, ended.stdout, ended.stderr)
        said[line.split(" -")[0]] = ended.stdout + ended.stderr
    assert len(lines) == 10
    assert said["sha256sum tagmanifest-sha256.txt"].split()[0] == signed["root_sha256"]
    assert signed["fingerprint"] in said["ssh-keygen"]
    assert "Signature and comment signature verified" in said["minisign"]
    assert signed["minisign_key"] in (bag / "tagmanifest-sha256.txt.minisig").read_text().splitlines()[0]
    checked = probe("evidence", "verify", str(bag), "--json", "--root", signed["root_sha256"])
    found = json.loads(checked.stdout)
    assert (checked.returncode, found["ok"]) == (0, True)
    assert found["signature"] == {
        "state": "good",
        "problem": "",
        "fingerprint": signed["fingerprint"],
        "identity": "coalition",
    }
    assert (found["token"]["state"], found["token"]["time"]) == ("good", stamped["time"])
    in_zip = probe("evidence", "verify", signed["zip"], "--json")
    assert (in_zip.returncode, json.loads(in_zip.stdout)["token"]) == (0, found["token"])


def test_signing_says_what_to_publish_and_what_it_proves_and_what_not(bag: Path, tmp_path: Path) -> None:
    done = probe("evidence", "sign", str(bag), "--key", str(a_key(tmp_path)), *AT)
    assert done.returncode == 0, done.stderr
    text = done.stdout
    assert re.match(r"Signed with the key SHA256:[A-Za-z0-9+/]{43}\n", text)
    for said in (
        "Put this fingerprint into the letter",
        "A key found in the folder itself proves nothing alone".lower(),
        "None of them proves that a measurement is true, or when it began.",
        "a volunteer's bag stays unsigned",
        "  ssh-keygen -Y verify -f allowed_signers -I coalition -n probe-evidence -s",
        "  minisign -V -P RW",
    ):
        assert said in text, said


def test_signing_says_what_was_not_checked(bag: Path, tmp_path: Path) -> None:
    change(bag / "data" / "inputs" / "controls.json", fingerprints_version=99)
    hashed_again(bag)
    done = probe("evidence", "sign", str(bag), "--key", str(a_key(tmp_path)), "--json", *AT)
    assert (done.returncode, done.stderr.splitlines()) == (
        0,
        [
            (
                "Not checked: whether the verdicts follow from the measurements. They were made by other"
                " rules (2) or fingerprints than this program's."
            ),
            "Judged by this program's rules, no field of any verdict differs.",
        ],
    )


def test_a_locked_key_asks_for_its_passphrase_unseen(bag: Path, tmp_path: Path) -> None:
    key = a_key(tmp_path, passphrase="four words and more")
    terminal = Terminal(tmp_path, "evidence", "sign", str(bag), "--key", str(key))
    try:
        terminal.until("Passphrase of the key: ")
        terminal.type("four words and more\n")
        assert terminal.end() == 0, terminal.text
    finally:
        terminal.close()
    assert "four words" not in terminal.text
    assert "Signed with the key SHA256:" in terminal.text


def test_a_locked_key_where_nobody_is_ends_with_2_and_what_to_do(bag: Path, tmp_path: Path) -> None:
    key = a_key(tmp_path, passphrase="four words and more")
    done = probe("evidence", "sign", str(bag), "--key", str(key))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        f"probe: {key}: The key is locked, and its passphrase was not given",
        "       Type the same again on a terminal, and the passphrase of the key when asked.",
    ]


def test_without_the_library_for_locked_keys_it_says_what_to_install(bag: Path, tmp_path: Path) -> None:
    # The library looks for it once, when it is first imported; only a key that is locked needs it.
    key = a_key(tmp_path, passphrase="four words and more")
    terminal = Terminal(tmp_path, "evidence", "sign", str(bag), "--key", str(key), without="bcrypt")
    try:
        terminal.until("Passphrase of the key: ")
        terminal.type("four words and more\n")
        assert terminal.end() == 2
    finally:
        terminal.close()
    assert "pip install 'interference-probe[letters]'" in terminal.text
    done = probe("evidence", "sign", str(bag), "--key", str(a_key(tmp_path, "open")), without="bcrypt")
    assert done.returncode == 0, done.stderr


def test_stamping_says_who_sees_what_and_a_no_sends_nothing(
    bag: Path, tsa: StampingAuthority, tmp_path: Path
) -> None:
    before = sorted(path.name for path in bag.iterdir())
    with served(answering(tsa.answer)) as (url, questions):
        for answer, code in (("n\n", 3), ("\n", 3), ("y\n", 0)):
            command = ("evidence", "stamp", str(bag), "--tsa", url, "--ca", str(tsa.roots))
            terminal = Terminal(tmp_path, *command, columns=200)
            try:
                terminal.until("Ask it? [y/N] ")
                assert "will see the address that this machine is connected from" in terminal.text
                assert "The question goes in clear" in terminal.text
                assert questions == []
                terminal.type(answer)
                assert terminal.end() == code, terminal.text
            finally:
                terminal.close()
            if code:
                assert "Nothing was sent." in terminal.text
                assert (questions, sorted(path.name for path in bag.iterdir())) == ([], before)
    assert len(questions) == 1
    assert re.search(r"Stamped: 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ, by CN=Test stamps", terminal.text)


def test_where_nobody_can_be_asked_nothing_is_sent(bag: Path, tsa: StampingAuthority) -> None:
    with served(answering(tsa.answer)) as (url, questions):
        done = probe("evidence", "stamp", str(bag), "--tsa", url, "--ca", str(tsa.roots), stdin="y\n")
    assert (done.returncode, questions) == (2, [])
    assert "Add --yes if the authority may see that. Nothing was sent." in done.stderr


def test_an_answer_that_does_not_hold_ends_with_1_and_no_answer_with_3(
    bag: Path, tsa: StampingAuthority
) -> None:
    with served(answering(lambda _question: b"<html>")) as (url, _questions):
        done = probe("evidence", "stamp", str(bag), "--tsa", url, "--ca", str(tsa.roots), "--yes")
    assert (done.returncode, done.stdout) == (1, "")
    assert "The time stamp is none of RFC 3161, or was altered." in done.stderr
    done = probe("evidence", "stamp", str(bag), "--tsa", url, "--ca", str(tsa.roots), "--yes")
    assert (done.returncode, done.stdout) == (3, "")
    assert "connection_refused" in done.stderr


@pytest.mark.parametrize("command", [("sign", "--key", "key"), ("stamp", "--tsa", "http://127.0.0.1:9/")])
def test_a_bag_that_was_edited_is_neither_signed_nor_stamped(
    bag: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    a_key(tmp_path)
    with (bag / "data" / "verdicts.csv").open("ab") as file:
        file.write(b"x")
    before = sorted(path.name for path in bag.iterdir())
    done = probe("evidence", command[0], str(bag), *command[1:], home=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "is not as it was sealed, and was left alone." in done.stderr
    assert sorted(path.name for path in bag.iterdir()) == before


@pytest.mark.parametrize("identity", ["", "a b", "*", "x,y", '"', "-I", "é", "a" * 65])
def test_a_name_that_would_be_read_as_something_else_is_refused(
    bag: Path, tmp_path: Path, identity: str
) -> None:
    done = probe("evidence", "sign", str(bag), "--key", str(a_key(tmp_path)), f"--identity={identity}")
    assert done.returncode == 2
    assert "Letters, digits and . _ @ + - only, at most 64 of them." in " ".join(done.stderr.split())
