"""Every line that VERIFY.txt tells a stranger to type is typed, in a bag that was signed and stamped."""

import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from loopback.stamping import answering, served
from probe.pipeline.signing import sign
from probe.pipeline.stamping import ordered, stamp
from probe.pipeline.verifying import seal_of, verify
from unit.a_bag import a_run, sealed
from unit.an_authority import an_authority

KEY_COMMAND = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f")


def typed(command: str, bag: Path) -> str:
    """Type one line as the guide has it, and return what is printed; it has to end with 0."""
    done = subprocess.run(
        ["bash", "-c", command], cwd=bag, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bag that was signed and stamped."""
    place = tmp_path_factory.mktemp("guide")
    made = sealed(a_run(place), place / "out").bag
    subprocess.run([*KEY_COMMAND, str(place / "key")], check=True)
    sign(made, place / "key", "coalition", datetime(2026, 11, 22, 12, tzinfo=UTC), lambda: None)
    tsa = an_authority(place / "tsa", between=True)
    with served(answering(tsa.answer)) as (url, _questions):
        stamp(ordered(made, url, tsa.roots))
    return made


def test_each_line_of_the_guide_can_be_typed_and_finds_the_bag_good(bag: Path) -> None:
    guides = (bag / "VERIFY.txt").read_text().split("-" * 72)
    commands = [[line[4:] for line in guide.splitlines() if line.startswith("    ")] for guide in guides]
    assert commands[0] == commands[1] == commands[2]
    root, tags, files, count, name, signature, minisig, stamped, when, itself = commands[0]
    told = seal_of(bag)
    assert told is not None
    assert typed(root, bag).split()[0] == told.root_sha256
    assert all(line.endswith(": OK") for line in typed(tags, bag).splitlines())
    assert all(line.endswith(": OK") for line in typed(files, bag).splitlines())
    assert int(typed(count, bag)) == told.n_files
    assert all(re.search(rf"\b{told.n_files}\s?:", guide) for guide in guides)
    (identity,) = typed(name, bag).splitlines()
    fingerprint = told.signature.removeprefix("good ")
    said = typed(signature.replace("NAME", identity), bag)
    assert said == f'Good "probe-evidence" signature for {identity} with ED25519 key {fingerprint}\n'
    first = (bag / "tagmanifest-sha256.txt.minisig").read_text().splitlines()[0]
    assert "Signature and comment signature verified" in typed(minisig.replace("KEY", first.split()[-1]), bag)
    assert "Verification: OK" in typed(stamped, bag)
    assert "Time stamp: " in typed(when, bag)
    assert itself == "probe evidence verify ."


def test_a_bag_that_was_signed_and_stamped_is_found_good_and_told_so(bag: Path) -> None:
    done = verify(bag)
    assert done.faults.kept == []
    assert (done.signature.state, done.token.state) == ("good", "good")
    told = seal_of(bag)
    assert told is not None
    assert told.signature.startswith("good SHA256:")
    assert told.token.startswith("good 20")


@pytest.mark.parametrize("name", ["tagmanifest-sha256.txt.sig", "tagmanifest-sha256.txt.tsr"])
def test_a_signature_or_a_stamp_that_was_altered_is_a_fault(bag: Path, name: str) -> None:
    content = (bag / name).read_bytes()
    (bag / name).write_bytes(content[:200] + bytes([content[200] ^ 3]) + content[201:])
    try:
        kinds = {fault.code for fault in verify(bag).faults.kept}
    finally:
        (bag / name).write_bytes(content)
    assert kinds == {"signature" if name.endswith(".sig") else "token"}
