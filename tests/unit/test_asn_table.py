"""A table of AS numbers: three kinds of file, the longest prefix, its date, and files that are none."""

import datetime as dt
import os
import sys
from pathlib import Path

import pytest

from probe.measure.asn_table import AsnTable, TableError, read_table, table_of
from unit.a_database import a_database

PYASN = (
    "; IP-ASN32-DAT file\n; Original file : rib.20261101.0000.bz2\n"
    "; Converted on  : Thu Nov  5 10:11:12 2026\n; CIDRs         : 3\n; \n"
    "93.0.0.0/8\t1\n93.184.215.0/24\t15133\n2606:2800::/32\t15133\n"
)
BUILT = 1_790_000_000  # 2026-09-21


def a_file(folder: Path, text: str, name: str = "as.csv") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_the_longest_prefix_tells_the_as(tmp_path: Path) -> None:
    rows = "prefix,asn\n93.0.0.0/8,AS1\n93.184.215.0/24,15133\n\n# a comment\n2606:2800::/32,15133\n"
    table = read_table(a_file(tmp_path, rows))
    asked = {
        "93.184.215.14": "AS15133",
        "93.1.1.1": "AS1",
        "9.9.9.9": "",
        "2606:2800::1": "AS15133",
        "2606:2801::1": "",
        "::ffff:93.184.215.14": "AS15133",
        "fe80::1%eth0": "",
        "x": "",
    }
    assert {ip: table.name_of(ip) for ip in asked} == asked
    assert table.lookup("93.184.215.14") == 15133
    assert table.lookup("9.9.9.9") is None


def test_pyasns_text_is_read_as_it_is_and_dated_by_what_it_was_made_of(tmp_path: Path) -> None:
    table = read_table(a_file(tmp_path, PYASN, "ipasn.dat"))
    assert [table.lookup(ip) for ip in ("93.1.1.1", "93.184.215.14", "2606:2800::1")] == [1, 15133, 15133]
    assert table.dated == dt.date(2026, 11, 1)
    assert len(table.sha256) == 64


@pytest.mark.parametrize(
    ("first", "dated"),
    [
        ("# dated: 2026-05-04", dt.date(2026, 5, 4)),
        ("; Converted on  : Thu Nov  5 10:11:12 2026", dt.date(2026, 11, 5)),
        ("# 2026-13-45 is no day", dt.date(2020, 1, 2)),
        ("# Foo  5 10:11:12 2026 is no month", dt.date(2020, 1, 2)),
        ("# nothing", dt.date(2020, 1, 2)),
    ],
)
def test_a_table_is_dated_by_its_first_lines_or_else_by_its_file(
    tmp_path: Path, first: str, dated: dt.date
) -> None:
    file = a_file(tmp_path, f"{first}\n93.0.0.0/8,1\n")
    then = dt.datetime(2020, 1, 2, 12, tzinfo=dt.UTC).timestamp()
    os.utime(file, (then, then))
    assert read_table(file).dated == dated


def test_a_table_is_stale_after_half_a_year() -> None:
    table = AsnTable(dated=dt.date(2026, 5, 1))
    assert not table.is_stale(dt.date(2026, 10, 28))
    assert table.is_stale(dt.date(2026, 10, 29))
    assert not AsnTable().is_stale(dt.date(2026, 10, 29))


def test_prefixes_in_any_order_are_found_and_the_last_of_two_counts() -> None:
    table = AsnTable()
    for prefix, number in (
        ("93.0.0.0/8", 1),
        ("9.0.0.0/8", 2),
        ("93.0.0.0/8", 3),
        ("8.8.8.8", 4),
        ("2606:2800::1:2/128", 5),
        ("2606:2800::1:1/128", 6),
        ("0.0.0.0/0", 7),
    ):
        table.add(prefix, number)
    asked = ("93.1.1.1", "9.1.1.1", "8.8.8.8", "2606:2800::1:2", "2606:2800::1:1", "1.1.1.1", "2606:2800::")
    assert [table.lookup(ip) for ip in asked] == [3, 2, 4, 5, 6, 7, None]


