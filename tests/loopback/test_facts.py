"""Facts through the whole flow: measured once, never judged, told with source and date, beside a baseline."""

from __future__ import annotations

import asyncio
import csv
import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from loopback.registering import AUTNUM, STATUS
from probe.cli.exporting import write_facts
from probe.lab import open_lab
from probe.lab.facts import GONE, KNOWN, PREFIX
from probe.model.baseline import Baseline
from probe.model.fact import PathHop, PathTrace
from probe.model.measurement import Measurement
from probe.model.observation import LocalFact
from probe.pipeline.baselines import baseline_from_run
from probe.pipeline.demo import simulate
from probe.pipeline.fact_list import facts_of_run
from probe.pipeline.folder import open_run
from probe.pipeline.request import RunRequest, prepare
from probe.pipeline.run import RunResult, concluded, measure
from probe.report.facts import KnownPath, ShownFact, lines
from probe.store import RunFolder
from probe.targets import CatalogueError, read_catalogue

TRANSIT = [f"transit/{name}" for name in ("cogent", "cogent-root", "lumen", "lumen-second")]


class Nobody:
    """An observer who does not watch."""

    def __getattr__(self, _name: str) -> Any:
        return lambda *_args, **_kwargs: None


def measured(fact: ShownFact) -> Measurement:
    assert fact.measurement is not None
    return fact.measurement


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    return asyncio.run(simulate("facts", tmp_path_factory.mktemp("facts"), Nobody()))


def test_facts_are_measured_once_and_have_no_row_of_a_verdict(result: RunResult) -> None:
    assert (result.exit_code, result.record.errors, tuple(result.verdicts)) == (0, (), ())
    for name in ("verdicts.csv", "services.csv"):
        with (result.folder / name).open(newline="") as file:
            assert [row["service"] for row in csv.DictReader(file)] == ["network"]
    with RunFolder.open(result.folder) as folder:
        found = [m for m in folder.measurements() if m.experiment in ("registry", "path")]
    assert sorted(m.input for m in found if m.experiment == "registry") == sorted([KNOWN, PREFIX, GONE])
    assert sorted(m.target_id for m in found if m.experiment == "path") == sorted(TRANSIT)


def test_what_a_registry_and_routing_said_is_told_with_source_and_time(result: RunResult) -> None:
    facts = [fact for fact in facts_of_run(result.folder) if fact.input in (KNOWN, GONE)]
    asked = [answer.asked_utc for fact in facts for answer in measured(fact).registry_answers]
    routing = "https://stat.ripe.net/data/routing-status/data.json?resource="
    assert list(lines(facts)) == [
        (
            "AS3333: handle AS3333; status active; registered 2002-09-03; last changed 2026-06-26; "
            f"registry whois.ripe.net. Source: https://rdap.db.ripe.net/autnum/3333, {asked[0]}."
        ),
        (
            "AS3333: seen by 328 of 330 IPv4 peers; seen by 0 of 341 IPv6 peers; first seen 2000-08-17; "
            "last seen 2026-11-21T16:00:00Z; routing tables of 2026-11-21T16:00:00Z. "
            f"Source: {routing}AS3333, {asked[1]}."
        ),
        f"193.0.8.0/21: nothing found (404). Source: https://rdap.db.ripe.net/ip/193.0.8.0/21, {asked[2]}.",
        (
            "193.0.8.0/21: seen by 0 of 330 IPv4 peers; seen by 0 of 341 IPv6 peers; "
            f"routing tables of 2026-11-21T16:00:00Z. Source: {routing}193.0.8.0/21, {asked[3]}."
        ),
    ]


def test_where_others_answer_for_the_registry_there_is_no_fact_but_that(tmp_path: Path) -> None:
    run = asyncio.run(simulate("facts-junk", tmp_path, Nobody()))
    (fact,) = [fact for fact in facts_of_run(run.folder) if fact.input == KNOWN]
    told = [(a.failure, a.status_code, a.handle, a.peers_v4) for a in measured(fact).registry_answers]
    assert told == [("http_unexpected_status_code", 403, "", None), ("connection_refused", None, "", None)]
    assert [verdict.input for verdict in run.verdicts] == []


