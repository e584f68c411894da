"""The tables: DESIGN's columns in order, safe in a spreadsheet, read back as they were."""

import csv
import json
import math
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from probe.model.measurement import VantagePoint
from probe.model.words import Caveat, ControlSource, ReasonCode, State
from probe.report import EXPORTS, Judged
from probe.report.column import Column
from probe.report.columns import VERDICT_COLUMNS
from probe.report.csv import (
    as_csv,
    guarded,
    read_csv,
    safe_again,
    unguarded,
    write_services_csv,
    write_verdicts_csv,
)
from probe.report.datapackage import datapackage, write_datapackage
from probe.report.service_columns import SERVICE_COLUMNS
from unit.a_run import a_record, a_service_verdict, a_verdict

VANTAGE = VantagePoint(
    probe_asn="AS12389",
    asn_source="detected",
    probe_cc="RU",
    probe_network_name="Ростелеком, «ДВ»",
    region="RU-KHA",
    access_type="mobile",
)
WHERE = {
    "probe_cc": "RU",
    "probe_asn": "AS12389",
    "probe_network_name": "Ростелеком, «ДВ»",
    "region": "RU-KHA",
    "asn_source": "detected",
    "access_type": "mobile",
}
RUN_ID = "20261121T120000Z-AS12389-abcd"
VERDICT_HEADER = (
    "schema_version,run_id,service,target_id,input,state,mechanism,layer,located,confirmed,reason_code,caveats,"
    "rule_id,because,failure,n_observations,n_controls,control_source,dns_ms,connect_ms,tls_ms,ttfb_ms,"
    "goodput_kbps,control_goodput_kbps,goodput_ratio,probe_cc,probe_asn,probe_network_name,region,started_utc,"
    "measurement_uids,simulated,asn_source,access_type,category_code"
)
SERVICE_HEADER = (
    "schema_version,run_id,service,state,mechanism,located,confirmed,reason_code,because,n_targets,n_reachable,"
    "n_throttled,n_blocked,n_geoblocked,n_down,n_inconclusive,started_utc,ended_utc,"
    "probe_cc,probe_asn,probe_network_name,region,asn_source,access_type"
)


@pytest.fixture
def verdicts_csv(tmp_path: Path) -> Path:
    return tmp_path / "verdicts.csv"


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle, strict=True))


def test_verdicts_csv_has_the_columns_that_were_promised(verdicts_csv: Path) -> None:
    write_verdicts_csv(verdicts_csv, RUN_ID, [], VANTAGE)
    assert verdicts_csv.read_bytes() == VERDICT_HEADER.encode() + b"\r\n"


def test_services_csv_has_the_columns_that_were_promised(tmp_path: Path) -> None:
    write_services_csv(tmp_path / "services.csv", RUN_ID, [], VANTAGE)
    assert (tmp_path / "services.csv").read_bytes() == SERVICE_HEADER.encode() + b"\r\n"


def test_a_row_says_everything_of_a_verdict(verdicts_csv: Path) -> None:
    verdict = a_verdict(
        reason_code=ReasonCode.UNCONFIRMED,
        caveats=(Caveat.BYPASS_ACTIVE, Caveat.OPERATOR_UNCERTAIN),
        failure="connection_reset",
        n_observations=3,
        n_controls=6,
        control_source=(ControlSource.CROSS, ControlSource.NEUTRAL),
        dns_ms=12.345,
        connect_ms=60.0,
        goodput_ratio=0.123456,
        category_code="NEWS",
    )
    write_verdicts_csv(verdicts_csv, RUN_ID, [verdict], VANTAGE)
    (row,) = rows_of(verdicts_csv)
    assert row == {
        "schema_version": "1",
        "run_id": RUN_ID,
        "service": "twitter",
        "target_id": "twitter/web",
        "input": "https://x.com/",
        "state": "blocked",
        "mechanism": "tls.reset",
        "layer": "tls",
        "located": "path",
        "confirmed": "false",
        "reason_code": "UNCONFIRMED",
        "caveats": "BYPASS_ACTIVE OPERATOR_UNCERTAIN",
        "rule_id": "tls.reset.count",
        "because": "Three of three handshakes were reset.",
        "failure": "connection_reset",
        "n_observations": "3",
        "n_controls": "6",
        "control_source": "cross+neutral",
        "dns_ms": "12.3",
        "connect_ms": "60.0",
        "tls_ms": "",
        "ttfb_ms": "",
        "goodput_kbps": "",
        "control_goodput_kbps": "",
        "goodput_ratio": "0.123",
        **WHERE,
        "started_utc": "2026-11-21T12:00:00Z",
        "measurement_uids": "uid-1 uid-2",
        "simulated": "false",
        "category_code": "NEWS",
    }


def test_a_row_made_in_the_lab_says_so(verdicts_csv: Path) -> None:
    write_verdicts_csv(verdicts_csv, RUN_ID, [a_verdict()], VANTAGE, simulated=True)
    assert [row["simulated"] for row in rows_of(verdicts_csv)] == ["true"]


