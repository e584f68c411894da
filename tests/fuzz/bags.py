"""Harnesses of evidence: zips, bags, time stamps, signatures, certificates and their chains."""

from __future__ import annotations

import hashlib
import io
import shutil
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from zipfile import ZIP_DEFLATED, ZipFile

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fuzz.harness import CORPUS, Harness, joined, parts_of, scratch
from probe.evidence import authority, custody_after, token
from probe.evidence.authority import AuthorityError
from probe.evidence.custody_after import Act
from probe.evidence.fault import Faults
from probe.evidence.handling import Handling
from probe.evidence.keys import SigningKey
from probe.evidence.manifest import (
    BAGIT,
    BAGIT_TEXT,
    GUIDE,
    INFO,
    MANIFEST,
    TAGMANIFEST,
    TAGS,
    Entry,
    manifest,
)
from probe.evidence.outside import CUSTODY, MINISIG, OUTSIDE, SIGNATURE, SIGNED, SIGNERS
from probe.evidence.read import opened
from probe.evidence.signature import PROBLEMS as SIGNATURE_PROBLEMS
from probe.evidence.signature import signature_of, signed
from probe.evidence.token import PROBLEMS, token_of
from probe.evidence.unzip import unpacked
from probe.evidence.verify import checked
from probe.measure.verify import Verifier
from probe.model.options import TrustStore
from probe.store import OwnValues, Redactor
from probe.store.redact import NO_SCOPE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RUN: Final = "20261121T120000Z-AS64500-abcd"
INFO_TEXT: Final = (
    "Bag-Software-Agent: interference-probe 0.1.0\nBagging-Date: 2026-11-21\n"
    "External-Description: Measurements of network interference, what judging used, and verdicts\n"
    f"External-Identifier: {RUN}\nPayload-Oxum: 2.1\nProbe-Bag-Version: 1\n"
    "Probe-Generated: 2026-11-21T12:00:00Z\n"
).encode()


def _kept(name: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]


def _zip() -> Callable[[bytes], None]:
    folder = scratch() / "zip"
    folder.mkdir()
    path, place = folder / "it.zip", folder / "unpacked"

    def read(data: bytes) -> None:
        path.write_bytes(data)
        place.mkdir()
        faults = Faults()
        try:
            bag = unpacked(path, place, faults)
            assert (bag is None) == bool(faults.n)
            for fault in faults.kept:
                fault.sentence()
            assert {each.name for each in folder.iterdir()} == {"it.zip", "unpacked"}
        finally:
            shutil.rmtree(place)

    return read


def _zipped(members: dict[str, bytes], how: int = 0) -> bytes:
    made = io.BytesIO()
    with ZipFile(made, "w", how) as zipped:
        for name, content in members.items():
            zipped.writestr(name, content)
    return made.getvalue()


def _zip_seeds() -> Iterator[bytes]:
    yield _zipped({f"{RUN}/bagit.txt": BAGIT_TEXT, f"{RUN}/data/run.json": b"{}"})
    yield _zipped({f"{RUN}/bagit.txt": BAGIT_TEXT * 9, f"{RUN}/data/a": b"a" * 900}, ZIP_DEFLATED)
    yield _zipped({"b/": b"", "b/data/": b"", "b/data/x": b"1", "b/data/X": b"2"})
    yield _zipped({"../x": b"1"})
    yield b"PK\x05\x06" + bytes(18)


def _bag() -> Callable[[bytes], None]:
    folder = scratch() / "bag"
    (folder / "data" / "blobs").mkdir(parents=True)
    names = (INFO, GUIDE, BAGIT, MANIFEST, TAGMANIFEST, *OUTSIDE, "data/run.json", "data/blobs/x")
    for name, content in _sound().items():
        (folder / name).write_bytes(content)

    def read(data: bytes) -> None:
        name = names[data[0] % len(names)] if data else INFO
        (folder / name).write_bytes(data[1:])
        faults = Faults()
        with opened(folder, faults) as bag:
            assert bag is not None
            checked(bag, faults)
        assert signature_of(folder).state in {"none", "good", "bad"}
        assert token_of(folder).state in {"none", "good", "bad"}
        with suppress(ValueError):
            custody_after.acts_of(folder)
        for fault in faults.kept:
            fault.sentence()
        if name in _sound():
            (folder / name).write_bytes(_sound()[name])
        else:
            (folder / name).unlink()

    return read