def test_a_path_of_the_lab_is_one_hop_and_the_carrier_is_on_it(result: RunResult) -> None:
    facts = [fact for fact in facts_of_run(result.folder) if measured(fact).target_id in TRANSIT[:2]]
    dated = read_catalogue().ranges_dated
    assert list(lines(facts)) == [
        (
            "Path to 66.28.0.45:53: 1 of 1 hop answered, the address too; AS174 "
            f"(AS numbers by shipped ranges, {dated}). AS174: on the observed path."
        ),
        (
            "Path to 192.33.4.12:53: 1 of 1 hop answered, the address too; AS unknown "
            f"(AS numbers by shipped ranges, {dated}). AS174: not on the observed path."
        ),
    ]
    (trace,) = measured(facts[0]).path_traces
    assert trace.hops == (
        PathHop(ttl=1, n_sent=2, rtt_ms=trace.hops[0].rtt_ms, as_names=("AS174",), ips=("66.28.0.45",)),
    )


def test_a_baseline_keeps_the_numbers_of_the_path_and_the_next_run_is_held_against_it(
    result: RunResult, tmp_path: Path
) -> None:
    known = baseline_from_run(result.folder, tmp_path / "baseline.json")
    assert {row.target_id: row.path_asns for row in known.targets} == {
        "transit/cogent": (174,),
        "transit/cogent-root": (),
        "transit/lumen": (3356,),
        "transit/lumen-second": (3356,),
    }
    assert {(row.n, row.n_ok) for row in known.targets} == {(1, 1)}
    elsewhere = replace(
        known,
        simulated=False,
        targets=tuple(
            replace(row, path_asns=(1299, 174)) if row.target_id == "transit/cogent-root" else row
            for row in known.targets
            if row.target_id != "transit/lumen-second"
        ),
    )
    again = asyncio.run(_run_with(elsewhere, tmp_path / "results"))
    said = "\n".join(lines(facts_of_run(again.folder)))
    day = known.recorded_utc.date().isoformat()
    assert f"AS174: on the observed path, as in the baseline of {day} from AS12389." in said
    assert (
        f"AS174: on the observed path in the baseline of {day} from AS12389, not on the observed path now."
        in said
    )
    assert "AS3356: on the observed path." in said


async def _run_with(baseline: Baseline, results: Path) -> RunResult:
    catalogue = read_catalogue()
    async with open_lab("facts", catalogue) as lab:
        saved = results.parent / "saved.json"
        saved.write_text(json.dumps(AUTNUM))
        os.utime(saved, (1_790_000_000, 1_790_000_000))
        request = RunRequest(
            services=("transit",), registry_files=(saved,), results=results, vantage=lab.vantage
        )
        prepared = dataclasses.replace(prepare(request, catalogue=catalogue), baseline=baseline)
        opened = open_run(prepared, lab.network, simulated=True)
        with opened.folder:
            record = await measure(prepared, lab.network, Nobody(), opened)
            return concluded(opened.folder, record, Nobody())


