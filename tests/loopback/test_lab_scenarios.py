"""The table of scenarios is whole: each opens, names what exists, expects known words, has a twin."""

from __future__ import annotations

import asyncio
import warnings
from typing import TYPE_CHECKING

import pytest

from loopback.lab_clients import catalogue, in_lab
from probe.lab import SCENARIOS, Lab, open_lab
from probe.lab.names import SYSTEM_RESOLVERS
from probe.lab.serve import readiness
from probe.model.options import RunOptions
from probe.model.words import MECHANISMS, Located, ReasonCode, State

if TYPE_CHECKING:
    from probe.lab.records import Scenario

EVERY = pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=list(SCENARIOS))
PROMISED = """
clean dns-nxdomain dns-refused dns-servfail dns-silence dns-bogon dns-blockpage dns-forged-first
dns-forged-one-resolver tcp-drop tcp-reset tcp-unreachable tls-reset-sni tls-drop-sni tls-fin-sni
tls-flaky-60 tls-mitm http-reset-host http-drop-host http-fin-host http-blockpage http-blockpage-no-headers
http-blockpage-same-length http-redirect-blockpage behind-redirect portal shutdown white-list hostile demo
down-for-all silent-for-all bad-cert-for-all broken-dnssec cdn-differs one-address-dead no-ipv6 no-ipv4 nat64
captcha 503 waf-403 geo-refusal speaks-of-blocking antivirus-tls fake-ip control-failed wrong-clock
slow-server locale-redirect cable-cut
throttled-name throttled-name-only throttled-both throttled-uncalibrated throttled-address shaped-name
frozen-name slow-for-all other-class slow-link no-object tiny-object refuses-names transfers-down
transfers-lies transfers-junk
"""


def test_every_promised_scenario_is_there() -> None:
    assert set(PROMISED.split()) - set(SCENARIOS) == set()


@EVERY
def test_its_twin_is_another_scenario(scenario: Scenario) -> None:
    if scenario.name == "demo":
        assert scenario.twin == ""
        return
    assert scenario.twin in set(SCENARIOS) - {scenario.name}


@EVERY
def test_a_guilty_world_has_an_innocent_twin(scenario: Scenario) -> None:
    if scenario.name == "demo" or not any(e.state in ("blocked", "throttled") for e in scenario.expected):
        return
    twin = SCENARIOS[scenario.twin]
    about = [e for e in twin.expected if e.subject != "network"]
    assert about
    assert {e.state for e in about} <= {"reachable", "down", "geoblocked", "inconclusive"}


@EVERY
def test_it_expects_something_of_what_it_measures_in_words_that_exist(scenario: Scenario) -> None:
    assert scenario.expected
    for expected in scenario.expected:
        inputs = {t.input for s in catalogue().services if s.service in scenario.services for t in s.targets}
        assert expected.subject in {*scenario.services, *scenario.urls, *inputs, "network"}
        assert expected.state in {*map(str, State), "*"}
        assert any(map(expected.allows, (*MECHANISMS, "")))
        assert expected.located in {*map(str, Located), ""}
        assert expected.reason_code in {*map(str, ReasonCode), "", "*"}
        assert expected.mechanism or expected.state not in ("blocked", "throttled")


@EVERY
def test_its_services_are_in_the_catalogue_and_its_options_exist(scenario: Scenario) -> None:
    assert set(scenario.services) <= {s.service for s in catalogue().services}
    assert set(scenario.options) <= set(RunOptions.__struct_fields__)


def test_the_patterns_of_rules_and_sites_mean_somebody() -> None:
    for scenario in SCENARIOS.values():
        patterns = {p for r in scenario.rules for p in (*r.names, *r.unless, *r.at)} | set(scenario.sites)

        async def groups(lab: Lab) -> set[str]:
            return set(lab.network.world.names.groups)

        known = in_lab(scenario.name, groups)
        assert {p for p in patterns if p.startswith("@")} <= known, scenario.name


def test_the_demo_shows_every_state() -> None:
    assert {e.state for e in SCENARIOS["demo"].expected} == set(map(str, State))


def test_every_scenario_opens_and_closes_without_a_warning() -> None:
    async def run() -> None:
        for name in SCENARIOS:
            async with open_lab(name, catalogue()):
                await asyncio.sleep(0)
            assert len(asyncio.all_tasks()) == 1

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        asyncio.run(run())


def test_a_lab_that_ends_by_an_error_lets_it_through_and_closes() -> None:
    async def run() -> None:
        async with open_lab("clean", catalogue()) as lab:
            assert lab.network.world.ca.path.exists()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(run())


def test_the_authority_is_gone_with_the_lab() -> None:
    async def path(lab: Lab) -> str:
        return lab.network.trust().path

    from pathlib import Path

    assert not Path(in_lab("clean", path)).exists()


def test_an_unknown_scenario_is_refused_with_the_known_ones() -> None:
    async def run() -> None:
        async with open_lab("no-such", catalogue()):
            pass

    with pytest.raises(KeyError, match="tls-reset-sni"):
        asyncio.run(run())


def test_what_the_wire_must_do_itself_is_told_when_serving() -> None:
    def told(name: str) -> dict[str, object]:
        async def use(lab: Lab) -> dict[str, object]:
            return readiness(lab.network.world)

        return in_lab(name, use)

    clean = told("clean")
    assert (clean["silent"], clean["refusing"], clean["resolver"]) == ([], [], SYSTEM_RESOLVERS[0])
    assert len(told("silent-for-all")["silent"]) == 3  # type: ignore[arg-type]  # a list, in JSON's words
    assert len(told("down-for-all")["refusing"]) == 3  # type: ignore[arg-type]  # as above
    assert len(told("one-address-dead")["silent"]) == 1  # type: ignore[arg-type]  # as above


def test_the_volunteer_of_the_lab_says_where_it_stands() -> None:
    async def use(lab: Lab) -> tuple[str, str]:
        return lab.vantage.probe_asn, lab.controls[0]

    assert in_lab("clean", use) == ("AS12389", "https://helper-a.probe-lab.example/")
