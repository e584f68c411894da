"""What a bare socket sees of each censor, exactly, and that its neighbour sees nothing of it."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pytest

from wire import raw, standin
from wire.link import Link
from wire.standin import TRUE4, TRUE6

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOTICE: Final = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\nnotice\n"
BARE: Final = "<html><body>notice</body></html>"
LONG: Final = NOTICE.replace("7", "5000").replace("notice\n", "n" * 5000)
MOVED: Final = "HTTP/1.1 302 Found\r\nLocation: http://blocked.example/\r\nContent-Length: 0\r\n\r\n"
V4, V6 = "151.101.65.140", "2a04:4e42:200::396"

CENSORS: Final[list[dict[str, Any]]] = [
    *(
        {"kind": "tls_name", "names": [f".{action}.example"], "action": action}
        for action in ("rst", "drop", "fin")
    ),
    *(
        {"kind": "http_host", "names": [f".{action}.example"], "action": action}
        for action in ("rst", "drop", "fin")
    ),
    {"kind": "http_host", "names": ["notice.example"], "action": "page", "page": NOTICE},
    {"kind": "http_host", "names": ["bare.example"], "action": "page", "page": BARE},
    {"kind": "http_host", "names": ["long.example"], "action": "page", "page": LONG},
    {"kind": "http_host", "names": ["moved.example"], "action": "page", "page": MOVED},
    {"kind": "address", "addresses": ["104.16.0.1", "2606:4700::1"], "action": "drop"},
    {"kind": "address", "addresses": ["104.16.0.2", "2606:4700::2"], "action": "rst"},
    {"kind": "address", "addresses": ["104.16.0.3", "2606:4700::3"], "action": "icmp"},
    {"kind": "address", "addresses": ["104.16.0.4"], "action": "icmp", "icmp": [3, 13]},
    {"kind": "address", "addresses": ["2606:4700::4"], "action": "icmp", "icmp6": [1, 1]},
    {"kind": "address", "addresses": ["104.16.0.5", "2606:4700::5"], "action": "data"},
    *(
        {"kind": "dns", "names": [f"{rcode.lower()}.example"], "action": "race", "rcode": rcode}
        for rcode in ("NXDOMAIN", "REFUSED", "SERVFAIL")
    ),
    {"kind": "dns", "names": ["bogon.example"], "action": "race", "answers": ["10.10.34.36", "fd00::1"]},
    {"kind": "dns", "names": ["blockpage.example"], "action": "forge", "answers": ["213.87.154.10"]},
    {"kind": "dns", "names": ["silent.example"], "action": "drop"},
    {"kind": "dns", "names": ["*"], "addresses": ["8.8.8.8/32", "8.8.4.4/32"], "action": "drop"},
    {"kind": "dns_tcp", "names": [".overtcp.example"], "action": "rst"},
]


@pytest.fixture(scope="module", params=[0, 20], ids=["here", "40ms"])
def link(request: pytest.FixtureRequest) -> Iterator[Link]:
    shape = {"delay_ms": request.param}
    with Link({"up": shape, "down": shape, "censors": CENSORS}) as made:
        standin.serve(made)
        yield made


@pytest.mark.parametrize("address", [V4, V6])
@pytest.mark.parametrize("cut", [0, 3, 200])
@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("www.rst.example", "ECONNRESET"),
        ("www.drop.example", "TIMEOUT"),
        ("www.FIN.example", "FIN"),
        ("www.rst.example.org", "server hello"),
        ("brst.example", "server hello"),
    ],
)
def test_a_name_in_a_hello_is_found_however_it_is_cut(
    link: Link, address: str, name: str, cut: int, seen: str
) -> None:
    assert link.at_client(lambda: raw.tls(address, name, cut=cut)) == seen


@pytest.mark.parametrize("address", [V4, V6])
@pytest.mark.parametrize("cut", [0, 45])
@pytest.mark.parametrize(
    ("host", "seen"),
    [
        ("www.rst.example", (b"", "ECONNRESET")),
        ("www.drop.example", (b"", "TIMEOUT")),
        ("www.fin.example:80", (b"", "FIN")),
        ("notice.example", (NOTICE.encode(), "FIN")),
        ("bare.example", (BARE.encode(), "FIN")),
        ("long.example", (LONG.encode(), "FIN")),
        ("moved.example", (MOVED.encode(), "FIN")),
        ("www.notice.example", (standin.PAGE, "FIN")),
    ],
)
def test_a_host_header_is_found_however_it_is_cut(
    link: Link, address: str, host: str, cut: int, seen: tuple[bytes, str]
) -> None:
    assert link.at_client(lambda: raw.http(address, host, cut=cut)) == seen


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        ("104.16.0.1", "TIMEOUT"),
        ("2606:4700::1", "TIMEOUT"),
        ("104.16.0.2", "ECONNREFUSED"),
        ("2606:4700::2", "ECONNREFUSED"),
        ("104.16.0.3", "EHOSTUNREACH"),
        ("2606:4700::3", "EHOSTUNREACH"),
        ("104.16.0.4", "EHOSTUNREACH"),
        ("2606:4700::4", "EACCES"),
        ("104.16.0.5", "connected"),
        ("104.16.0.6", "connected"),
        ("2606:4700::6", "connected"),
    ],
)
def test_a_blocked_address_fails_to_connect_in_its_own_way(link: Link, address: str, seen: str) -> None:
    assert link.at_client(lambda: raw.connect(address, 443)) == seen


@pytest.mark.parametrize("address", ["104.16.0.5", "2606:4700::5"])
def test_a_white_list_may_let_the_handshake_pass_and_no_data(link: Link, address: str) -> None:
    assert link.at_client(lambda: raw.http(address, "any.example")) == (b"", "TIMEOUT")
    assert link.at_client(lambda: raw.tls(address, "any.example")) == "TIMEOUT"


@pytest.mark.parametrize("resolver", ["213.87.0.1", "2a02:6b8::feed:ff"])
@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("nxdomain.example", [(3, ()), (0, (TRUE4,))]),
        ("refused.example", [(5, ()), (0, (TRUE4,))]),
        ("servfail.example", [(2, ()), (0, (TRUE4,))]),
        ("BOGON.example", [(0, ("10.10.34.36",)), (0, (TRUE4,))]),
        ("blockpage.example", [(0, ("213.87.154.10",))]),
        ("silent.example", []),
        ("www.silent.example", [(0, (TRUE4,))]),
    ],
)
def test_a_forged_answer_comes_before_the_true_one(
    link: Link, resolver: str, name: str, seen: list[tuple[int, tuple[str, ...]]]
) -> None:
    assert link.at_client(lambda: raw.dns(resolver, name)) == seen


def test_a_forged_answer_has_the_family_that_was_asked_for(link: Link) -> None:
    assert link.at_client(lambda: raw.dns("213.87.0.1", "bogon.example", 28)) == [
        (0, ("fd00::1",)),
        (0, (TRUE6,)),
    ]
    assert link.at_client(lambda: raw.dns("213.87.0.1", "blockpage.example", 28)) == [(0, ())]


def test_one_resolver_is_silenced_and_the_next_is_not(link: Link) -> None:
    for resolver, answers in (("8.8.8.8", 0), ("8.8.4.4", 0), ("8.8.8.9", 1)):
        assert len(link.at_client(partial(raw.dns, resolver, "a.example"))) == answers, resolver


def _wired(*censors: dict[str, Any], use: Callable[[Link], None]) -> dict[str, int]:
    with Link({"up": {"delay_ms": 5}, "down": {"delay_ms": 5}, "censors": list(censors)}) as link:
        standin.serve(link)
        use(link)
    return link.counts


def test_a_residual_block_bars_the_address_for_its_time_and_no_other() -> None:
    censor = {"kind": "tls_name", "names": ["x.example"], "action": "rst", "residual_s": 2.0}

    def use(link: Link) -> None:
        assert link.at_client(lambda: raw.tls(V4, "y.example")) == "server hello"
        assert link.at_client(lambda: raw.tls(V4, "x.example")) == "ECONNRESET"
        begun = time.monotonic()
        assert link.at_client(lambda: raw.connect(V4, 443)) == "TIMEOUT"
        assert link.at_client(lambda: raw.connect(V4, 80)) == "connected"
        assert link.at_client(lambda: raw.tls(V6, "y.example")) == "server hello"
        time.sleep(max(0.0, begun + 2.1 - time.monotonic()))
        assert link.at_client(lambda: raw.tls(V4, "y.example")) == "server hello"

    assert _wired(censor, use=use)["tls_name: residual"] >= 1
    refusing = {**censor, "residual_action": "rst"}

    def use_refusing(link: Link) -> None:
        assert link.at_client(lambda: raw.tls(V4, "x.example")) == "ECONNRESET"
        assert link.at_client(lambda: raw.connect(V4, 443)) == "ECONNREFUSED"

    _wired(refusing, use=use_refusing)


def test_a_share_of_flows_is_the_same_for_the_same_seed() -> None:
    def outcomes(seed: int, names: tuple[str, ...]) -> list[str]:
        seen: list[str] = []
        censor = {"kind": "tls_name", "names": ["*"], "action": "rst", "share": 0.6, "seed": seed}
        _wired(censor, use=lambda link: seen.extend(link.at_client(partial(raw.tls, V4, n)) for n in names))
        return seen

    alone = outcomes(7, ("a.example",) * 20)
    mixed = outcomes(7, ("a.example", "b.example") * 20)
    assert set(alone) == {"ECONNRESET", "server hello"}
    assert mixed[::2] == alone
    assert outcomes(8, ("a.example",) * 20) != alone
    assert 6 <= alone.count("ECONNRESET") <= 18


def test_another_resolver_answers_in_the_name_of_all_even_of_nobody() -> None:
    def use(link: Link) -> None:
        for resolver in ("8.8.8.8", "213.87.0.1"):
            assert link.at_client(partial(raw.dns, resolver, "a.example")) == [(0, (TRUE4,))]
        answered = len(link.at_client(lambda: raw.dns("192.0.2.1", "a.example")))
        assert answered == intercepted
        assert link.at_client(lambda: raw.connect("192.0.2.1", 443)) == "TIMEOUT"

    for intercepted in (0, 1):
        censors = [{"kind": "redirect", "ports": [53], "protos": [17], "to": "213.87.0.53"}] * intercepted
        counts = _wired(*censors, use=use)
        assert counts.get("redirect: hit", 0) == 3 * intercepted


def test_a_redirected_address_is_answered_by_another_server() -> None:
    """The sinkhole answers only where it is redirected: nothing of ours listens there otherwise."""
    away = {"kind": "redirect", "addresses": ["192.0.2.0/24"], "ports": [80, 443], "to": V4}

    def use(link: Link) -> None:
        assert link.at_client(lambda: raw.http("192.0.2.1", "a.example")) == (standin.PAGE, "FIN")
        assert link.at_client(lambda: raw.tls("192.0.2.1", "a.example")) == "server hello"
        assert link.at_client(lambda: raw.connect("192.0.2.1", 5001)) == "TIMEOUT"
        assert link.at_client(lambda: raw.http("198.51.100.1", "a.example")) == (b"", "TIMEOUT")

    assert _wired(away, use=use) == {"redirect: hit": 2}


def test_a_shutdown_leaves_nothing_and_a_white_list_leaves_its_own() -> None:
    def use(link: Link) -> None:
        assert link.at_client(lambda: raw.connect("77.88.8.8", 443)) == home
        assert link.at_client(lambda: raw.connect("1.1.1.1", 443)) == "TIMEOUT"
        assert link.at_client(lambda: raw.connect("2606:4700::1", 443)) == "TIMEOUT"
        assert (link.at_client(lambda: raw.dns("1.1.1.1", "a.example"))) == []

    home = "TIMEOUT"
    _wired({"kind": "address", "action": "drop"}, use=use)
    home = "connected"
    _wired({"kind": "address", "action": "drop", "but": ["77.88.0.0/18"]}, use=use)


def test_a_forged_packet_reaches_the_server_too(tmp_path: Path) -> None:
    """Both directions: the server's connection ends by the RST as well, and hangs nowhere."""
    log = tmp_path / "log"
    censor = {"kind": "tls_name", "names": ["x.example"], "action": "rst"}
    with Link({"censors": [censor], "log": str(log)}) as link:
        standin.serve(link)
        assert link.at_client(lambda: raw.tls(V4, "x.example", cut=30)) == "ECONNRESET"
        time.sleep(0.1)
    lines = log.read_text()
    assert lines.count('"injected down"') == 1
    assert lines.count('"injected up"') == 1
    assert '"down", 6, 443' not in lines.partition('"injected up"')[2]


