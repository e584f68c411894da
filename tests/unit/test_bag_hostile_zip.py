"""A stranger's zip means harm: nothing is written elsewhere, nothing grows without bound."""

import shutil
import stat
import struct
import zlib
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile

import pytest

from probe.pipeline.sealing import Sealed
from probe.pipeline.verifying import verify
from unit.a_bag import codes_of, hashed_again
from unit.a_hostile import a_zip, an_info, bounded

pytestmark = pytest.mark.usefixtures("nothing_outside")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("bag/../../canary", "outside"),
        ("bag/data/../../../canary", "outside"),
        ("../canary", "outside"),
        ("/etc/passwd", "outside"),
        ("bag//etc/passwd", "outside"),
        ("bag/data\\..\\..\\canary", "outside"),
        ("C:\\canary", "outside"),
        ("./canary", "outside"),
        ("bag/data/./x", "name"),
        ("bag/data//x", "name"),
        ("bag/.bashrc", "name"),
        ("bag/data/run.jsоn", "name"),  # the o is Cyrillic
        ("bag/data/x\x1b[2Jy", "name"),
        ("bag/data/a b", "name"),
        ("bag/data/x:y", "name"),
        ("bag/data/inputs/AUX.toml", "name"),
        ("bag/data/inputs/x.", "name"),
        ("bag/a/b/c/d/e/f/g", "name"),
        (f"bag/{'x' * 300}", "name"),
        ("bag/", ""),
        ("canary", "name"),
    ],
)
def test_a_name_in_a_zip_that_leads_elsewhere_is_told_and_nothing_is_unpacked(
    tmp_path: Path, name: str, code: str
) -> None:
    path = a_zip(tmp_path / "bag.zip", ("bag/bagit.txt", b""), (name, b""))
    done = verify(path)
    if code:
        assert [(fault.code, fault.file) for fault in done.faults.kept][:1] == [(code, name)]
        assert done.checked is None
        assert "\x1b" not in done.faults.kept[0].sentence()
    else:
        assert done.checked is not None


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFBLK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK])
def test_a_link_or_a_device_in_a_zip_is_told(tmp_path: Path, kind: int) -> None:
    info = an_info("bag/data/run.json", external_attr=(kind | 0o777) << 16, create_system=3)
    path = a_zip(tmp_path / "bag.zip", (info, b"/etc/passwd"))
    assert codes_of(path) == {("link", "bag/data/run.json")}


def test_a_file_without_a_name_is_told(tmp_path: Path) -> None:
    path = a_zip(tmp_path / "bag.zip", ("x", b""))
    content = path.read_bytes()
    local, listed = content.index(b"x"), content.rindex(b"x")
    for at, length in ((listed, listed - 18), (local, local - 4)):
        content = content[:at] + content[at + 1 :]
        content = content[:length] + b"\0\0" + content[length + 2 :]
    end = content.index(b"PK\x05\x06")
    path.write_bytes(content[: end + 12] + struct.pack("<LL", 46, 30) + content[end + 20 :])
    assert codes_of(path) == {("outside", "")}


def test_a_file_that_says_it_is_a_folder_is_told(tmp_path: Path) -> None:
    info = an_info("bag/data/x", external_attr=(stat.S_IFDIR | 0o777) << 16, create_system=3)
    assert codes_of(a_zip(tmp_path / "bag.zip", (info, b""))) == {("link", "bag/data/x")}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_in_a_zip_are_told(tmp_path: Path) -> None:
    path = a_zip(tmp_path / "bag.zip", ("bag/bagit.txt", b"true"), ("bag/bagit.txt", b"false"))
    assert codes_of(path) == {("twice", "bag/bagit.txt")}


def test_names_that_some_disks_take_for_one_are_told(tmp_path: Path, bag: Path) -> None:
    path = a_zip(tmp_path / "bag.zip", ("bag/bagit.txt", b""), ("bag/BagIt.txt", b""))
    assert codes_of(path) == {("double", "BagIt.txt")}
    path = a_zip(tmp_path / "bag.zip", ("bag/data", b""), ("bag/data/x", b""))
    assert codes_of(path) == {("double", "data/x")}
    (bag / "data" / "RUN.json").write_bytes((bag / "data" / "run.json").read_bytes())
    hashed_again(bag)
    assert ("double", "data/run.json") in codes_of(bag)


