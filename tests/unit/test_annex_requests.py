"""When an operator may be asked at all, and what is said instead: each cause by itself."""

from typing import Any

import pytest
from msgspec.structs import replace

from probe.model.words import ControlSource, Layer, Located, State
from probe.report.annex import annex_of, document
from probe.report.annex.known import Known
from probe.report.annex.letter import Addressee, Kind, Letter, addressee_of
from probe.report.annex.records import Request
from probe.report.told import Told
from unit.told_runs import BEGAN, KNOWN, a_told, found

RESOLVER_SAYS_NO = found(
    State.BLOCKED,
    BEGAN,
    mechanism="dns.nxdomain",
    layer=Layer.DNS,
    located=Located.RESOLVER,
    control_source=(ControlSource.RESOLVER,),
)


def asked(*runs: Told, to: str = "operator:AS64500", known: Known = KNOWN) -> Request:
    letter = Letter(requests=True, addressees=(addressee_of(to),))
    (request,) = annex_of(runs, letter, known).requests
    return request


def test_an_operator_is_asked_about_what_was_found_on_its_own_network() -> None:
    request = asked(a_told(), a_told(hours=1, asn="AS64501", probe_network_name="Other Net"))
    assert (request.status, request.causes, request.findings) == ("made", (), (1,))
    assert request.items == (
        "reason",
        "legal_basis",
        "copy_of_the_order",
        "date_of_lifting",
        "preservation_of_logs",
        "deadline",
        "tariff_rule",
        "whose_equipment",
        "disclose_disruptions",
    )


@pytest.mark.parametrize("to", ["AS64500", "operator:64500", "operator:example telecom", "operator:ПРИМЕР"])
def test_an_operator_is_known_by_its_number_or_by_any_of_its_names(to: str) -> None:
    assert asked(a_told(), to=to).status == "made"


@pytest.mark.parametrize(
    ("changes", "causes"),
    [
        ({"probe_network_name": ""}, ("NAME_UNFIT",)),
        ({"probe_network_name": "Other Net"}, ("NAME_UNFIT",)),
        ({"access_type": ""}, ("ACCESS_UNKNOWN",)),
        ({"access_type": "wifi"}, ("ACCESS_UNKNOWN",)),
        ({"access_type": "mobile"}, ()),
        ({"bypass": ("vpn",)}, ("BYPASS_ACTIVE",)),
        ({"bypass": ("zapret",), "access_type": "wifi"}, ("ACCESS_UNKNOWN", "BYPASS_ACTIVE")),
        ({"asn_source": "detected", "asn_table_dated": ""}, ("AS_TABLE_OLD",)),
        ({"asn_source": "detected", "asn_table_dated": "2026-08-20"}, ("AS_TABLE_OLD",)),
        ({"asn_source": "detected", "asn_table_dated": "2026-08-24"}, ()),
    ],
)
def test_each_cause_alone_makes_the_operator_uncertain(
    changes: dict[str, Any], causes: tuple[str, ...]
) -> None:
    request = asked(a_told(**changes))
    assert request.causes == causes
    assert request.status == ("OPERATOR_UNCERTAIN" if causes else "made")
    assert bool(request.items) is not bool(causes)


@pytest.mark.parametrize(
    ("dated", "status"),
    [
        ("2026-08-23", "OPERATOR_UNCERTAIN"),
        ("2026-08-24", "made"),
        ("", "OPERATOR_UNCERTAIN"),
        ("soon", "OPERATOR_UNCERTAIN"),
    ],
)
def test_a_table_of_operators_holds_for_less_than_90_days(dated: str, status: str) -> None:
    assert asked(a_told(), known=replace(KNOWN, operators_dated=dated)).status == status


def test_an_operator_nobody_measured_at_is_not_asked() -> None:
    assert asked(a_told(), to="operator:AS64501").causes == ("OPERATOR_NOT_MEASURED",)
    assert asked(a_told(), to="operator:Nobody Net").causes == ("AS_UNKNOWN",)
    assert asked(a_told(asn="AS0")).causes == ("OPERATOR_NOT_MEASURED",)


