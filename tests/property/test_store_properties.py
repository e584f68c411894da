"""Whatever is measured comes back from the disk; whatever tears the file, complete lines stay."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from probe.model.measurement import Measurement
from probe.model.observation import DNSLookup, HTTPRoundTrip, TCPConnect
from probe.report.csv import guarded, unguarded
from probe.store import OwnValues, Redactor, RunFolder, codec
from unit.a_run import a_lookup, a_measurement, a_round_trip

texts = st.text(st.characters(codec="utf-8"), max_size=200)
numbers = st.floats(0, 1e6, allow_nan=False)
failures = st.none() | st.sampled_from(["eof_error", "generic_timeout_error", "unknown_failure: x"])
lookups: st.SearchStrategy[DNSLookup] = st.builds(
    lambda t, failure, name, answers: a_lookup(t=t, failure=failure, hostname=name, answers=tuple(answers)),
    numbers,
    failures,
    texts,
    st.lists(st.ip_addresses().map(str), max_size=3),
)
connects: st.SearchStrategy[TCPConnect] = st.builds(
    TCPConnect,
    t0=numbers,
    t=numbers,
    failure=failures,
    ip=st.ip_addresses().map(str),
    port=st.integers(1, 65535),
    tcp_info=st.none(),
    icmp=st.none(),
)
requests: st.SearchStrategy[HTTPRoundTrip] = st.builds(
    lambda body, headers, status: a_round_trip(body=body, headers=tuple(headers), status_code=status),
    texts,
    st.lists(st.tuples(texts, texts), max_size=3),
    st.none() | st.integers(100, 599),
)
measurements: st.SearchStrategy[Measurement] = st.builds(
    lambda uid, start, started, queries, connects, requests: a_measurement(
        measurement_uid=uid,
        measurement_start_time=start,
        started_s=started,
        queries=tuple(queries),
        tcp_connect=tuple(connects),
        requests=tuple(requests),
    ),
    st.uuids().map(str),
    st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds are naive
    numbers,
    st.lists(lookups, max_size=2),
    st.lists(connects, max_size=2),
    st.lists(requests, max_size=2),
)


@contextmanager
def a_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp())
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@given(measurements)
def test_encoding_loses_nothing(measurement: Measurement) -> None:
    assert codec.decode(codec.encode(measurement)) == measurement


@given(st.lists(measurements, max_size=4))
@settings(max_examples=30, deadline=None)
def test_what_was_appended_is_what_is_read(given_: list[Measurement]) -> None:
    with a_folder() as results, RunFolder.create(results, "r", redactor=Redactor(OwnValues())) as run:
        written = [run.append(measurement, sync=False) for measurement in given_]
        assert list(run.measurements()) == written
        offsets = [offset for found in run.index().values() for offset in found]
        assert list(run.read_at(offsets)) == written


@given(st.lists(measurements, min_size=1, max_size=3), st.data())
@settings(max_examples=40, deadline=None)
def test_a_file_torn_at_any_byte_keeps_every_complete_line(
    given_: list[Measurement], data: st.DataObject
) -> None:
    with a_folder() as results:
        redactor = Redactor(OwnValues())
        with RunFolder.create(results, "r", redactor=redactor) as run:
            for measurement in given_:
                run.append(measurement, sync=False)
        path = run.path / "measurements.jsonl"
        content = path.read_bytes()
        cut = data.draw(st.integers(0, len(content)))
        path.write_bytes(content[:cut])
        complete = content[:cut].count(b"\n")
        with RunFolder.open(run.path, append=True, redactor=redactor) as again:
            again.append(a_measurement(measurement_uid="after"))
            kept = [measurement.measurement_uid for measurement in again.measurements()]
        assert kept == [*(m.measurement_uid for m in given_[:complete]), "after"]
        torn = run.path / "measurements.torn-1.jsonl"
        rest = content[:cut].rpartition(b"\n")[2]
        assert (torn.read_bytes() if rest else torn.exists()) == (rest or False)


@given(st.lists(measurements, min_size=1, max_size=3), st.data())
@settings(max_examples=40, deadline=None)
def test_no_byte_of_a_line_but_the_last_can_change_unnoticed(
    given_: list[Measurement], data: st.DataObject
) -> None:
    with a_folder() as results, RunFolder.create(results, "r", redactor=Redactor(OwnValues())) as run:
        for measurement in [*given_, a_measurement()]:
            run.append(measurement, sync=False)
        path = run.path / "measurements.jsonl"
        content = bytearray(path.read_bytes())
        last = content.rindex(b"\n", 0, len(content) - 1)
        at = data.draw(st.integers(0, last - 1))
        content[at] ^= data.draw(st.integers(1, 255))
        path.write_bytes(content)
        try:
            list(run.measurements())
        except Exception as error:  # noqa: BLE001 - whichever way it is noticed, it must be ours
            noticed = type(error).__name__
        else:
            noticed = "nothing"
        assert noticed == "StoreError"


@given(st.text(max_size=60))
def test_every_cell_can_be_turned_back(text: str) -> None:
    cell = guarded(text)
    assert unguarded(cell) == text
    assert not cell or cell[0] not in "=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20"
    assert cell.isascii() or not any(0x80 <= ord(character) < 0xA0 for character in cell)