@lru_cache(maxsize=1)
def _sound() -> dict[str, bytes]:
    texts = {"data/run.json": b"{}", GUIDE: b"How to check.\n", INFO: INFO_TEXT, BAGIT: BAGIT_TEXT}
    texts[MANIFEST] = manifest([_entry("data/run.json", texts)])
    texts[TAGMANIFEST] = manifest([_entry(name, texts) for name in TAGS])
    return texts


def _entry(name: str, texts: dict[str, bytes]) -> Entry:
    return Entry(name=name, n_bytes=len(texts[name]), sha256=hashlib.sha256(texts[name]).hexdigest())


def _bag_seeds() -> Iterator[bytes]:
    for number, name in enumerate((INFO, GUIDE, BAGIT, MANIFEST, TAGMANIFEST)):
        yield bytes((number,)) + _sound()[name]
    for number in range(5, 13):
        yield bytes((number,)) + b"utc,role,action,sha256\r\n2026-11-22T12:00:00Z,coalition,signed,\r\n"


_BESIDE: Final = (SIGNED, SIGNATURE, SIGNERS, MINISIG, CUSTODY)


def _signature() -> Callable[[bytes], None]:
    folder = scratch() / "signed"
    folder.mkdir()

    def read(data: bytes) -> None:
        for name, content in zip(_BESIDE, parts_of(data), strict=False):
            (folder / name).write_bytes(content)
        found = signature_of(folder)
        assert found.state != "bad" or found.problem in SIGNATURE_PROBLEMS
        with suppress(ValueError):
            custody_after.acts_of(folder)

    return read


def _signature_seeds() -> Iterator[bytes]:
    private = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    key = SigningKey(private=private, public=private.public_key().public_bytes_raw())
    files = signed(key, BAGIT_TEXT, "me@example")
    act = Act(
        handling=Handling(utc="2026-11-22T12:00:00Z", role="coalition", action="signed"),
        sha256=hashlib.sha256(files[SIGNATURE]).hexdigest(),
    )
    yield joined(BAGIT_TEXT, files[SIGNATURE], files[SIGNERS], files[MINISIG], custody_after.written((act,)))
    yield joined(BAGIT_TEXT, files[SIGNATURE], files[SIGNERS], files[MINISIG][:-1], b"")


def _token() -> Callable[[bytes], None]:
    (_answer, pem), digest = _kept("token"), hashlib.sha256(BAGIT_TEXT).digest()
    named = authority.certificates(pem)

    def read(data: bytes) -> None:
        try:
            stamp, chain = token.checked(data, digest, named)
        except AuthorityError as error:
            assert str(error) in PROBLEMS
        else:
            token.told(stamp, chain)

    return read


def _token_seeds() -> Iterator[bytes]:
    answer, _pem = _kept("token")
    yield answer
    yield bytes.fromhex("3003020102")
    yield answer[: len(answer) // 2]


def _certificate() -> Callable[[bytes], None]:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    small = scratch() / "trust.pem"
    small.write_bytes(_kept("token")[1])
    redactor = Redactor(OwnValues(hostname="my-laptop", user="me", home="/home/me"))

    def read(data: bytes) -> None:
        parts = tuple(parts_of(data)[:4]) or (data,)
        found = verifier.verify(parts, "site.example.org")
        assert len(found.certificates) == len(parts)
        verifier.verify(parts, "192.0.2.1")
        for der in parts:
            redactor.certificate(der, NO_SCOPE)

    verifier = Verifier(TrustStore(source="certifi", path=str(small), sha256=""), lambda: now)
    return read


def _certificate_seeds() -> Iterator[bytes]:
    kept = _kept("certificate")
    for der in kept:
        yield joined(der)
    yield joined(*kept[:3])


HARNESSES: Final = (
    Harness(name="zip", reads="a bag's zip", make=_zip, seeds=_zip_seeds, max_len=640),
    Harness(
        name="bag", reads="the files of a bag, but for its records", make=_bag, seeds=_bag_seeds, max_len=400
    ),
    Harness(
        name="signature",
        reads="signatures of OpenSSH and minisign, custody",
        make=_signature,
        seeds=_signature_seeds,
        max_len=1280,
    ),
    Harness(name="token", reads="time stamps (RFC 3161, CMS)", make=_token, seeds=_token_seeds, max_len=2048),
    Harness(
        name="certificate",
        reads="certificates and chains",
        make=_certificate,
        seeds=_certificate_seeds,
        max_len=1600,
    ),
)