def test_an_operator_answers_for_its_own_resolver_only() -> None:
    assert asked(a_told(verdicts=[RESOLVER_SAYS_NO])).status == "made"
    others: list[dict[str, Any]] = [
        {"resolver_class": "public"},
        {"resolver_class": "unknown"},
        {"resolver_class": "operator", "resolver_asn": "AS64501"},
    ]
    for changes in others:
        request = asked(a_told(verdicts=[RESOLVER_SAYS_NO], **changes))
        assert request.causes == ("RESOLVER_NOT_OPERATORS",)
    assert asked(a_told(resolver_class="public")).status == "made"


def test_only_the_findings_of_certain_runs_are_asked_about() -> None:
    request = asked(a_told(), a_told(hours=1, access_type="wifi"), a_told(hours=2))
    assert (request.status, request.findings) == ("made", (1, 3))


def test_good_runs_are_nothing_to_ask_about() -> None:
    assert asked(a_told(State.REACHABLE)).status == "NO_FINDING"
    assert asked(a_told(State.DOWN)).status == "NO_FINDING"


def test_a_service_that_refuses_by_itself_is_a_matter_for_its_company_alone() -> None:
    refuses = found(State.GEOBLOCKED, BEGAN, located=Located.SERVER)
    assert [
        asked(a_told(verdicts=[refuses]), to=to).status for to in ("AS64500", "government", "service:x")
    ] == [
        "NO_FINDING",
        "NO_FINDING",
        "made",
    ]


def test_a_government_is_asked_about_its_country_only() -> None:
    assert asked(a_told(), to="government").items == ("end", "repeal", "publish")
    assert asked(a_told(), to="government:RU").status == "made"
    assert asked(a_told(), to="government:FR").status == "NO_FINDING"


def test_a_company_is_asked_about_its_own_service_and_else_about_all() -> None:
    other = found(State.BLOCKED, BEGAN, service="youtube", target_id="youtube/web")
    told = a_told(verdicts=[found(State.BLOCKED, BEGAN), other])
    assert asked(told, to="service:YouTube").findings == (2,)
    assert asked(told, to="service:Example Inc").findings == (1, 2)


def test_nothing_is_asked_after_a_run_of_the_lab() -> None:
    request = asked(a_told(simulated=True))
    assert (request.status, request.items) == ("SIMULATED", ())


def test_without_requests_nobody_is_asked() -> None:
    letter = Letter(addressees=(addressee_of("government"),))
    assert annex_of([a_told()], letter, KNOWN).requests == ()


def test_the_form_of_reply_has_a_row_for_each_finding_and_room_to_answer() -> None:
    letter = Letter(requests=True, addressees=(addressee_of("operator:AS64500"),))
    runs = [a_told(), a_told(hours=1)]
    section = document(annex_of(runs, letter, KNOWN), runs).sections[20]
    (table,) = (block for block in section.blocks if hasattr(block, "rows"))
    assert [(row[0], row[1], row[4], row[5]) for row in table.rows] == [
        ("1", "https://x.com/", "", ""),
        ("2", "https://x.com/", "", ""),
    ]


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("operator:AS12389", "operator", "AS12389"),
        ("as12389", "operator", "as12389"),
        ("Operator: Example  Telecom", "operator", "Example Telecom"),
        ("government", "government", ""),
        ("service:twitter", "service", "twitter"),
    ],
)
def test_an_addressee_is_read(text: str, kind: Kind, name: str) -> None:
    assert addressee_of(text) == Addressee(kind=kind, name=name)


@pytest.mark.parametrize(
    "text", ["", "operator", "operator:", "twitter", "king:Charles", f"service:{'x' * 301}"]
)
def test_what_names_nobody_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is none of operator:AS12389"):
        addressee_of(text)
