"""Whatever a network sends, reading it raises nothing and accuses nobody by accident."""

import ipaddress
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from probe.judge.clock import clock_offset, host_of, sample
from probe.judge.fingerprints import (
    is_bogon,
    legal_notice,
    match_certificate_names,
    match_dns_address,
    match_issuer,
    match_page,
    match_redirect,
    match_refusal,
)
from probe.judge.fingerprints.page import visible
from probe.judge.portal import portal_check
from unit.observed import a_trip

anything = st.text(max_size=400)
markup = st.lists(
    st.one_of(
        st.sampled_from(
            ["<", ">", "<script", "</script>", "<!--", "-->", "<title>", "&#", "://", "<iframe src=", "'"]
        ),
        anything,
    ),
    max_size=40,
).map("".join)
headers = st.lists(st.tuples(anything, anything), max_size=5).map(tuple)
statuses = st.none() | st.integers(100, 599)


@given(statuses, headers, st.none() | anything, markup, anything)
def test_no_page_breaks_the_matching_or_accuses_by_chance(
    status: int | None, fields: tuple[tuple[str, str], ...], title: str | None, body: str, url: str
) -> None:
    found = match_page(status=status, headers=fields, title=title, body=body, url=url)
    assert legal_notice(found) is None
    match_refusal(status=status, headers=fields, title=title, body=body, url=url)


@given(markup)
def test_what_is_visible_is_never_longer_than_the_page_and_its_joints(body: str) -> None:
    assert len(visible(body)) <= 2 * len(body) + 1


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


@given(anything)
def test_no_name_address_or_issuer_breaks_the_matching(text: str) -> None:
    assert match_redirect(text, origin=text) is None
    assert match_dns_address(text) is None
    assert is_bogon(text) is not None or _is_address(text)
    match_issuer(text)
    assert match_certificate_names([text]) is None
    assert "/" not in host_of(text)


@given(st.ip_addresses())
def test_every_address_is_a_bogon_of_a_kind_or_none(ip: object) -> None:
    kind = is_bogon(str(ip))
    assert kind is None or kind.isascii()


@given(headers)
def test_no_header_breaks_the_clock(fields: tuple[tuple[str, str], ...]) -> None:
    one = sample(uid="m", name="n", headers=fields, local=datetime(2026, 11, 21, tzinfo=UTC))
    assert one is None
    assert clock_offset([]) is None


@given(statuses, markup, st.none() | anything)
def test_every_check_page_has_an_outcome(status: int | None, body: str, location: str | None) -> None:
    url = "http://captive.apple.com/hotspot-detect.html"
    trip = a_trip(url, status, body=body, location=location)
    check = portal_check((trip,), uid="m", url=url, started_s=0.0)
    assert check.outcome in {"expected", "other_host", "other_page", "failed"}
    assert len(check.detail) <= 120
