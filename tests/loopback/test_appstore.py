"""An app in a shop: which questions are put, what is kept of the answers, and what is never taken for one."""

import json

import pytest

from loopback.lab_clients import catalogue, in_lab
from loopback.settings import QUICK, a_session, a_target
from probe.lab import Lab
from probe.measure.appstore import ids_in
from probe.model import failure as f
from probe.model.measurement import Measurement
from probe.model.target import Step, Target

Told = tuple[str, str, bool, bool | None]


def measured(target: str | Target, *, scenario: str = "store-delisted", round_: int = 0) -> Measurement:
    """Measure one app in one of the lab's worlds of shops."""
    chosen = catalogue().target(target) if isinstance(target, str) else target

    async def use(lab: Lab) -> Measurement:
        async with a_session(lab.network, options=QUICK) as session:
            return (await session.measure(Step(target=chosen, experiment="store", round=round_))).measurement

    return in_lab(scenario, use)


def told(m: Measurement) -> list[Told]:
    return [(a.said_by, a.storefront, a.is_control, a.listed) for a in m.store_answers]


def test_an_app_that_is_gone_here_is_looked_for_elsewhere_with_a_control_app_beside_it() -> None:
    m = measured("store-vpn-apps/apple-proton")
    assert told(m) == [
        ("page", "ru", False, False),
        ("api", "ru", False, False),
        ("api", "ru", True, True),
        ("api", "us", False, True),
        ("api", "us", True, True),
    ]
    assert [a.app for a in m.store_answers[1:3]] == ["1437005085", "324715238"]
    assert {a.failure for a in m.store_answers} == {None}
    assert {a.status_code for a in m.store_answers} == {404, 200}


def test_only_the_page_is_kept_as_a_page() -> None:
    m = measured("store-vpn-apps/apple-proton")
    assert {r.url for r in m.requests} == {"https://apps.apple.com/ru/app/id1437005085"}
    assert {h.verified_name for h in m.tls_handshakes} == {"apps.apple.com"}
    assert {q.hostname for q in m.queries} == {"apps.apple.com"}
    assert m.bytes_received > sum(r.body_length or 0 for r in m.requests)


def test_elsewhere_is_asked_once_and_what_is_gone_twice() -> None:
    again = measured("store-vpn-apps/apple-proton", round_=1)
    assert told(again) == [
        ("page", "ru", False, False),
        ("api", "ru", False, False),
        ("api", "ru", True, True),
    ]
    assert told(measured("store-vpn-apps/apple-proton", round_=2)) == [("page", "ru", False, False)]
    assert told(measured("store-vpn-apps/apple-red-shield", round_=1)) == [("page", "ru", False, True)]


def test_an_app_that_is_offered_is_looked_for_here_only() -> None:
    assert told(measured("store-vpn-apps/apple-red-shield")) == [
        ("page", "ru", False, True),
        ("api", "ru", False, True),
        ("api", "ru", True, True),
    ]


def test_a_shop_without_an_interface_is_asked_by_pages() -> None:
    m = measured("store-vpn-apps/google-proton")
    assert told(m) == [("page", "ru", False, False), ("page", "ru", True, True), ("page", "us", False, True)]
    assert told(measured("store-vpn-apps/google-proton", round_=1)) == [("page", "ru", False, False)]


def test_too_many_requests_tell_nothing_and_are_not_repeated() -> None:
    m = measured("store-vpn-apps/google-nord")
    assert told(m) == [("page", "ru", False, None)]
    assert m.store_answers[0].status_code == 429


def test_without_a_control_app_only_the_page_is_looked_at() -> None:
    target = a_target("https://apps.apple.com/ru/app/id1437005085", experiment="store")
    assert told(measured(target)) == [("page", "ru", False, False)]


def test_what_does_not_come_is_no_word_of_the_shop() -> None:
    m = measured("store-vpn-apps/apple-proton", scenario="shutdown")
    assert {a.listed for a in m.store_answers} == {None}
    assert all(a.failure and a.status_code is None and not a.ip for a in m.store_answers)
    assert told(m)[0][:2] == ("page", "ru")
    assert len(m.store_answers) == 5


def test_a_certificate_that_does_not_hold_vouches_for_nothing() -> None:
    m = measured("app-store/telegram-ru", scenario="antivirus-tls")
    assert {a.listed for a in m.store_answers} == {None}
    assert {a.failure for a in m.store_answers} == {f.TLS_INVALID_CERTIFICATE}


def test_an_input_that_is_no_page_of_a_shop_is_our_own_fault() -> None:
    with pytest.raises(ExceptionGroup) as caught:
        measured(a_target("https://apps.apple.com/", experiment="store"))
    assert caught.group_contains(ValueError, match="not the page of an app")


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        (json.dumps({"resultCount": 1, "results": [{"trackId": 5}]}), {"5"}),
        ('{"resultCount": 0, "results": []}', set()),
        ('{"resultCount": 2, "results": [{"trackId": 5}]}', None),
        ('{"resultCount": 1, "results": [7]}', set()),
        ('{"resultCount": 0}', None),
        ('{"results": {}}', None),
        ("[]", None),
        ("", None),
        ("<html>", None),
        ("[" * 200_000, None),
        (json.dumps({"resultCount": 201, "results": [{}] * 201}), None),
    ],
)
def test_only_a_whole_answer_of_the_interface_tells_what_a_storefront_has(
    body: str, ids: set[str] | None
) -> None:
    assert ids_in(body.encode()) == ids
