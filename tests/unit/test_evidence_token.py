"""What an authority says of a bag's time is believed only if every part of it holds."""

from __future__ import annotations

import hashlib
import random
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from probe.evidence import authority, rfc3161, token
from probe.evidence.authority import AuthorityError
from probe.evidence.custody_after import Act, written
from probe.evidence.der import DerError, children, dotted, element, identifier, integer, moment, number, whole
from probe.evidence.handling import Handling
from probe.evidence.token import PROBLEMS, Token, token_of
from unit.a_sealed import a_bag, root_of, said
from unit.an_authority import FROM, STAMPING, UNTIL, Holder, StampingAuthority, a_holder, an_authority

if TYPE_CHECKING:
    from pathlib import Path

NONCE = 0x7FFF_0000_1234_5678
NOW = datetime(2026, 11, 22, tzinfo=UTC)
SIGNED = "tagmanifest-sha256.txt"
VERIFY = ("openssl", "ts", "-verify", "-data", SIGNED, "-in", f"{SIGNED}.tsr", "-CAfile", "tsa-ca.pem")


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> StampingAuthority:
    return an_authority(tmp_path_factory.mktemp("tsa") / "one")


@pytest.fixture(scope="module")
def far_tsa(tmp_path_factory: pytest.TempPathFactory) -> StampingAuthority:
    return an_authority(tmp_path_factory.mktemp("tsa") / "far", between=True, digest="sha512")


def put(bag: Path, answer: bytes, roots: bytes) -> None:
    """Put an answer into a bag as `stamp` does, without its questions."""
    digest = hashlib.sha256(answer).hexdigest()
    act = Act(
        handling=Handling(utc="2026-11-22T12:00:00Z", role="authority", action="stamped"), sha256=digest
    )
    for name, content in {
        f"{SIGNED}.tsr": answer,
        "tsa-ca.pem": roots,
        "custody-after.csv": written((act,)),
    }.items():
        (bag / name).write_bytes(content)


def asked(digest: bytes, nonce: int = NONCE) -> bytes:
    return rfc3161.question(digest, nonce)


def stamped(tmp_path: Path, tsa: StampingAuthority) -> Path:
    bag = a_bag(tmp_path)
    answer = tsa.answer(asked(bytes.fromhex(root_of(bag))))
    _stamp, chain = token.checked(
        answer, bytes.fromhex(root_of(bag)), authority.certificates(tsa.roots.read_bytes())
    )
    put(bag, answer, authority.to_pem(chain[1:]))
    return bag


def test_openssl_reads_our_question(tmp_path: Path) -> None:
    (tmp_path / "q").write_bytes(asked(hashlib.sha256(b"").digest()))
    code, text = said("openssl", "ts", "-query", "-in", "q", "-text", bag=tmp_path)
    assert code == 0
    assert "Hash Algorithm: sha256" in text
    assert "Nonce: 0x7FFF000012345678" in text
    assert "Certificate required: yes" in text