@pytest.mark.parametrize(
    "limited", [{"kind": "http_host", "names": ["slow.example"]}, {"kind": "address", "addresses": [V4]}]
)
def test_a_policer_holds_its_flows_to_a_rate_and_no_other(limited: dict[str, Any]) -> None:
    def use(link: Link) -> None:
        assert 400_000 < link.at_client(lambda: raw.download(V4, 200_000, "slow.example")) < 1_100_000
        assert link.at_client(lambda: raw.download(V6, 2_000_000, "fast.example")) > 5_000_000

    _wired({**limited, "ports": [5001], "action": "police", "rate_bps": 1_000_000}, use=use)


def test_a_freeze_swallows_all_after_so_many_bytes() -> None:
    def use(link: Link) -> None:
        got, end = link.at_client(lambda: raw.stall(V4, "frozen.example"))
        assert end == "TIMEOUT"
        assert 14_000 < got < 16_000
        assert link.at_client(lambda: raw.stall(V4, "free.example")) == (1_000_000, "FIN")

    _wired(
        {
            "kind": "http_host",
            "names": ["frozen.example"],
            "ports": [5001],
            "action": "freeze",
            "after_bytes": 16_000,
        },
        use=use,
    )


SLOW: Final = {"kind": "http_host", "names": ["slow.example"], "ports": [5001]}
"""How the limits below know their flows; the first byte comes a round trip of 10 ms after the request."""


