"""A bag is altered after it was sealed: each change is told by its code and file."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from probe.evidence.manifest import MANIFEST, TAGMANIFEST
from probe.pipeline.request import UsageError
from probe.pipeline.sealing import Sealed
from probe.pipeline.verifying import verify
from unit.a_bag import a_blob, codes_of, faults_of


def sha256sum_is_content(bag: Path) -> bool:
    done = subprocess.run(["sha256sum", "-c", TAGMANIFEST], cwd=bag, capture_output=True, check=False)
    return done.returncode == 0


def test_a_changed_byte_is_told_with_its_file_and_line(bag: Path) -> None:
    path = bag / "data" / "verdicts.csv"
    content = path.read_bytes()
    path.write_bytes(content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
    faults = faults_of(bag)
    assert [(fault.code, fault.file) for fault in faults] == [
        ("changed", "data/verdicts.csv"),
        ("table", "data/verdicts.csv"),
    ]
    assert faults[1].line == content.count(b"\n")


def test_an_added_file_is_told_though_every_hash_still_fits(bag: Path) -> None:
    (bag / "data" / "more.txt").write_text("x")
    (bag / "README.txt").write_text("x")
    (bag / "data" / "inputs" / "note.toml").write_text("x")
    (bag / "data" / ".hidden").write_text("x")
    (bag / "data" / "empty").mkdir()
    assert codes_of(bag) == {
        ("unlisted", "data/more.txt"),
        ("unexpected", "data/more.txt"),
        ("added", "README.txt"),
        ("unlisted", "data/inputs/note.toml"),
        ("name", "data/.hidden"),
        ("unlisted", "data/.hidden"),
        ("unexpected", "data/.hidden"),
        ("added", "data/empty"),
        ("info", "bag-info.txt"),
    }


def test_a_removed_file_is_told(bag: Path) -> None:
    name = f"data/blobs/{a_blob(bag)}"
    (bag / name).unlink()
    assert {("gone", name), ("blob_gone", name), ("info", "bag-info.txt")} == codes_of(bag)


@pytest.mark.parametrize("name", ["bagit.txt", "bag-info.txt", "VERIFY.txt", MANIFEST])
def test_a_missing_text_is_told(bag: Path, name: str) -> None:
    (bag / name).unlink()
    assert codes_of(bag) == {("missing", name), ("gone", name)}


def test_a_missing_tag_manifest_is_told(bag: Path) -> None:
    (bag / TAGMANIFEST).unlink()
    assert codes_of(bag) == {("missing", TAGMANIFEST)}
    assert ("root", "") in codes_of(bag, "0" * 64)


def test_a_renamed_file_is_told_twice(bag: Path) -> None:
    (bag / "data" / "services.csv").rename(bag / "data" / "Services.csv")
    assert {
        ("gone", "data/services.csv"),
        ("unlisted", "data/Services.csv"),
        ("unexpected", "data/Services.csv"),
    } <= codes_of(bag)


def test_a_manifest_in_another_order_is_not_as_written(bag: Path) -> None:
    lines = (bag / MANIFEST).read_bytes().splitlines(keepends=True)
    (bag / MANIFEST).write_bytes(b"".join([lines[1], lines[0], *lines[2:]]))
    assert codes_of(bag) == {("manifest", MANIFEST), ("changed", MANIFEST)}


@pytest.mark.parametrize(
    ("spelled", "stock_is_content"),
    [
        (lambda content: content.replace(b"  ", b" *"), True),
        (lambda content: content.upper(), False),
        (lambda content: content + b"\n", True),
        (lambda content: b"# all is well\n" + content, True),
        (lambda content: content + content.splitlines(keepends=True)[0], True),
        (lambda content: content.splitlines(keepends=True)[0], True),
    ],
)
def test_a_tag_manifest_spelled_otherwise_is_told_also_where_sha256sum_is_content(
    bag: Path, spelled: Callable[[bytes], bytes], stock_is_content: bool
) -> None:
    (bag / TAGMANIFEST).write_bytes(spelled((bag / TAGMANIFEST).read_bytes()))
    assert codes_of(bag)
    assert sha256sum_is_content(bag) == stock_is_content


def test_a_root_hash_that_is_none_is_the_users_mistake(sealed_run: Sealed) -> None:
    with pytest.raises(UsageError) as caught:
        verify(sealed_run.bag, "deadbeef")
    assert caught.value.hint == "Type the 64 hexadecimal digits that the letter prints."