def test_our_question_is_byte_for_byte_that_of_openssl_but_for_the_nonce(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"some bytes")
    command = ["openssl", "ts", "-query", "-data", "data", "-sha256", "-cert", "-no_nonce", "-out", "q"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    theirs = children(whole((tmp_path / "q").read_bytes(), 0x30))
    ours = children(whole(asked(hashlib.sha256(b"some bytes").digest()), 0x30))
    assert [each.raw for each in theirs] == [each.raw for each in ours if each is not ours[2]]


def test_a_bag_that_nobody_stamped_has_no_token_and_that_is_no_fault(tmp_path: Path) -> None:
    assert token_of(a_bag(tmp_path)) == Token(state="none")


def test_openssl_and_we_find_a_stamp_good_and_we_say_when_and_by_whom(
    tmp_path: Path, tsa: StampingAuthority
) -> None:
    bag = stamped(tmp_path, tsa)
    found = token_of(bag)
    root = hashlib.sha256(authority.to_der(tsa.root.certificate)).hexdigest()
    assert (found.state, found.authority, found.authority_sha256) == ("good", "CN=Test stamps", root)
    assert found.policy == "1.2.3.4.1"
    assert found.time is not None
    assert abs(found.time - datetime.now(UTC)) < timedelta(hours=1)
    code, text = said(*VERIFY, bag=bag)
    assert (code, "Verification: OK" in text) == (0, True)


def test_an_authority_below_another_is_followed_up_to_its_root(
    tmp_path: Path, far_tsa: StampingAuthority
) -> None:
    bag = stamped(tmp_path, far_tsa)
    assert token_of(bag).state == "good"
    assert (bag / "tsa-ca.pem").read_bytes().count(b"BEGIN CERTIFICATE") == 2
    code, text = said(*VERIFY, bag=bag)
    assert (code, "Verification: OK" in text) == (0, True)


@pytest.mark.parametrize("ess", ["sha1", "sha512"])
def test_other_ways_to_name_the_signer_s_certificate_are_read(tmp_path: Path, ess: str) -> None:
    bag = stamped(tmp_path, an_authority(tmp_path / "tsa", ess=ess))
    assert token_of(bag).state == "good"


@pytest.mark.parametrize("digest", ["sha256", "sha384"])
def test_an_authority_with_a_key_on_a_curve_is_believed_as_openssl_believes_it(
    tmp_path: Path, digest: str
) -> None:
    bag = stamped(tmp_path, an_authority(tmp_path / "tsa", on_curve=True, digest=digest))
    assert token_of(bag).state == "good"
    assert said(*VERIFY, bag=bag)[0] == 0


def test_a_digest_that_proves_nothing_any_more_is_not_believed(tmp_path: Path) -> None:
    weak = an_authority(tmp_path / "tsa", digest="sha1")
    answer = weak.answer(asked(b"\0" * 32))
    with pytest.raises(AuthorityError, match=r"\Aunknown_algorithm\Z"):
        token.checked(answer, b"\0" * 32, authority.certificates(weak.roots.read_bytes()))


def test_an_edited_bag_is_found_by_openssl_and_by_us(tmp_path: Path, tsa: StampingAuthority) -> None:
    bag = stamped(tmp_path, tsa)
    with (bag / SIGNED).open("ab") as file:
        file.write(b"\n")
    assert token_of(bag) == Token(state="bad", problem="another_hash")
    code, text = said(*VERIFY, bag=bag)
    assert (code, "Verification: FAILED" in text) == (1, True)


def test_a_stamp_for_another_bag_is_bad(tmp_path: Path, tsa: StampingAuthority) -> None:
    bag = a_bag(tmp_path)
    put(bag, tsa.answer(asked(hashlib.sha256(b"another").digest())), tsa.root.pem)
    assert token_of(bag) == Token(state="bad", problem="another_hash")
    assert said(*VERIFY, bag=bag)[0] == 1


def test_another_nonce_is_the_answer_to_another_question(tsa: StampingAuthority) -> None:
    digest, named = b"\1" * 32, authority.certificates(tsa.roots.read_bytes())
    answer = tsa.answer(asked(digest))
    stamp, _chain = token.checked(answer, digest, named, NONCE)
    assert stamp.nonce == NONCE
    with pytest.raises(AuthorityError, match=r"\Aanother_nonce\Z"):
        token.checked(answer, digest, named, NONCE + 1)


def test_a_stamp_by_another_authority_than_the_one_in_the_bag_is_bad(
    tmp_path: Path, tsa: StampingAuthority, far_tsa: StampingAuthority
) -> None:
    bag = stamped(tmp_path, tsa)
    (bag / "tsa-ca.pem").write_bytes(far_tsa.root.pem)
    assert token_of(bag) == Token(state="bad", problem="unknown_authority")
    assert said(*VERIFY, bag=bag)[0] == 1


def test_a_stamp_made_after_its_authority_s_end_is_bad(tmp_path: Path) -> None:
    ended = an_authority(tmp_path / "tsa", begin=FROM, until=FROM + timedelta(days=365))
    bag = a_bag(tmp_path)
    put(bag, ended.answer(asked(bytes.fromhex(root_of(bag)))), ended.root.pem)
    assert token_of(bag) == Token(state="bad", problem="expired")
    assert said(*VERIFY, bag=bag)[0] == 1


def test_a_signer_with_a_key_too_short_is_not_believed(tmp_path: Path) -> None:
    short = an_authority(tmp_path / "tsa", bits=1024)
    bag = a_bag(tmp_path)
    put(bag, short.answer(asked(bytes.fromhex(root_of(bag)))), short.root.pem)
    assert token_of(bag) == Token(state="bad", problem="not_for_stamping")


@pytest.mark.parametrize("missing", [f"{SIGNED}.tsr", "tsa-ca.pem"])
def test_stamp_and_authority_come_together(tmp_path: Path, tsa: StampingAuthority, missing: str) -> None:
    bag = stamped(tmp_path, tsa)
    (bag / missing).unlink()
    assert token_of(bag) == Token(state="bad", problem="incomplete")


def test_a_stamp_that_custody_does_not_note_is_bad(tmp_path: Path, tsa: StampingAuthority) -> None:
    bag = stamped(tmp_path, tsa)
    (bag / "custody-after.csv").unlink()
    assert (token_of(bag).state, token_of(bag).problem) == ("bad", "not_in_custody")


def test_no_byte_of_a_stamp_or_of_its_authority_can_be_changed(
    tmp_path: Path, far_tsa: StampingAuthority
) -> None:
    bag = stamped(tmp_path, far_tsa)
    chance = random.Random(7)
    for name in (f"{SIGNED}.tsr", "tsa-ca.pem"):
        whole_file = (bag / name).read_bytes()
        for at in chance.sample(range(len(whole_file)), 300):
            changed = bytes((whole_file[at] ^ (1 << chance.randrange(7)),))
            (bag / name).write_bytes(whole_file[:at] + changed + whole_file[at + 1 :])
            found = token_of(bag)
            assert found.state == "bad", (name, at, changed)
            assert found.problem in PROBLEMS
        (bag / name).write_bytes(whole_file + b"\n")
        assert token_of(bag).state == "bad"
        (bag / name).write_bytes(whole_file)
    assert token_of(bag).state == "good"


def test_whatever_an_authority_sends_ends_in_a_word_of_ours(far_tsa: StampingAuthority) -> None:
    digest, named = b"\2" * 32, authority.certificates(far_tsa.roots.read_bytes())
    answer = far_tsa.answer(asked(digest))
    chance = random.Random(11)
    outcomes = set()
    for _round in range(3000):
        broken = bytearray(answer)
        for _change in range(chance.randrange(1, 4)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        try:
            token.checked(
                bytes(broken[: chance.choice((len(broken), chance.randrange(len(broken))))]), digest, named
            )
            outcomes.add("good")  # a byte that nobody signed: text beside the status, a spare certificate
        except AuthorityError as error:
            outcomes.add(str(error))
    assert outcomes <= {*PROBLEMS, "good"}
    assert {"unreadable", "does_not_fit", "no_certificate", "unknown_algorithm"} <= outcomes


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (b"", "unreadable"),
        (b"<html>It works!</html>", "unreadable"),
        (element(0x30), "unreadable"),
        (element(0x30, element(0x30)), "unreadable"),
        (element(0x30, element(0x30, integer(2))), "refused"),
        (element(0x30, element(0x30, integer(0))), "refused"),
        (element(0x30, element(0x30, integer(0)), element(0x30)), "unreadable"),
        (
            element(0x30, element(0x30, integer(0)), element(0x30, identifier("1.2.3"), element(0xA0))),
            "unreadable",
        ),
        (b"\x30\x84\xff\xff\xff\xff", "unreadable"),
        (b"\x30\x80\x00\x00", "unreadable"),
        (b"\x30" * 5000, "unreadable"),
        (element(0x30, element(0x30, integer(0)) * 1000), "unreadable"),
    ],
)
def test_what_is_no_answer_is_called_so(answer: bytes, problem: str) -> None:
    with pytest.raises(AuthorityError, match=rf"\A{problem}\Z"):
        token.checked(answer, b"\0" * 32, ())