def test_a_policer_of_140_kilobits_lets_its_bucket_through_first() -> None:
    """By name or by address: 100 kB take (100 kB - bucket) / 17.5 kB/s."""

    def use(link: Link) -> None:
        took.append(100_000 * 8 / link.at_client(lambda: raw.download(V4, 100_000, "slow.example")))
        assert link.at_client(lambda: raw.download(V6, 1_000_000, "fast.example")) > 5_000_000

    took: list[float] = []
    for how in (SLOW, {"kind": "address", "addresses": [V4]}):
        for bucket in (16_000, 64_000):
            _wired({**how, "action": "police", "rate_bps": 140_000, "burst_bytes": bucket}, use=use)
    for seconds, (low, high) in zip(took, [(4.0, 8.5), (1.7, 5.5)] * 2, strict=True):
        assert low < seconds < high, took


def test_a_shaper_holds_back_and_loses_nothing_and_its_round_trips_grow() -> None:
    def use(link: Link) -> None:
        rate, rtt = link.at_client(lambda: raw.download_with_rtt(V4, 100_000, "slow.example"))
        assert 250_000 < rate < 420_000
        assert rtt > 0.1
        rate, rtt = link.at_client(lambda: raw.download_with_rtt(V4, 100_000, "fast.example"))
        assert rate > 2_000_000
        assert rtt < 0.1

    counts = _wired({**SLOW, "action": "shape", "rate_bps": 400_000}, use=use)
    assert counts == {"http_host: hit": 1}