def test_a_zip_of_several_folders_is_told(tmp_path: Path) -> None:
    path = a_zip(tmp_path / "bag.zip", ("bag/bagit.txt", b""), ("other/bagit.txt", b""))
    assert codes_of(path) == {("folders", "")}
    assert codes_of(a_zip(tmp_path / "empty.zip")) == {("folders", "")}


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bag.zip"
    with ZipFile(path, "w", ZIP_DEFLATED) as zipped, zipped.open("bag/data/run.json", "w") as file:
        for _ in range(100):
            file.write(bytes(1 << 20))
    assert path.stat().st_size < 200_000
    assert codes_of(path) == {("bomb", "")}


def test_a_bomb_that_hides_its_size_ends_at_the_size_it_told(tmp_path: Path) -> None:
    path = tmp_path / "bag.zip"
    with ZipFile(path, "w", ZIP_DEFLATED) as zipped:
        zipped.writestr("bag/data/run.json", bytes(50_000_000))
    content = path.read_bytes()
    told = struct.pack("<L", 50_000_000)
    assert content.count(told) == 2
    path.write_bytes(content.replace(told, struct.pack("<L", 1000)))
    assert codes_of(path) == {("zip", "")}


def test_a_zip_that_tells_of_terabytes_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bag.zip"
    with ZipFile(path, "w") as zipped:
        for number in range(3):
            zipped.writestr(f"bag/data/{number}", b"1234")
    content = path.read_bytes()
    sizes = struct.pack("<LL", 4, 4)
    assert content.count(sizes) == 6
    path.write_bytes(content.replace(sizes, struct.pack("<LL", 0xFFFFFFF0, 0xFFFFFFF0)))
    assert codes_of(path) == {("large", "")}


def test_what_cannot_be_read_as_a_zip_is_told(sealed_run: Sealed, tmp_path: Path) -> None:
    whole = sealed_run.zip.read_bytes()
    path = tmp_path / "bag.zip"
    for content in (b"", b"PK", b"no zip at all" * 99, whole[:-30], whole[:9999], whole + b"x", bytes(99)):
        path.write_bytes(content)
        assert codes_of(path) == {("zip", "")}, len(content)
    path.write_bytes(whole.replace(b"\r\n", b"\r\t", 1))
    assert codes_of(path) == {("zip", "")}  # the library's CRC


def test_packed_or_locked_in_a_way_that_is_not_ours_is_told(tmp_path: Path) -> None:
    path = tmp_path / "bag.zip"
    with ZipFile(path, "w", ZIP_BZIP2) as zipped:
        zipped.writestr("bag/bagit.txt", b"x")
    assert codes_of(path) == {("zip", "bag/bagit.txt")}
    a_zip(path, ("bag/bagit.txt", b"x"))
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    assert codes_of(path) == {("zip", "bag/bagit.txt")}


def test_a_zip_in_a_bag_stays_closed(bag: Path) -> None:
    a_zip(bag / "data" / "inputs" / "more.zip", ("../../../canary", b"x"))
    hashed_again(bag)
    assert codes_of(bag) == {("unexpected", "data/inputs/more.zip")}
    shutil.move(bag / "data" / "inputs" / "more.zip", bag / "data" / "more.zip")
    hashed_again(bag)
    assert codes_of(bag) == {("unexpected", "data/more.zip")}


def test_a_million_names_are_refused_within_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "bag.zip"
    with path.open("wb") as file:
        for number in range(1_000_000):
            name = b"bag/%06x" % number
            head = struct.pack(
                "<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, len(name), *(0,) * 6
            )
            file.write(head + name)
        size = file.tell()
        end64 = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1_000_000, 1_000_000, size, 0)
        file.write(end64 + struct.pack("<4sLQL", b"PK\x06\x07", 0, size, 1))
        file.write(struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0))
    done = bounded("evidence", "verify", str(path))
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines()[0] == "There are more files than in any bag: more than 200,000."


def test_crc_is_no_hash(sealed_run: Sealed, tmp_path: Path) -> None:
    """A zip whose CRC was made to fit is unpacked, and its bag found changed."""
    content = bytearray(sealed_run.zip.read_bytes())
    name = f"{sealed_run.run_id}/data/services.csv".encode()
    at = content.index(name)
    size = (sealed_run.bag / "data" / "services.csv").stat().st_size
    begin = at + len(name)
    content[begin + size - 3] ^= 1
    crc = struct.pack("<L", zlib.crc32(bytes(content[begin : begin + size])))
    content[at - 30 + 14 : at - 30 + 18] = crc
    central = content.rindex(name) - 46
    content[central + 16 : central + 20] = crc
    (tmp_path / "bag.zip").write_bytes(content)
    assert ("changed", "data/services.csv") in codes_of(tmp_path / "bag.zip")