@pytest.mark.parametrize(
    ("usage", "critical", "problem"),
    [
        ((STAMPING,), True, ""),
        ((STAMPING,), False, "not_for_stamping"),
        ((STAMPING, ExtendedKeyUsageOID.SERVER_AUTH), True, "not_for_stamping"),
        ((ExtendedKeyUsageOID.CODE_SIGNING,), True, "not_for_stamping"),
        ((), True, "not_for_stamping"),
    ],
)
def test_only_a_certificate_made_for_stamps_and_nothing_else_may_stamp(
    usage: tuple[x509.ObjectIdentifier, ...], critical: bool, problem: str
) -> None:
    root = a_holder("Root", ca=True)
    signer = a_holder("Signer", root, usage=usage, critical=critical)
    assert outcome(signer, (), (root,)) == problem


def outcome(signer: Holder, between: tuple[Holder, ...], roots: tuple[Holder, ...]) -> str:
    try:
        authority.chain_to_root(
            signer.certificate,
            [each.certificate for each in between],
            [each.certificate for each in roots],
            NOW,
        )
    except AuthorityError as error:
        return str(error)
    return ""


def test_a_chain_is_followed_only_as_far_and_through_such_as_may_vouch() -> None:
    root = a_holder("Root", ca=True)
    middle = a_holder("Middle", root, ca=True)
    signer = a_holder("Signer", middle)
    assert outcome(signer, (middle,), (root,)) == ""
    assert outcome(signer, (), (root,)) == "unknown_authority"
    assert outcome(signer, (middle,), (middle,)) == "unknown_authority"  # no root
    assert outcome(signer, (middle,), (a_holder("Root", ca=True),)) == "unknown_authority"
    no_authority = a_holder("Middle", root)
    assert outcome(a_holder("Signer", no_authority), (no_authority,), (root,)) == "unknown_authority"
    narrow = a_holder("Narrow", ca=True, path_length=0)
    below = a_holder("Below", narrow, ca=True)
    assert outcome(a_holder("Signer", narrow), (), (narrow,)) == ""
    assert outcome(a_holder("Signer", below), (below,), (narrow,)) == "unknown_authority"
    late = a_holder("Late", root, ca=True, begin=NOW + timedelta(days=1))
    assert outcome(a_holder("Signer", late), (late,), (root,)) == "expired"
    past = a_holder("Past", ca=True, until=NOW - timedelta(days=1))
    assert outcome(a_holder("Signer", past), (), (past,)) == "expired"


