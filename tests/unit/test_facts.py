"""Facts where nothing is sent: what a baseline keeps, what is masked, what it costs, who learns of it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from probe.cli import consent_rows
from probe.judge.baseline import baseline_of
from probe.judge.paths import asns_of
from probe.model.baseline import TargetBaseline
from probe.model.fact import PathHop, PathTrace, RegistryAnswer
from probe.model.options import RunOptions
from probe.model.target import Target
from probe.pipeline.inputs import Inputs, inputs_of
from probe.pipeline.request import RunRequest, prepare
from probe.plan import estimate
from probe.store import OwnValues, Redactor
from probe.targets import read_catalogue, target_of_url
from unit.a_run import a_measurement

PATH = target_of_url("path://66.28.0.45:53")
HOPS = (
    PathHop(ttl=1, n_sent=2, rtt_ms=(1.0, 1.1), as_names=("unknown",)),
    PathHop(ttl=2, n_sent=2),
    PathHop(ttl=3, n_sent=2, rtt_ms=(9.0,), as_names=("AS3356", "AS174"), ips=("4.69.0.1", "154.54.0.1")),
    PathHop(ttl=4, n_sent=2, rtt_ms=(9.5,), as_names=("AS174",), ips=("66.28.0.45",)),
)


def a_trace(**changes: Any) -> PathTrace:
    whole = PathTrace(t0=0, t=1, failure=None, ip="66.28.0.45", port=53, carrier="AS174", hops=HOPS)
    return replace(whole, **changes)


def traced(*traces: PathTrace, **changes: Any) -> Any:
    return a_measurement(input=PATH.input, experiment="path", path_traces=traces, **changes)


def test_the_numbers_of_a_path_stand_in_the_order_of_its_hops_each_once() -> None:
    assert asns_of([traced(a_trace())]) == (3356, 174)


def test_a_baseline_keeps_the_numbers_of_a_path_and_whether_anybody_answered() -> None:
    silent = traced(a_trace(hops=HOPS[1:2], failure="generic_timeout_error"))
    assert baseline_of(PATH, [traced(a_trace()), silent], None) == TargetBaseline(
        target_id=PATH.target_id,
        input=PATH.input,
        n=2,
        n_ok=1,
        addresses=("66.28.0.45",),
        path_asns=(3356, 174),
    )


def test_a_baseline_keeps_nothing_of_a_registry_or_of_a_path_that_was_cut_short() -> None:
    registry = target_of_url("registry://AS3333")
    assert baseline_of(registry, [a_measurement(experiment="registry")], None) is None
    assert baseline_of(PATH, [traced(a_trace(), interrupted=True)], None) is None


def test_own_addresses_are_masked_in_facts_and_evidence_stays() -> None:
    answer = RegistryAnswer(
        t0=0,
        t=1,
        failure=None,
        kind="rdap",
        resource="193.0.0.0/21",
        source="https://rdap.db.ripe.net/ip/193.0.0.0/21",
        handle="193.0.0.0 - 193.0.7.255",
        status=("active",),
        registered="2003-03-17T12:15:57Z",
        referred_to="call +7 495 123-45-67",
    )
    own = Redactor(OwnValues(addresses=("154.54.0.1", "193.0.7.255")))
    clean, _ = own.measurement(traced(a_trace(), registry_answers=(answer,)), {})
    assert clean.path_traces[0].hops[2].ips == ("4.69.0.1", "[ip]")
    assert clean.path_traces[0].hops[3] == HOPS[3]
    (kept,) = clean.registry_answers
    assert (kept.handle, kept.resource, kept.source) == ("193.0.0.0 - [ip]", answer.resource, answer.source)
    assert (kept.status, kept.registered) == (("active",), answer.registered)
    assert "495" not in kept.referred_to


def test_the_consent_screen_names_who_is_asked_and_towards_whom_packets_go() -> None:
    rows = (*consent_rows.registries(("rdap.db.ripe.net",)), *consent_rows.paths(("66.28.0.45", "4.2.2.2")))
    assert rows == (
        ("registries", "rdap.db.ripe.net: see your address, and which prefix or AS number you ask about."),
        (
            "routers on the way",
            (
                "those towards 66.28.0.45, 4.2.2.2 see attempts to connect that may go a few hops only, "
                "which is rare on a line."
            ),
        ),
    )
    assert (consent_rows.registries(()), consent_rows.paths(())) == ((), ())


def test_facts_are_counted_once_whatever_the_rounds() -> None:
    facts = [PATH, target_of_url("registry://AS3333")]
    few, many = (
        estimate(facts, (), RunOptions(rounds=rounds, round_gap_s=0.0)).n_bytes for rounds in (1, 20)
    )
    none = [estimate((), (), RunOptions(rounds=rounds, round_gap_s=0.0)).n_bytes for rounds in (1, 20)]
    assert (few - none[0], many - none[1]) == (68_000, 68_000)


@pytest.fixture(scope="module")
def inputs() -> Inputs:
    catalogue = read_catalogue()
    request = RunRequest(services=("transit", "signal"), urls=("registry://AS3333", "https://example.org/"))
    from probe.judge import NetworkHistory

    history = NetworkHistory(n_good=0, success_rate=None, handshake_ms=None)
    return inputs_of(prepare(request, catalogue=catalogue).services, catalogue, None, history)


def test_what_is_judged_holds_no_fact_and_no_service_of_facts_alone(inputs: Inputs) -> None:
    assert [service.service for service in inputs.services] == ["transit", "signal", "url"]
    assert [service.service for service in inputs.judged()] == ["signal", "url"]
    assert {target.experiment for target in inputs.facts()} == {"path", "registry"}
    assert len(inputs.facts()) == 5
    assert not {t.target_id for t in inputs.facts()} & {t.target_id for t in inputs.targets()}


def test_a_number_that_was_named_is_asked_of_those_that_the_catalogue_names(inputs: Inputs) -> None:
    (asked,) = [target for target in inputs.facts() if target.experiment == "registry"]
    assert asked.registries == read_catalogue().registries
    assert [each.partition(" ")[0] for each in asked.registries] == ["rdap", "ripestat"]


def test_nobody_is_asked_about_numbers_and_no_path_is_looked_at_where_nothing_was_named() -> None:
    default: tuple[Target, ...] = prepare(RunRequest()).targets
    assert {target.experiment for target in default} & {"registry", "path"} == set()