def test_a_saved_file_gives_the_same_facts_under_its_name_and_date(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, tree in (("saved.json", AUTNUM), ("routing.json", STATUS)):
        (tmp_path / name).write_text(json.dumps(tree))
        os.utime(tmp_path / name, (1_790_000_000, 1_790_000_000))

    async def main() -> RunResult:
        catalogue = read_catalogue()
        async with open_lab("clean", catalogue) as lab:
            files = (tmp_path / "saved.json", tmp_path / "routing.json")
            prepared = prepare(RunRequest(registry_files=files, results=tmp_path / "r"), catalogue=catalogue)
            assert [c for c in prepared.contacts if c.purpose in ("target", "registry")] == []
            opened = open_run(prepared, lab.network, simulated=True)
            with opened.folder:
                record = await measure(prepared, lab.network, Nobody(), opened)
                return concluded(opened.folder, record, Nobody())

    run = asyncio.run(main())
    write_facts([run.folder], None)
    assert capsys.readouterr().out == (
        f"{run.run_id}\n"
        "  AS3333: handle AS3333; status active; registered 2002-09-03; last changed 2026-06-26; "
        "registry whois.ripe.net. Source: file:saved.json, 2026-09-21T14:13:20Z.\n"
        "  AS3333: seen by 328 of 330 IPv4 peers; 5 IPv4 prefixes; seen by 338 of 341 IPv6 peers; "
        "2 IPv6 prefixes; first seen 2000-08-17; last seen 2026-11-21T16:00:00Z; "
        "routing tables of 2026-11-21T16:00:00Z. Source: file:routing.json, 2026-09-21T14:13:20Z.\n"
    )


def test_a_run_without_facts_says_so_where_they_are_asked_for(tmp_path: Path) -> None:
    async def main() -> Path:
        catalogue = read_catalogue()
        async with open_lab("clean", catalogue) as lab:
            request = RunRequest(services=("signal",), results=tmp_path)
            with open_run(prepare(request, catalogue=catalogue), lab.network).folder as folder:
                return folder.path

    run = asyncio.run(main())
    write_facts([run], tmp_path / "facts.txt")
    assert (tmp_path / "facts.txt").read_text() == f"{run.name}\n  No facts were asked for.\n"


@pytest.mark.parametrize("content", [b"", b"[]", b'{"objectClassName":"entity","handle":"JD1-RIPE"}'])
def test_a_file_of_something_else_is_refused_before_anything_is_sent(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(CatalogueError) as refused:
        prepare(RunRequest(registry_files=(tmp_path / "x.json",)))
    assert refused.value.hint.startswith(
        "Save one so: curl -o saved.json https://rdap.db.ripe.net/autnum/3333"
    )


def test_what_was_not_come_to_and_what_could_not_be_seen_are_told_apart() -> None:
    """The run ended first; this system does not tell who answered; no address was there to look for."""
    from unit.a_run import a_measurement

    unsupported = a_measurement(
        input="path://4.2.2.2:53", local=(LocalFact(name="path", value="unsupported"),)
    )
    shown = (
        ShownFact(measurement=None, input="registry://AS3333"),
        ShownFact(measurement=unsupported, input="path://4.2.2.2:53"),
        ShownFact(measurement=a_measurement(), input="path://gone.example:53"),
    )
    assert list(lines(shown)) == [
        "registry://AS3333: not measured.",
        "Path to path://4.2.2.2:53: this system does not tell who answered; not observed.",
        "path://gone.example:53: not measured.",
    ]


def a_trace(**changes: Any) -> PathTrace:
    return replace(PathTrace(t0=0, t=1, failure=None, ip="66.28.0.45", port=53, carrier="AS174"), **changes)


HOPS = (
    PathHop(ttl=1, n_sent=2, rtt_ms=(1.0,), as_names=("unknown",)),
    PathHop(ttl=2, n_sent=2),
    PathHop(ttl=3, n_sent=2, rtt_ms=(9.0, 9.1), as_names=("AS3356", "AS174")),
)
SILENT = tuple(PathHop(ttl=ttl, n_sent=2) for ttl in range(1, 7))
THEN = KnownPath(asns=(12389, 3356), recorded="2026-11-20", network="AS13335")


@pytest.mark.parametrize(
    ("trace", "known", "said"),
    [
        (
            a_trace(hops=HOPS, failure="generic_timeout_error", as_table="given 2026-11-01"),
            None,
            (
                "Path to 66.28.0.45:53: 2 of 3 hops answered, the address did not; AS unknown, AS3356, AS174 "
                "(AS numbers by the table given, 2026-11-01). AS174: on the observed path."
            ),
        ),
        (
            a_trace(hops=HOPS[:2], as_table="shipped 2026-08-22"),
            THEN,
            (
                "Path to 66.28.0.45:53: 1 of 2 hops answered, the address too; AS unknown "
                "(AS numbers by shipped ranges, 2026-08-22). AS174: not on the observed path, nor in the "
                "baseline of 2026-11-20 from AS13335."
            ),
        ),
        (
            a_trace(hops=HOPS, ip="2001:550::1", as_table="shipped 2026-08-22"),
            THEN,
            (
                "Path to [2001:550::1]:53: 2 of 3 hops answered, the address too; AS unknown, AS3356, AS174 "
                "(AS numbers by shipped ranges, 2026-08-22). AS174: on the observed path, "
                "not on the observed path in the baseline of 2026-11-20 from AS13335."
            ),
        ),
        (
            a_trace(hops=SILENT, failure="generic_timeout_error"),
            THEN,
            "Path to 66.28.0.45:53: no hop answered; not observed.",
        ),
        (
            a_trace(hops=HOPS[:1], carrier="", as_table="shipped undated"),
            None,
            (
                "Path to 66.28.0.45:53: 1 of 1 hop answered, the address too; AS unknown "
                "(AS numbers by shipped ranges, undated)."
            ),
        ),
    ],
)
def test_a_path_is_told_in_these_words(trace: PathTrace, known: KnownPath | None, said: str) -> None:
    from unit.a_run import a_measurement

    shown = ShownFact(measurement=a_measurement(path_traces=(trace,)), known=known)
    assert list(lines([shown])) == [said]
