"""What pages moved, read from rounds and from neutrals, and which debts follow."""

from msgspec.structs import replace

from cases.script import ZERO, a_target, measured
from cases.world import NEUTRALS
from probe.judge import build_facts, digest_control
from probe.judge.build import MAX_PAGES
from probe.judge.screen import PageRate
from probe.judge.screening import page_rates
from probe.model.measurement import Measurement, VantagePoint
from probe.model.observation import TCPInfo
from probe.model.options import RunOptions

PAGE = [
    "dns system 104.16.1.1",
    "tcp 104.16.1.1 ok",
    "tls 104.16.1.1 ok",
    "http 104.16.1.1 200 length=120000 kbps=8000 took=0.4",
]


def a_page(*lines: str) -> Measurement:
    return measured("m", a_target({}), 10.0, list(lines or PAGE))


def test_a_page_tells_its_bytes_its_time_and_its_round_trip() -> None:
    (page,) = page_rates([a_page()])
    assert page.n_bytes == 100_000
    assert round(page.seconds, 3) == 0.11
    assert round(page.first_byte_s, 3) == 0.06
    assert round(page.rtt_s, 3) == 0.1


def test_the_kernel_knows_the_round_trip_better() -> None:
    made = a_page()
    info = TCPInfo(
        rtt_us=60_000,
        rttvar_us=0,
        min_rtt_us=None,
        unacked=0,
        lost=0,
        retrans=0,
        total_retrans=0,
        bytes_acked=None,
        bytes_received=None,
    )
    told = replace(made, tcp_connect=tuple(replace(c, tcp_info=info) for c in made.tcp_connect))
    assert page_rates([told])[0].rtt_s == 0.06


def test_a_page_that_was_given_up_took_until_then() -> None:
    (page,) = page_rates([a_page(*PAGE[:3], "http 104.16.1.1 timeout status=200 length=120000 kbps=8000")])
    assert page.seconds == 5.0


def test_what_was_not_read_has_no_rate() -> None:
    assert page_rates([a_page(*PAGE[:3], "http 104.16.1.1 200 unread=1 kbps=8000")]) == ()
    assert page_rates([a_page(*PAGE[:3], "http 104.16.1.1 200 length=120000")]) == ()
    assert page_rates([a_page(*PAGE[:3], "http 104.16.1.1 reset kbps=8000")]) == ()
    made = a_page()
    early = replace(made.network_events[0], series=((0.0, 500),))
    assert page_rates([replace(made, network_events=(early,))]) == ()
    assert page_rates([replace(made, tcp_connect=())]) == ()


def test_only_neutrals_pages_are_kept_and_only_long_ones() -> None:
    neutral = replace(NEUTRALS[0], input="https://site.example.org/")
    kept = digest_control(a_page(), neutral)
    assert [page.n_bytes for page in kept.pages] == [100_000]
    short = a_page(*PAGE[:3], "http 104.16.1.1 200 length=100 kbps=1000")
    assert digest_control(short, neutral).pages == ()
    assert digest_control(a_page(), replace(neutral, neutral_group="")).pages == ()


def test_a_run_keeps_so_many_pages_in_whatever_order_they_came() -> None:
    digest = digest_control(a_page(), replace(NEUTRALS[0], input="https://site.example.org/"))
    pages = [PageRate(n_bytes=n, seconds=0.2, rtt_s=0.1, first_byte_s=0.1) for n in range(MAX_PAGES + 50)]
    digests = [replace(digest, uid=str(p.n_bytes), started=ZERO, pages=(p,)) for p in pages]
    facts = [
        build_facts(options=RunOptions(), vantage=VantagePoint(), digests=order)
        for order in (digests, digests[::-1])
    ]
    assert len(facts[0].neutral_pages) == MAX_PAGES
    assert facts[0].neutral_pages == facts[1].neutral_pages