def test_many_certificates_that_vouch_for_each_other_are_looked_at_once_each() -> None:
    key_holder = a_holder("Ring", ca=True)
    ring = [Holder(certificate=_ring(key_holder, n), key=key_holder.key) for n in range(14)]
    signer = a_holder("Signer", key_holder)
    assert outcome(signer, tuple(ring), (a_holder("Root", ca=True),)) == "unknown_authority"


def _ring(holder: Holder, n: int) -> x509.Certificate:
    """Return one of many certificates of one name and one key, each of which could have issued any other."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(holder.certificate.subject)
        .issuer_name(holder.certificate.subject)
        .public_key(holder.key.public_key())
        .serial_number(1000 + n)
        .not_valid_before(FROM)
        .not_valid_after(UNTIL)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    from cryptography.hazmat.primitives import hashes

    return builder.sign(holder.key, hashes.SHA256())


def test_the_authorities_that_browsers_trust_are_read() -> None:
    import certifi

    found = authority.readable("-----BEGIN CERTIFICATE-----\nAAAA\n" + certifi.contents())
    assert len(found) == certifi.contents().count("-----BEGIN")
    with pytest.raises(AuthorityError, match=r"\Aauthority_unreadable\Z"):
        authority.certificates(certifi.contents().encode("ascii", "replace"))


@pytest.mark.parametrize("text", ["1.2.3.4.1", "2.16.840.1.101.3.4.2.1", "1.3.6.1.4.1.311.3.2.1", "0.9.2342"])
def test_identifiers_are_read_as_they_were_written(text: str) -> None:
    assert dotted(whole(identifier(text), 0x06)) == text


@pytest.mark.parametrize("value", [0, 1, 127, 128, 255, 256, 2**63 - 1, 2**64])
def test_numbers_are_read_as_they_were_written(value: int) -> None:
    assert number(whole(integer(value), 0x02)) == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"20261122120000Z", datetime(2026, 11, 22, 12, tzinfo=UTC)),
        (b"20261122120000.123Z", datetime(2026, 11, 22, 12, tzinfo=UTC)),
        (b"20261122120000", None),
        (b"20261122120000.Z", None),
        (b"20261322120000Z", None),
        (b"20261122120000+0300", None),
        (b"", None),
        (b"\xff" * 15, None),
    ],
)
def test_times_are_utc_or_none(text: bytes, expected: datetime | None) -> None:
    held = whole(element(0x18, text), 0x18)
    if expected is None:
        with pytest.raises(DerError):
            moment(held)
    else:
        assert moment(held) == expected