def test_a_freeze_counts_packets_as_well() -> None:
    def use(link: Link) -> None:
        got, end = link.at_client(lambda: raw.stall(V4, "slow.example"))
        assert end == "TIMEOUT"
        assert got == 24 * 1448
        assert link.at_client(lambda: raw.stall(V4, "free.example")) == (1_000_000, "FIN")

    _wired({**SLOW, "action": "freeze", "after_packets": 25}, use=use)


def test_a_freeze_of_a_hoster_hits_each_flow_to_its_addresses_anew() -> None:
    def use(link: Link) -> None:
        for host in ("a.example", "b.example"):
            got, end = link.at_client(partial(raw.stall, V4, host))
            assert end == "TIMEOUT"
            assert 14_000 < got < 16_000
        assert link.at_client(lambda: raw.stall("77.88.8.8", "a.example")) == (1_000_000, "FIN")

    _wired(
        {"kind": "address", "addresses": ["151.101.0.0/16"], "action": "freeze", "after_bytes": 16_000},
        use=use,
    )


def test_a_spoiled_flow_is_slow_from_its_name_on_and_its_neighbour_is_not() -> None:
    def use(link: Link) -> None:
        rate, rtt = link.at_client(lambda: raw.download_with_rtt(V4, 60_000, "slow.example"))
        assert rate < 900_000
        assert rtt > 0.3
        assert link.at_client(lambda: raw.download(V4, 1_000_000, "fast.example")) > 5_000_000

    _wired({**SLOW, "action": "spoil", "delay_ms": 150, "loss": 0.1}, use=use)