def test_a_row_says_everything_of_a_service(tmp_path: Path) -> None:
    path = tmp_path / "services.csv"
    write_services_csv(path, RUN_ID, [a_service_verdict()], VANTAGE)
    (row,) = rows_of(path)
    assert row["confirmed"] == "true"
    assert {name: row[name] for name in WHERE} == WHERE
    assert row["reason_code"] == ""
    assert [row[f"n_{state}"] for state in State] == ["1", "0", "1", "0", "0", "0"]
    assert row["n_targets"] == "2"
    assert row["ended_utc"] == "2026-11-21T12:02:00Z"


def test_the_network_stands_first_and_the_order_of_judging_changes_nothing(verdicts_csv: Path) -> None:
    verdicts = [
        a_verdict(),
        a_verdict(target_id="network", service="network", input=""),
        a_verdict(target_id="signal/chat", service="signal"),
    ]
    write_verdicts_csv(verdicts_csv, RUN_ID, verdicts, VANTAGE)
    first = verdicts_csv.read_bytes()
    assert [row["target_id"] for row in rows_of(verdicts_csv)] == ["network", "signal/chat", "twitter/web"]
    write_verdicts_csv(verdicts_csv, RUN_ID, verdicts[::-1], VANTAGE)
    assert verdicts_csv.read_bytes() == first


def test_services_are_sorted_with_the_network_first(tmp_path: Path) -> None:
    path = tmp_path / "services.csv"
    services = [a_service_verdict(service=s) for s in ("youtube", "network", "signal")]
    write_services_csv(path, RUN_ID, services, VANTAGE)
    assert [row["service"] for row in rows_of(path)] == ["network", "signal", "youtube"]


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("'x", "''x"),
        ("'", "''"),
        ("\tx", r"'\u0009x"),
        ("\r\nx", r"'\u000d\u000ax"),
        ("\0", r"'\u0000"),
        ("\uff1d1", "'\uff1d1"),
        ("a=b", "a=b"),
        ("a\x1b[31m\x9b", r"a\u001b[31m\u009b"),
        ("a\u202eb\u2066\u200b", r"a\u202eb\u2066\u200b"),
        (r"C:\x", r"C:\\x"),
        (r"\u0041", r"\\u0041"),
        ("\ud800", r"\ud800"),
        ("привет", "привет"),
        ("", ""),
    ],
)
def test_a_cell_is_safe_and_can_be_turned_back(text: str, cell: str) -> None:
    assert guarded(text) == cell
    assert unguarded(cell) == text


def test_hostile_text_comes_back_from_the_file_as_it_was(verdicts_csv: Path) -> None:
    hostile = '=cmd|"/c calc"!A1,\r\n\x1b]0;x\x07\u202e\\u0041 "q" NA'
    write_verdicts_csv(
        verdicts_csv, RUN_ID, [a_verdict(input=hostile, because="NA", failure="null")], VANTAGE
    )
    assert b"\x1b" not in verdicts_csv.read_bytes()
    assert verdicts_csv.read_bytes().count(b"\r\n") == 2
    frame = read_csv(verdicts_csv, VERDICT_COLUMNS)
    assert frame["input"][0] == hostile
    assert frame["because"][0] == "NA"
    assert frame["failure"][0] == "null"
    assert frame["reason_code"].isna()[0]
    assert str(frame["n_controls"].dtype) == "Int64"
    assert str(frame["dns_ms"].dtype) == "Float64"


def test_a_table_of_services_comes_back_with_its_types(tmp_path: Path) -> None:
    path = tmp_path / "services.csv"
    write_services_csv(path, RUN_ID, [a_service_verdict()], VANTAGE)
    frame = read_csv(path, SERVICE_COLUMNS)
    assert int(frame["n_blocked"][0]) == 1
    assert list(frame.columns) == [column.name for column in SERVICE_COLUMNS]


def test_a_table_is_its_owners_alone_and_leaves_nothing_beside(verdicts_csv: Path) -> None:
    write_verdicts_csv(verdicts_csv, RUN_ID, [a_verdict()], VANTAGE)
    assert verdicts_csv.stat().st_mode & 0o777 == 0o600
    assert list(verdicts_csv.parent.iterdir()) == [verdicts_csv]


