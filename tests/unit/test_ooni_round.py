"""A run written as OONI measurements and read again: the same failures, and never a stronger verdict."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from msgspec.structs import replace

from cases.debts import measurements_of
from cases.script import NAME, a_target
from cases.test_judge_cases import CASES
from cases.world import facts_of
from probe.judge import judge_target
from probe.model.measurement import Measurement
from probe.model.observation import Certificate
from probe.model.target import Target
from probe.model.verdict import Verdict
from probe.model.words import Located, State
from probe.pipeline.ooni import judge_ooni
from probe.report.ooni import UNTOLD, ooni_lines
from probe.report.ooni_archive import PLAIN_HEADERS
from probe.report.told import Told
from probe.store import RunFolder
from probe.targets import Catalogue
from unit.a_page import written
from unit.a_run import a_full_measurement, a_record, a_round_trip, a_verdict
from unit.telling import a_told

ACCUSING = {State.BLOCKED, State.THROTTLED, State.GEOBLOCKED, State.DOWN}


class Case(NamedTuple):
    """A golden case: what it was, and what it became."""

    target: Target
    measurements: tuple[Measurement, ...]
    before: Verdict
    input: str
    lines: tuple[bytes, ...]


def told(target: Target, measurements: tuple[Measurement, ...], verdict: Verdict) -> Told:
    """Return a run of one target."""
    return Told(
        record=a_record(),
        verdicts=(verdict,),
        services=(),
        trials=(),
        facts=(),
        targets=(target,),
        controls=(),
        baseline=None,
        seal=None,
        measurements=lambda: measurements,
    )


def a_case(number: int, row: dict[str, Any], *, public: bool) -> Case:
    """Return a case whose name is its own: all of them lie in one file."""
    target = a_target(row)
    measurements = tuple(measurements_of(row, target))
    verdict = judge_target(facts_of(row, target), target, measurements).verdict
    own = f"c{number}.example.org"
    lines = ooni_lines(told(target, measurements, verdict), public=public)
    renamed = tuple(line.replace(NAME.encode(), own.encode()) for line in lines)
    return Case(target, measurements, verdict, target.input.replace(NAME, own), renamed)


def cases(*, public: bool, every: int = 1) -> Iterator[Case]:
    """Yield every golden case that is a page or an endpoint by name."""
    for number, row in enumerate(CASES.values()):
        if number % every == 0 and NAME in a_target(row).input:
            yield a_case(number, row, public=public)


class Again(NamedTuple):
    """All cases in one file, and what was made of it: verdicts and measurements by input."""

    cases: tuple[Case, ...]
    verdicts: dict[str, Verdict]
    measurements: dict[str, list[Measurement]]


@pytest.fixture(scope="module", params=["full", "public"])
def again(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Again:
    """Write all cases into a file, and read it as `probe judge FILE.jsonl` does."""
    found = tuple(case for case in cases(public=request.param == "public") if case.lines)
    path = tmp_path_factory.mktemp("ooni") / "all.jsonl"
    path.write_bytes(b"".join(line for case in found for line in case.lines))
    (result,) = judge_ooni(path, path.parent / "results", catalogue=Catalogue(services=())).results
    measurements: dict[str, list[Measurement]] = {}
    with RunFolder.open(result.folder) as folder:
        for m in folder.measurements():
            measurements.setdefault(m.input, []).append(m)
    return Again(found, {v.input: v for v in result.verdicts}, measurements)


def test_no_golden_case_is_judged_more_harshly_from_its_records(again: Again) -> None:
    assert len(again.cases) > 400
    for case in again.cases:
        after = again.verdicts[case.input]
        assert after.state in {case.before.state, State.INCONCLUSIVE}, case
        if after.state in ACCUSING:
            assert after.confirmed <= case.before.confirmed
            assert after.located in {case.before.located, Located.UNKNOWN}
            assert case.before.mechanism.startswith(after.mechanism)
        if after.state is State.INCONCLUSIVE:
            assert after.reason_code is not None


def test_what_an_artefact_settles_is_read_again(again: Again) -> None:
    blocked = {again.verdicts[case.input].rule_id for case in again.cases if _accused(again, case)}
    assert {"dns.notice_address"} <= blocked


def _accused(again: Again, case: Case) -> bool:
    return again.verdicts[case.input].state is State.BLOCKED


def test_every_failure_of_a_golden_case_is_read_again_as_it_was(again: Again) -> None:
    for case in again.cases:
        own = [m for m in case.measurements if m.experiment not in UNTOLD]
        assert failures(again.measurements[case.input], case) == failures(own, case), case.before.because


def failures(measurements: list[Measurement], case: Case) -> Counter[tuple[object, ...]]:
    """Count what was tried, where, and how it ended."""
    own = case.input.partition("://")[2].split("/")[0].split(":")[0]
    return Counter(
        (kind, o.hop, o.failure, getattr(o, "ip", ""), getattr(o, "hostname", "").replace(own, NAME))
        for m in measurements
        if m.experiment not in UNTOLD
        for kind in ("queries", "tcp_connect", "tls_handshakes", "requests", "quic_handshakes")
        for o in getattr(m, kind)
    )


def test_the_same_run_gives_the_same_records() -> None:
    once = [case.lines for case in cases(public=False, every=7)]
    assert len(once) > 50
    assert once == [case.lines for case in cases(public=False, every=7)]


def test_each_record_has_the_keys_of_a_base_measurement() -> None:
    wanted = {
        "annotations",
        "data_format_version",
        "extensions",
        "input",
        "measurement_start_time",
        "probe_asn",
        "probe_cc",
        "probe_ip",
        "report_id",
        "software_name",
        "software_version",
        "test_keys",
        "test_name",
        "test_runtime",
        "test_start_time",
        "test_version",
    }
    for case in cases(public=True):
        for line in case.lines:
            record = json.loads(line)
            assert wanted <= set(record)
            assert (record["probe_ip"], record["report_id"]) == ("127.0.0.1", "")
            assert record["measurement_start_time"].endswith(":00:00")


def test_a_public_record_tells_no_minute_no_run_and_no_page() -> None:
    found = [line.decode() for case in cases(public=True) for line in case.lines]
    assert len(found) > 1000
    for line in found:
        assert set(re.findall(r"\d\d:\d\d:\d\d", line)) <= {f"{hour:02}:00:00" for hour in range(24)}
        assert a_record().run_id not in line
        assert "th.ooni.org" not in line
        for entry in json.loads(line)["test_keys"]["requests"]:
            names = {name.lower() for name, _ in entry["response"]["headers_list"]}
            assert names <= PLAIN_HEADERS
            assert entry["response"]["body"] == ""


def test_a_public_record_cuts_redirects_to_their_path() -> None:
    target = a_target({})
    (m,) = measurements_of(
        {"rounds": [["dns system 104.16.1.1", "tcp 104.16.1.1 ok", "tls 104.16.1.1 ok"]]}, target
    )
    first = a_round_trip(status_code=302, location="https://b.example/x?t=1763727162")
    second = a_round_trip(url="https://b.example/x?t=1763727162", hop=1)
    m = replace(m, requests=(first, second))
    (line,) = ooni_lines(told(target, (m,), a_verdict()), public=True)
    assert b"1763727162" not in line
    assert [r["request"]["url"] for r in json.loads(line)["test_keys"]["requests"]] == [
        "https://b.example/x",
        "https://example.org/",
    ]


def test_neither_page_nor_record_made_public_tells_the_second_of_a_visit() -> None:
    """A certificate made on the fly, a redirect, and what a server says tell when, and perhaps who."""
    made = Certificate(
        sha256="ab" * 32,
        subject="CN=site",
        issuer="CN=Office Gateway",
        not_before="2026-11-21T12:05:33Z",
        not_after="2027-11-21T12:05:33Z",
    )
    goal = "http://block.example/?s=Zk3qPt"
    headers = (
        ("Location", goal),
        ("Via", "1.1 box (12:05:33)"),
        ("Retry-After", "Sat, 21 Nov 2026 12:05:33 GMT"),
    )
    first = a_round_trip(
        status_code=302, headers=headers, location=goal, title="Ограничен 21.11.2026 12:05:33"
    )
    full = a_full_measurement()
    shown = replace(full.tls_handshakes[0], chain_failure="ssl_unknown_authority", certificates=(made,))
    m = replace(
        full, experiment="web", tls_handshakes=(shown,), requests=(first, a_round_trip(url=goal, hop=1))
    )
    target = Target(target_id=m.target_id, service=m.service, input=m.input, experiment="web")
    verdict = a_verdict(measurement_uids=(m.measurement_uid,), target_id=m.target_id)
    run = replace(a_told((m,), verdicts=(verdict,)), targets=(target,), measurements=lambda: (m,))
    for public in (False, True):
        texts = (written(run, public=public), b"".join(ooni_lines(run, public=public)).decode())
        for text in texts:
            assert "Office Gateway" in text
            assert [word in text for word in ("12:05:33", "Zk3qPt", "ab" * 32)] == [not public] * 3


def test_a_record_of_a_redirect_to_a_masked_address_is_written() -> None:
    target = a_target({})
    (m,) = measurements_of(
        {"rounds": [["dns system 104.16.1.1", "tcp 104.16.1.1 ok", "tls 104.16.1.1 ok"]]}, target
    )
    first = a_round_trip(status_code=302, location="http://[ip]:8080/x")
    m = replace(m, requests=(first, a_round_trip(url="http://[ip]:8080/x", ip="[ip]", hop=1)))
    (line,) = ooni_lines(told(target, (m,), a_verdict()), public=False)
    hosts = [r["request"]["headers"]["Host"] for r in json.loads(line)["test_keys"]["requests"]]
    assert hosts == ["[ip]:8080", "example.org"]


def test_verdict_keys_accuse_only_where_the_verdict_does() -> None:
    for case in cases(public=False):
        for line in case.lines:
            record = json.loads(line)
            if record["test_name"] == "web_connectivity":
                said = record["test_keys"]["blocking"]
                assert (said in {"dns", "tcp_ip", "http-diff", "http-failure"}) <= (
                    case.before.state is State.BLOCKED
                )
                assert (record["test_keys"]["accessible"] is True) == (case.before.state is State.REACHABLE)
