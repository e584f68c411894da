"""A bag's zip holds its files and nothing else: no byte beside them, and one list that is true."""

import struct
import zlib
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from probe.evidence.fault import Faults
from probe.evidence.unzip import unpacked
from probe.pipeline.sealing import Sealed
from probe.pipeline.verifying import verify
from unit.a_bag import codes_of
from unit.a_hostile import a_zip, an_info

HIDDEN = b"state\nreachable\n"
END = struct.Struct("<4s4H2LH")


def a_local(name: str, content: bytes) -> bytes:
    head = (20, 0, 0, 0, 33, zlib.crc32(content), len(content), len(content), len(name), 0)
    return struct.pack("<4s5H3L2H", b"PK\x03\x04", *head) + name.encode() + content


def shifted(content: bytes, at: int, hidden: bytes) -> bytes:
    """Put bytes at a place and mend the offsets behind it, so that every other program reads the same."""
    mark, *counts, n_bytes, offset, n_comment = END.unpack(content[-END.size :])
    directory = bytearray(content[offset : offset + n_bytes])
    entry = 0
    while entry < n_bytes:
        (place,) = struct.unpack_from("<L", directory, entry + 42)
        if place >= at:
            struct.pack_into("<L", directory, entry + 42, place + len(hidden))
        entry += 46 + sum(struct.unpack_from("<3H", directory, entry + 28))
    end = END.pack(mark, *counts, n_bytes, offset + len(hidden), n_comment)
    return content[:at] + hidden + content[at:offset] + bytes(directory) + end


def second_of(content: bytes) -> int:
    """Return where the second file of a zip begins."""
    return content.index(b"PK\x03\x04", 4)


def directory_of(content: bytes) -> int:
    return int(END.unpack(content[-END.size :])[6])


def test_a_zip_as_it_was_sealed_is_whole(sealed_run: Sealed) -> None:
    assert codes_of(sealed_run.zip) == set()


def test_what_is_hidden_from_the_list_of_files_is_told(sealed_run: Sealed, tmp_path: Path) -> None:
    whole = sealed_run.zip.read_bytes()
    hidden = a_local(f"{sealed_run.run_id}/data/verdicts.csv", HIDDEN)
    path = tmp_path / "bag.zip"
    for content in (
        b"#!/bin/sh\nexit\n" + whole,
        hidden + whole,
        shifted(whole, 0, hidden),
        shifted(whole, second_of(whole), hidden),
        shifted(whole, directory_of(whole), hidden),
        whole[: -END.size] + b"between" + whole[-END.size :],
    ):
        path.write_bytes(content)
        assert codes_of(path) == {("zip", "")}
        assert verify(path).checked is None


def test_bytes_behind_what_was_packed_are_told(tmp_path: Path) -> None:
    """A packed file ends before its bytes do: other programs never look there."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(b"true") + packer.flush()
    for slack, codes in ((b"", set()), (b"false", {("zip", "")})):
        path = a_zip(tmp_path / "bag.zip", ("bag/bagit.txt", packed + slack))
        content = bytearray(path.read_bytes())
        for mark, method, crc in ((b"PK\x03\x04", 8, 14), (b"PK\x01\x02", 10, 16)):
            at = content.index(mark)
            struct.pack_into("<H", content, at + method, ZIP_DEFLATED)
            struct.pack_into("<3L", content, at + crc, zlib.crc32(b"true"), len(packed + slack), 4)
        path.write_bytes(content)
        faults = Faults()
        place = tmp_path / f"place{len(slack)}"
        place.mkdir()
        unpacked(path, place, faults)
        assert {(fault.code, fault.file) for fault in faults.kept} == codes


def test_comments_and_fields_beside_the_files_are_told(tmp_path: Path) -> None:
    commented, extended = an_info("bag/bagit.txt"), an_info("bag/bagit.txt")
    commented.comment = b"This file is false"
    extended.extra = struct.pack("<2H4s", 0x6375, 4, b"lies")
    for info in (commented, extended):
        assert codes_of(a_zip(tmp_path / "bag.zip", (info, b"true"))) == {("zip", "bag/bagit.txt")}


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    path = a_zip(tmp_path / "bag.zip", ("bag/bagit.txt", b""), ("bag/data/", b""))
    assert codes_of(path) == {("unexpected", "bag/data/")}


@pytest.mark.parametrize(
    "name", ["a/x", "a/bc/x", "\u202ebag/x", "C:/x", "-rf/x", "..evil/x", "\x1b]0;x\x07/x"]
)
def test_the_folder_has_a_name_that_any_shell_takes_for_one(tmp_path: Path, name: str) -> None:
    assert codes_of(a_zip(tmp_path / "bag.zip", (name, b""))).isdisjoint({("name", name)}) == name.startswith(
        "a"
    )


def test_a_folder_of_five_thousand_letters_is_told(tmp_path: Path) -> None:
    path = a_zip(tmp_path / "bag.zip", (f"{'A' * 5000}/x", b""))
    assert {code for code, _ in codes_of(path)} == {"name"}
    assert ("name", f"{'A' * 100}/x") not in codes_of(a_zip(path, (f"{'A' * 100}/x", b"")))


@pytest.mark.parametrize("at", [6, 8, 10, 12, 14, 18, 22])
def test_what_a_file_says_of_itself_and_what_the_list_says_agree(
    sealed_run: Sealed, tmp_path: Path, at: int
) -> None:
    content = bytearray(sealed_run.zip.read_bytes())
    content[second_of(bytes(content)) + at] ^= 1 << 3
    (tmp_path / "bag.zip").write_bytes(content)
    assert codes_of(tmp_path / "bag.zip") == {("zip", "")}


def test_more_files_told_than_listed_is_told(sealed_run: Sealed, tmp_path: Path) -> None:
    content = bytearray(sealed_run.zip.read_bytes())
    content[-END.size + 8] ^= 1
    (tmp_path / "bag.zip").write_bytes(content)
    assert codes_of(tmp_path / "bag.zip") == {("zip", "")}


def test_a_zip_packed_smaller_is_still_the_bag(sealed_run: Sealed, tmp_path: Path) -> None:
    path = tmp_path / "bag.zip"
    with ZipFile(sealed_run.zip) as source, ZipFile(path, "w", ZIP_DEFLATED) as target:
        for info in source.infolist():
            target.writestr(info.filename, source.read(info))
    assert codes_of(path) == set()


def test_large_files_are_listed_as_large_zips_list_them(tmp_path: Path) -> None:
    path = tmp_path / "bag.zip"
    with ZipFile(path, "w") as zipped, zipped.open("bag/bagit.txt", "w", force_zip64=True) as file:
        file.write(b"x")
    faults = Faults()
    (tmp_path / "place").mkdir()
    place = unpacked(path, tmp_path / "place", faults)
    assert place is not None
    assert (place / "bagit.txt").read_bytes() == b"x"