def test_a_long_table_is_written_without_being_in_memory_whole(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.csv"
    verdicts = [a_verdict(target_id=f"url/{number:06}", because="x" * 1000) for number in range(3000)]
    write_verdicts_csv(path, RUN_ID, verdicts[:1], VANTAGE)  # what is loaded once is not counted
    tracemalloc.start()
    write_verdicts_csv(path, RUN_ID, verdicts, VANTAGE)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(path.read_bytes().splitlines()) == 3001
    assert most < path.stat().st_size / 2


def fields_of(package: dict[str, Any], number: int) -> dict[str, dict[str, Any]]:
    return {field["name"]: field for field in package["resources"][number]["schema"]["fields"]}


def test_the_descriptor_names_every_column_of_both_tables() -> None:
    package = datapackage(a_record())
    assert package["profile"] == "tabular-data-package"
    assert [resource["path"] for resource in package["resources"]] == ["verdicts.csv", "services.csv"]
    assert ",".join(fields_of(package, 0)) == VERDICT_HEADER
    assert ",".join(fields_of(package, 1)) == SERVICE_HEADER
    assert all(field["description"].endswith(".") for field in fields_of(package, 0).values())


def test_the_descriptor_gives_types_and_vocabularies() -> None:
    fields = fields_of(datapackage(a_record()), 0)
    assert fields["confirmed"]["trueValues"] == ["true"]
    assert fields["started_utc"]["format"] == "default"
    assert fields["state"]["constraints"] == {"required": True, "enum": [str(state) for state in State]}
    assert "constraints" not in fields["dns_ms"]
    assert "resolver" in fields["control_source"]["words"]


def test_the_same_run_gives_the_same_descriptor(tmp_path: Path) -> None:
    record = a_record(ended_utc="2026-11-21T12:02:00Z")
    write_datapackage(tmp_path / "a.json", record)
    write_datapackage(tmp_path / "b.json", record)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert json.loads((tmp_path / "a.json").read_text())["created"] == "2026-11-21T12:02:00Z"


def test_the_export_named_csv_writes_all_three_files(tmp_path: Path) -> None:
    judged = Judged(record=a_record(), verdicts=(a_verdict(),), services=(a_service_verdict(),))
    written = EXPORTS["csv"](tmp_path, judged)
    assert [path.name for path in written] == ["verdicts.csv", "services.csv", "datapackage.json"]
    assert rows_of(written[0])[0]["run_id"] == judged.record.run_id
    assert rows_of(written[1])[0]["run_id"] == judged.record.run_id


def test_a_table_is_written_without_pandas() -> None:
    program = (
        "import sys; from probe.report.csv import as_csv; from probe.report.columns import VERDICT_COLUMNS; "
        "as_csv(VERDICT_COLUMNS, []); sys.exit('pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("string", ["", "a", 'say "so"', "one, two", "two\nlines", "=1", None]),
        ("integer", [0, -3, 2**53, 4.0, None, True]),
        ("number", [0, -0.0, 1, 0.1, 1e16, 1e-7, 123456789.123, math.nan, math.inf, None]),
        ("boolean", [True, False, None, "", 1]),
    ],
)
def test_a_table_has_the_bytes_that_pandas_writes(kind: Any, values: list[Any]) -> None:
    columns = [Column(name=name, type=kind, meaning="", value=lambda value: value) for name in ("one", "two")]
    cells = [None if value in ("", None) else _as_text(kind, value) for value in values]
    dtype: Any = {"integer": "Int64", "number": "Float64"}.get(kind, "string")
    series = pd.array(cells, dtype=dtype)
    frame = pd.DataFrame({"one": series, "two": series})
    expected = frame.to_csv(index=False, lineterminator="\r\n", na_rep="").encode()
    assert as_csv(columns, values) == expected


def _as_text(kind: str, value: Any) -> Any:
    return guarded(value) if kind == "string" else str(bool(value)).lower() if kind == "boolean" else value


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("https://a.example/;=1+1", "https://a.example/\\u003b=1+1"),
        ('x; "=1+1', 'x\\u003b "=1+1'),
        ("x;\uff1d1", "x\\u003b\uff1d1"),
        ("one; two", "one; two"),
        ("a;b=c", "a;b=c"),
    ],
)
def test_a_semicolon_begins_no_formula_where_it_is_the_list_separator(text: str, cell: str) -> None:
    assert guarded(text) == cell
    assert unguarded(cell) == text


def test_a_cell_holds_no_sign_that_xml_may_not_hold() -> None:
    assert guarded("\ufffe\uffff\x0b") == "\\ufffe\\uffff\\u000b"


def test_a_table_of_ours_that_is_handed_in_stays_as_it_is_byte_for_byte(verdicts_csv: Path) -> None:
    texts = ("=1+1", "'quoted'", 'a "b", c', "x\ny", "\u202e", "back\\slash", "x;=1", "")
    verdicts = [
        a_verdict(target_id=f"twitter/{n}", input=text, because=text or "-", dns_ms=0.5)
        for n, text in enumerate(texts)
    ]
    write_verdicts_csv(verdicts_csv, RUN_ID, verdicts, VANTAGE)
    assert safe_again(verdicts_csv.read_bytes()) == verdicts_csv.read_bytes()


def test_a_table_of_a_stranger_is_made_safe() -> None:
    assert safe_again(b"input,dns_ms,n_controls\r\n=cmd|x!A0,=1+1,-1\r\n\x1b[31m,1e5,\r\n") == (
        b"input,dns_ms,n_controls\r\n'=cmd|x!A0,'=1+1,-1\r\n\\u001b[31m,1e5,\r\n"
    )
    assert safe_again(b"=1+1\r\nx\r\n") == b"'=1+1\r\nx\r\n"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b'a,b\r\n"x,y\r\n', "line 2: unexpected end of data"),
        (b"a,b\r\nx\r\n", "line 2: 1 cells under 2 headings"),
        (b"\xff\xfe", "'utf-8' codec can't decode"),
    ],
)
def test_what_is_no_table_is_refused_with_its_line(content: bytes, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        safe_again(content)
