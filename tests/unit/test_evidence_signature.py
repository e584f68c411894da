"""A bag is signed so that OpenSSH and minisign find it good; nothing else passes for a signature."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest

from probe.evidence import sshsig
from probe.evidence.error import EvidenceError
from probe.evidence.keys import read_key
from probe.evidence.signature import PROBLEMS, Signature, signature_of
from probe.pipeline.signing import sign
from unit.a_sealed import NAME, a_bag, a_key, root_of, said

if TYPE_CHECKING:
    from pathlib import Path

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SIGNED = "tagmanifest-sha256.txt"
THREE = ("tagmanifest-sha256.txt.sig", "allowed_signers", "tagmanifest-sha256.txt.minisig")


def nobody() -> None:
    """Answer no question."""


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    return a_bag(tmp_path)


@pytest.fixture
def signature(bag: Path, tmp_path: Path) -> Signature:
    return sign(bag, a_key(tmp_path), "coalition", AT, nobody).signature


def verified(bag: Path, identity: str = "coalition") -> tuple[int, str]:
    message = (bag / SIGNED).read_bytes()
    command = ("ssh-keygen", "-Y", "verify", "-f", "allowed_signers", "-I", identity)
    return said(*command, "-n", "probe-evidence", "-s", f"{SIGNED}.sig", bag=bag, stdin=message)


def signed_by_openssh(key: Path, bag: Path, namespace: str = "probe-evidence") -> bytes:
    message = (bag / SIGNED).read_bytes()
    command = ["ssh-keygen", "-Y", "sign", "-f", str(key), "-n", namespace]
    return subprocess.run(command, input=message, capture_output=True, check=True).stdout


def test_a_bag_that_nobody_signed_has_no_signature_and_that_is_no_fault(bag: Path) -> None:
    assert signature_of(bag) == Signature(state="none")


def test_openssh_finds_the_signature_good_and_names_key_and_signer(bag: Path, signature: Signature) -> None:
    assert (signature.state, signature.identity) == ("good", "coalition")
    good = f'Good "probe-evidence" signature for coalition with ED25519 key {signature.fingerprint}\n'
    assert verified(bag) == (0, good)
    message = (bag / SIGNED).read_bytes()
    alone = ("ssh-keygen", "-Y", "check-novalidate", "-n", "probe-evidence", "-s", f"{SIGNED}.sig")
    found = f'Good "probe-evidence" signature with ED25519 key {signature.fingerprint}\n'
    assert said(*alone, bag=bag, stdin=message) == (0, found)


def test_the_fingerprint_is_the_one_that_openssh_prints_of_the_key(
    signature: Signature, tmp_path: Path
) -> None:
    code, text = said("ssh-keygen", "-l", "-f", str(tmp_path / "key.pub"), bag=tmp_path)
    assert (code, text.split()[1]) == (0, signature.fingerprint)


def test_our_signature_is_byte_for_byte_what_openssh_makes_with_that_key(
    bag: Path, signature: Signature, tmp_path: Path
) -> None:
    assert signature.state == "good"
    assert (bag / f"{SIGNED}.sig").read_bytes() == signed_by_openssh(tmp_path / "key", bag)


def test_minisign_finds_the_same_key_s_signature_good_with_the_root_hash_in_it(
    bag: Path, signature: Signature
) -> None:
    command = ("minisign", "-V", "-P", signature.minisign_key, "-m", SIGNED)
    trusted = f"Trusted comment: probe-evidence by coalition sha256:{root_of(bag)}\n"
    assert said(*command, bag=bag) == (0, f"Signature and comment signature verified\n{trusted}")


def test_signing_is_noted_by_role_and_time_with_the_hash_of_the_signature(
    bag: Path, signature: Signature
) -> None:
    digest = hashlib.sha256((bag / f"{SIGNED}.sig").read_bytes()).hexdigest()
    line = f"2026-11-22T12:00:00Z,coalition,signed,{digest}"
    assert (bag / "custody-after.csv").read_bytes() == f"utc,role,action,sha256\r\n{line}\r\n".encode()


def test_the_same_key_bag_and_time_give_the_same_bytes(tmp_path: Path) -> None:
    key = a_key(tmp_path)
    written = []
    for name in ("one", "two"):
        bag = a_bag(tmp_path / name, zipped=True)
        done = sign(bag, key, "coalition", AT, nobody)
        assert done.zip == tmp_path / name / f"{NAME}.zip"
        files = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
        written.append({str(path.relative_to(tmp_path / name)): path.read_bytes() for path in files})
    assert written[0] == written[1]


def test_the_zip_beside_a_bag_has_the_signature_too_and_the_sealed_files_as_they_were(tmp_path: Path) -> None:
    bag = a_bag(tmp_path, zipped=True)
    with ZipFile(tmp_path / f"{NAME}.zip") as archive:
        before = archive.namelist()
    sign(bag, a_key(tmp_path), "coalition", AT, nobody)
    with ZipFile(tmp_path / f"{NAME}.zip") as archive:
        assert archive.namelist() == [
            *before,
            *(f"{NAME}/{name}" for name in sorted((*THREE, "custody-after.csv"))),
        ]
        for name in archive.namelist():
            assert archive.read(name) == (tmp_path / name).read_bytes()


def test_a_zip_of_another_bag_is_left_alone(tmp_path: Path) -> None:
    bag = a_bag(tmp_path, zipped=True)
    (bag / SIGNED).write_bytes(b"of another one\n")
    before = (tmp_path / f"{NAME}.zip").read_bytes()
    assert sign(bag, a_key(tmp_path), "coalition", AT, nobody).zip is None
    assert (tmp_path / f"{NAME}.zip").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_an_edited_bag_is_found_by_openssh_by_minisign_and_by_us(bag: Path, signature: Signature) -> None:
    with (bag / SIGNED).open("ab") as file:
        file.write(b"\n")
    assert signature_of(bag) == Signature(state="bad", problem="does_not_fit")
    code, text = verified(bag)
    assert (code, "Could not verify signature." in text) == (255, True)
    code, text = said("minisign", "-V", "-P", signature.minisign_key, "-m", SIGNED, bag=bag)
    assert (code, text) == (1, "Signature verification failed\n")


def test_a_signature_for_another_purpose_is_none_here(
    bag: Path, signature: Signature, tmp_path: Path
) -> None:
    (bag / f"{SIGNED}.sig").write_bytes(signed_by_openssh(tmp_path / "key", bag, "git"))
    assert signature_of(bag) == Signature(state="bad", problem="another_purpose")
    assert verified(bag)[0] == 255


def test_a_signature_by_another_key_than_the_one_named_is_bad(
    bag: Path, signature: Signature, tmp_path: Path
) -> None:
    (bag / f"{SIGNED}.sig").write_bytes(signed_by_openssh(a_key(tmp_path, "another"), bag))
    assert signature_of(bag) == Signature(state="bad", problem="another_key")
    assert verified(bag)[0] == 255


def test_a_second_form_by_another_key_is_bad(bag: Path, signature: Signature, tmp_path: Path) -> None:
    other = a_bag(tmp_path / "other")
    sign(other, a_key(tmp_path, "another"), "coalition", AT, nobody)
    (bag / THREE[2]).write_bytes((other / THREE[2]).read_bytes())
    assert signature_of(bag).problem == "minisig_another_key"


def test_a_second_form_for_other_bytes_is_bad(bag: Path, signature: Signature, tmp_path: Path) -> None:
    other = a_bag(tmp_path / "other")
    (other / SIGNED).write_bytes(b"other bytes\n")
    sign(other, tmp_path / "key", "coalition", AT, nobody)
    (bag / THREE[2]).write_bytes((other / THREE[2]).read_bytes())
    assert signature_of(bag).problem == "minisig_does_not_fit"


def test_a_signature_by_another_kind_of_key_is_bad(bag: Path, signature: Signature, tmp_path: Path) -> None:
    key = a_key(tmp_path, "ecdsa", kind="ecdsa")
    (bag / f"{SIGNED}.sig").write_bytes(signed_by_openssh(key, bag))
    assert signature_of(bag).state == "bad"
    assert signature_of(bag).problem in ("another_kind_of_key", "unreadable")


@pytest.mark.parametrize("missing", THREE)
def test_what_comes_together_is_bad_when_a_part_is_missing(
    bag: Path, signature: Signature, missing: str
) -> None:
    (bag / missing).unlink()
    assert signature_of(bag) == Signature(state="bad", problem="incomplete")


def test_a_signature_that_custody_does_not_note_is_bad(bag: Path, signature: Signature) -> None:
    custody = bag / "custody-after.csv"
    line = custody.read_bytes().decode()
    for broken in ("", line.replace("signed", "sealed"), line.replace("coalition", "me"), line + "x\r\n"):
        custody.write_bytes(broken.encode())
        assert signature_of(bag).problem == "not_in_custody"
    custody.unlink()
    assert signature_of(bag).problem == "not_in_custody"


def test_no_byte_of_the_three_files_can_be_changed_removed_or_added(bag: Path, signature: Signature) -> None:
    for name in THREE:
        whole = (bag / name).read_bytes()
        for at in range(len(whole)):
            for changed in (bytes((whole[at] ^ 1,)), b"", whole[at : at + 1] + b"\n"):
                (bag / name).write_bytes(whole[:at] + changed + whole[at + 1 :])
                found = signature_of(bag)
                if (bag / name).read_bytes() != whole:
                    assert found.state == "bad", (name, at, changed)
                    assert found.problem in PROBLEMS
        (bag / name).write_bytes(whole)
    assert signature_of(bag) == signature


def test_a_flood_a_pipe_and_a_link_in_a_signature_s_place_are_refused_at_once(
    bag: Path, signature: Signature
) -> None:
    place = bag / f"{SIGNED}.sig"
    place.write_bytes(b"x" * 70_000)
    assert signature_of(bag) == Signature(state="bad", problem="too_large")
    place.unlink()
    os.mkfifo(place)
    assert signature_of(bag) == Signature(state="bad", problem="incomplete")
    place.unlink()
    place.symlink_to("/dev/zero")
    assert signature_of(bag) == Signature(state="bad", problem="incomplete")


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b"SSHSIG",
        b"SSHSIG\0\0\0\1" + b"\xff\xff\xff\xff" * 5,
        b"SSHSIG\0\0\0\1" + b"\0\0\0\0" * 5,
        b"SSHSIG\0\0\0\2" + b"\0\0\0\0" * 5,
    ],
)
def test_lengths_that_lead_nowhere_are_no_signature(bag: Path, signature: Signature, hostile: bytes) -> None:
    text = base64.b64encode(hostile).decode()
    armour = f"-----BEGIN SSH SIGNATURE-----\n{text}\n-----END SSH SIGNATURE-----\n"
    with pytest.raises(sshsig.SignatureError, match=r"\Aunreadable\Z"):
        sshsig.signer_of(armour.encode(), b"")


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        ("rsa", "The key is of another kind than Ed25519"),
        ("ecdsa", "The key is of another kind than Ed25519"),
    ],
)
def test_another_kind_of_key_is_refused_with_what_to_type(tmp_path: Path, kind: str, problem: str) -> None:
    with pytest.raises(EvidenceError) as caught:
        read_key(a_key(tmp_path, kind=kind), nobody)
    assert caught.value.problem == problem
    assert caught.value.hint == "Make one and name it: ssh-keygen -t ed25519 -f evidence_key"


def test_what_is_no_private_key_is_refused_with_what_to_do(tmp_path: Path) -> None:
    key = a_key(tmp_path)
    with pytest.raises(EvidenceError) as caught:
        read_key(tmp_path / "key.pub", nobody)
    assert caught.value.hint == "Name the file without .pub: that one is the key which signs."
    key.write_bytes(b"\x7fELF" * 100_000)
    with pytest.raises(EvidenceError, match="This is no private key of OpenSSH"):
        read_key(key, nobody)
    lines = (tmp_path / "key.pub").read_text().split()
    damaged = f"-----BEGIN OPENSSH PRIVATE KEY-----\n{lines[1]}\n-----END OPENSSH PRIVATE KEY-----\n"
    key.write_text(damaged)
    with pytest.raises(EvidenceError, match="The key cannot be read: the file is damaged"):
        read_key(key, nobody)


def test_a_locked_key_opens_with_its_passphrase_after_a_slip(tmp_path: Path) -> None:
    locked = a_key(tmp_path, passphrase="four words and more")
    said_so_far = iter(("four words", "four words and more"))
    key = read_key(locked, lambda: next(said_so_far))
    command = ("ssh-keygen", "-l", "-f", str(tmp_path / "key.pub"))
    assert sshsig.fingerprint(key.public) == said(*command, bag=tmp_path)[1].split()[1]


def test_a_locked_key_stays_locked_without_its_passphrase(tmp_path: Path) -> None:
    locked = a_key(tmp_path, passphrase="four words and more")
    for answers in (lambda: None, lambda: "wrong"):
        with pytest.raises(EvidenceError, match="The key is locked, and its passphrase was not given"):
            read_key(locked, answers)


def test_nothing_of_the_private_key_is_in_the_bag_or_shown(
    bag: Path, signature: Signature, tmp_path: Path
) -> None:
    key = read_key(tmp_path / "key", nobody)
    secret = key.private.private_bytes_raw()
    shown = [f"{key} {signature}".encode(), *(path.read_bytes() for path in bag.rglob("*") if path.is_file())]
    for text in shown:
        for spelled in (secret, secret.hex().encode(), base64.b64encode(secret)[:40]):
            assert spelled not in text


def test_a_bag_is_signed_once_and_what_is_no_bag_never(
    bag: Path, signature: Signature, tmp_path: Path
) -> None:
    with pytest.raises(EvidenceError, match="it is never replaced"):
        sign(bag, tmp_path / "key", "coalition", AT, nobody)
    with pytest.raises(EvidenceError, match="This is no sealed run"):
        sign(tmp_path, tmp_path / "key", "coalition", AT, nobody)
    with pytest.raises(EvidenceError, match="This is one file, and no bag's folder"):
        sign(tmp_path / "key", tmp_path / "key", "coalition", AT, nobody)
