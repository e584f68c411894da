"""Screening: which pages came so slowly that transfers are owed, and which are too short to tell."""

from __future__ import annotations

import pytest

from probe.judge.screen import FASTEST_BPS, PageRate, expected_seconds, is_owed, link_bps

RTT = 0.06
LINK = 8e6


def a_page(n_bytes: int = 100_000, *, link: float = LINK, rtt: float = RTT, thinks: float = 0.0) -> PageRate:
    """Return a page as slow start and a link of that rate bring it."""
    spent = expected_seconds(n_bytes, rtt, link) + thinks
    return PageRate(n_bytes=n_bytes, seconds=spent, rtt_s=rtt, first_byte_s=rtt + thinks)


NEUTRALS = (a_page(60_000), a_page(120_000), a_page(90_000))


@pytest.mark.parametrize(
    ("n_bytes", "link", "seconds"),
    [
        (10_000, 8e6, 0.06 + 0.01),  # within the first window: the link's time for it
        (14_480, 8e6, 0.06 + 0.01448),
        (28_960, 8e6, 0.06 + 0.06 + 0.01448),  # ten segments, then as many again a round trip later
        (100_000, 8e6, 0.06 + 0.12 + 0.05656),  # 10 and 20 segments; a third window fills the link
        (100_000, 1e5, 0.06 + 8.0),  # the first window already takes longer than a round trip
        (100_000, 1e10, 0.06 + 0.12 + 56_560 * 8 / 1e10),
    ],
)
def test_slow_start_doubles_ten_segments_until_the_link_is_full(
    n_bytes: int, link: float, seconds: float
) -> None:
    assert expected_seconds(n_bytes, RTT, link) == pytest.approx(seconds)


def test_the_links_rate_is_that_of_the_faster_neutrals() -> None:
    assert link_bps(NEUTRALS) == pytest.approx(LINK, rel=1e-5)
    assert link_bps((*NEUTRALS, a_page(link=1e6), a_page(link=1e6))) == pytest.approx(LINK, rel=1e-5)


def test_a_neutral_that_slow_start_alone_explains_shows_no_limit() -> None:
    quick = PageRate(n_bytes=28_000, seconds=0.11, rtt_s=RTT, first_byte_s=0.06)
    assert link_bps((quick, quick)) == FASTEST_BPS


@pytest.mark.parametrize("neutrals", [(), (a_page(),), (a_page(), a_page(23_999))])
def test_nothing_is_said_where_fewer_than_two_neutrals_moved_enough(neutrals: tuple[PageRate, ...]) -> None:
    assert link_bps(neutrals) is None
    assert is_owed(a_page(link=1e5), neutrals) is None


def test_a_page_as_fast_as_the_neutrals_is_not_owed() -> None:
    assert is_owed(a_page(), NEUTRALS) is False


def test_a_server_that_thinks_for_a_second_is_not_slow() -> None:
    assert is_owed(a_page(thinks=1.0), NEUTRALS) is False


def test_a_page_from_farther_away_is_given_its_round_trips() -> None:
    far = a_page(rtt=0.3)
    assert far.seconds > 3 * a_page().seconds
    assert is_owed(far, NEUTRALS) is False


@pytest.mark.parametrize("link", [140e3, 669e3, LINK / 10, LINK / 5, LINK / 3])
def test_a_page_slowed_threefold_or_more_is_owed(link: float) -> None:
    assert is_owed(a_page(200_000, link=link), NEUTRALS) is True


@pytest.mark.parametrize(("n_bytes", "owed"), [(23_999, None), (24_000, False)])
def test_a_short_page_is_never_cleared(n_bytes: int, owed: bool | None) -> None:
    assert is_owed(a_page(n_bytes), NEUTRALS) is owed


def test_a_short_page_that_crawls_is_owed_all_the_same() -> None:
    assert is_owed(a_page(20_000, link=5e4), NEUTRALS) is True


def test_hostile_figures_are_survived() -> None:
    odd = PageRate(n_bytes=2**40, seconds=0.0, rtt_s=0.0, first_byte_s=5.0)
    assert odd.body_s == 0.0
    assert link_bps((odd, odd)) == FASTEST_BPS
    assert is_owed(odd, NEUTRALS) is False