def test_number_0_is_nobody_and_a_private_number_is_not_told() -> None:
    table = AsnTable()
    table.add("93.0.0.0/8", 0)
    table.add("94.0.0.0/8", 4_200_000_000)
    assert table.lookup("93.1.1.1") is None
    assert table.lookup("94.1.1.1") == 4_200_000_000
    assert (table.name_of("93.1.1.1"), table.name_of("94.1.1.1")) == ("", "")


def test_published_ranges_make_a_table_too() -> None:
    table = table_of(((15169, ("8.8.8.0/24", "2001:4860::/32")), (13335, ("1.1.1.0/24",))), "2026-08-22")
    assert [table.lookup(ip) for ip in ("8.8.8.8", "2001:4860::1", "1.1.1.1")] == [15169, 15169, 13335]
    assert table.dated == dt.date(2026, 8, 22)
    assert table_of(()).dated is None


@pytest.mark.parametrize(
    "line", ["junk", "93.0.0.0/8", "93.0.0.0/8,x", "93.0.0.0/64,1", "93.0.0.0/8,-1", "93.0.0.0/8,4294967296"]
)
def test_a_line_that_is_no_prefix_and_number_is_told_with_its_place(tmp_path: Path, line: str) -> None:
    file = a_file(tmp_path, f"93.0.0.0/8,1\n{line}\n")
    with pytest.raises(TableError) as told:
        read_table(file)
    assert (told.value.file, told.value.line) == (str(file), 2)
    assert "192.0.2.0/24,64500" in told.value.hint


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        ("", 0, "the table is empty"),
        ("; only comments\n", 0, "the table is empty"),
        ("x" * 5000, 1, "a line without end: this is no text"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, content: str, line: int, problem: str) -> None:
    with pytest.raises(TableError) as told:
        read_table(a_file(tmp_path, content))
    assert (told.value.line, told.value.problem) == (line, problem)


def test_more_lines_than_the_internet_has_routes_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("probe.measure.asn_table.MAX_LINES", 2)
    with pytest.raises(TableError) as told:
        read_table(a_file(tmp_path, "93.0.0.0/8,1\n" * 3))
    assert (told.value.line, told.value.problem) == (3, "more than 2 lines")


def test_a_maxmind_database_tells_the_number_and_its_own_date(tmp_path: Path) -> None:
    file = tmp_path / "GeoLite2-ASN.mmdb"
    file.write_bytes(
        a_database(
            {
                "93.184.215.0/24": {"autonomous_system_number": 15133},
                "1.0.0.0/24": {"asn": "AS13335"},
                "2606:2800::/32": {"autonomous_system_number": 15133},
                "9.0.0.0/24": {"country": "DE"},
                "10.0.0.0/24": {"asn": "nonsense"},
            }
        )
    )
    table = read_table(file)
    asked = {"93.184.215.14": 15133, "1.0.0.1": 13335, "2606:2800::1": 15133, "9.0.0.1": None}
    assert {ip: table.lookup(ip) for ip in asked} == asked
    assert [table.lookup(ip) for ip in ("10.0.0.1", "8.8.8.8", "x")] == [None, None, None]
    assert table.dated == dt.datetime.fromtimestamp(BUILT, dt.UTC).date()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"junk", "no MaxMind DB"),
        (b"\xab\xcd\xefMaxMind.com" + b"\xff" * 100, "no MaxMind DB"),
        (a_database({}, kind="GeoLite2-City"), "a MaxMind DB without AS numbers"),
    ],
)
def test_a_database_of_another_kind_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    file = tmp_path / "as.mmdb"
    file.write_bytes(content)
    with pytest.raises(TableError) as told:
        read_table(file)
    assert told.value.problem == problem


def test_a_damaged_database_tells_nothing(tmp_path: Path) -> None:
    whole = a_database({"93.184.215.0/24": {"autonomous_system_number": 15133}})
    at = whole.index(b"\0" * 16) + 16
    file = tmp_path / "as.mmdb"
    file.write_bytes(whole[:at] + b"\xff\xff" + whole[at + 2 :])
    assert read_table(file).lookup("93.184.215.14") is None


def test_without_the_library_a_database_is_refused_with_what_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "maxminddb", None)
    file = tmp_path / "as.mmdb"
    file.write_bytes(a_database({}))
    with pytest.raises(TableError) as told:
        read_table(file)
    assert "interference-probe[asn]" in told.value.hint