def test_random_drops_slow_a_flow_and_not_its_neighbour() -> None:
    def use(link: Link) -> None:
        slow, fast = (
            link.at_client(partial(raw.download, V4, 300_000, f"{host}.example")) for host in ("slow", "fast")
        )
        assert slow < fast / 3

    _wired({**SLOW, "action": "spoil", "loss": 0.2}, use=use)


def test_a_black_hole_swallows_large_packets_and_small_segments_cure_it() -> None:
    def use(link: Link) -> None:
        assert link.at_client(lambda: raw.stall(V4)) == (0, "TIMEOUT")
        assert link.at_client(lambda: raw.stall(V4, segment=1200)) == (1_000_000, "FIN")
        assert link.at_client(lambda: raw.stall("77.88.8.8")) == (1_000_000, "FIN")

    _wired({"kind": "address", "addresses": [V4], "action": "narrow", "mtu": 1400}, use=use)


def test_a_radio_link_stands_still_for_two_seconds_and_loses_nothing() -> None:
    # Room for all that is sent: what a sender's window overflows is no doing of the radio's.
    shape = {
        "delay_ms": 5,
        "rate_bps": 8_000_000,
        "buffer_bytes": 4_000_000,
        "stall_every_s": 3.0,
        "stall_s": 2.0,
    }
    with Link({"up": shape, "down": shape}) as link:
        standin.serve(link)
        longest = link.at_client(lambda: raw.longest_silence(V4, 3_500_000))
    assert 1.8 < longest < 2.3
    assert link.counts == {}


def test_a_second_flow_of_the_home_fills_the_buffer_of_the_link() -> None:
    """Whether it runs on the same machine or on another one behind the same router."""
    shape = {"delay_ms": 10, "rate_bps": 1_000_000, "buffer_bytes": 60_000}
    with Link({"up": {"delay_ms": 10}, "down": shape}) as link:
        standin.serve(link)
        assert link.at_client(lambda: raw.download_with_rtt(V4, 5_000))[1] < 0.1
        for place in ("machine", "home"):
            with link.background(place, V6 if place == "machine" else V4):
                time.sleep(1.5)
                beside = link.at_client(lambda: raw.download_with_rtt(V4, 20_000))[1]
                assert beside > 0.12, place
            time.sleep(0.6)
