"""What counts as a witness, and which of our own handshakes do not."""

from __future__ import annotations

import pytest

from cases.script import NAME, a_target, measured
from cases.world import beats
from probe.judge import digest_control
from probe.judge.bench import UDP53, Bench
from probe.judge.digest import Witness
from probe.judge.trust import within
from probe.judge.view import control_key, endpoint
from probe.judge.witness import Failed, bursts, count
from probe.model.failure import CONNECTION_RESET, TIMEOUT


def a_witness(at: float, *, port: int = 443, ok: bool = True, address: str = "93.184.1.1") -> Witness:
    return Witness(
        uid=f"w{at}",
        t0_s=at,
        t_s=at + 0.5,
        family=4,
        port=port,
        side="" if port == UDP53 else "foreign",
        neutral_group="foreign",
        ok=ok,
        failure=None if ok else TIMEOUT,
        layer="tls",
        name="n",
        address=address,
    )


@pytest.mark.parametrize(
    ("before", "after", "stands"),
    [
        (4.5, 21.0, True),
        (4.4, 21.0, False),  # ended 5.1 s before the try began
        (9.6, 21.0, False),  # was still going on when the try began
        (9.5, 25.0, True),
        (9.5, 25.1, False),
        (9.5, 19.6, True),  # began before the try ended, ended after
    ],
)
def test_a_bracket_is_a_success_within_five_seconds_on_both_sides(
    before: float, after: float, stands: bool
) -> None:
    bench = Bench([a_witness(before), a_witness(after)])
    found = bench.bracket(10.0, 20.0, family=4, port=443, sides=(False,))
    assert found == ((f"w{before}", f"w{after}") if stands else ())


def test_failures_of_neutrals_bracket_nothing() -> None:
    bench = Bench([a_witness(9.0, ok=False), a_witness(21.0)])
    assert bench.bracket(10.0, 20.0, family=4, port=443, sides=(False,)) == ()
    assert bench.families == {4}


def test_other_ports_are_held_against_443() -> None:
    bench = Bench([a_witness(9.0), a_witness(21.0)])
    assert bench.bracket(10.0, 20.0, family=4, port=5222, sides=(False,)) == ("w9.0", "w21.0")
    assert bench.bracket(10.0, 20.0, family=4, port=80, sides=(False,)) == ()
    assert bench.bracket(10.0, 20.0, family=6, port=443, sides=(False,)) == ()


def test_a_silent_resolver_does_not_witness_for_itself() -> None:
    bench = Bench([a_witness(9.0, port=53, address="8.8.8.8"), a_witness(21.0, port=53, address="8.8.8.8")])
    assert bench.bracket(10.0, 20.0, family=4, port=53, sides=(), not_resolver="8.8.8.8") == ()
    assert bench.bracket(10.0, 20.0, family=4, port=53, sides=(), not_resolver="1.1.1.1") == ("w9.0", "w21.0")


def _failed(at: float, uid: str, kind: str = "reset") -> Failed:
    return Failed(uid, kind, CONNECTION_RESET, at, at + 0.1, 4, 443)


def test_three_tries_in_three_rounds_over_twenty_seconds_stand() -> None:
    bench = Bench(w for d in beats({}) for w in d.witnesses)
    tries = [_failed(10, "a"), _failed(20, "b"), _failed(30, "c")]
    counted = count(tries, bench, sides=(False,))
    assert (counted.stands, counted.n, counted.n_rounds, counted.spread_s) == (True, 3, 3, 20.0)
    assert {"a", "b", "c"} < set(counted.witnesses)


def test_three_tries_of_two_rounds_do_not() -> None:
    bench = Bench(w for d in beats({}) for w in d.witnesses)
    assert not count([_failed(10, "a"), _failed(20, "b"), _failed(31, "b")], bench, sides=(False,)).stands


def test_tries_of_less_than_twenty_seconds_do_not() -> None:
    bench = Bench(w for d in beats({}) for w in d.witnesses)
    assert not count([_failed(10, "a"), _failed(20, "b"), _failed(29.9, "c")], bench, sides=(False,)).stands


def test_a_class_that_does_not_belong_spoils_the_count() -> None:
    bench = Bench(w for d in beats({}) for w in d.witnesses)
    tries = [_failed(10, "a"), _failed(20, "b"), _failed(30, "c", "refused")]
    assert count(tries, bench, sides=(False,)).mixed


def _hellos(*times: float) -> frozenset[tuple[str, float]]:
    target = a_target({})
    return bursts([measured(f"m{n}", target, at, ["tls 104.16.1.1 reset"]) for n, at in enumerate(times)])


def test_handshakes_half_a_second_apart_are_no_burst() -> None:
    assert _hellos(1.0, 1.5, 2.0) == frozenset()


def test_handshakes_closer_than_that_are() -> None:
    assert _hellos(1.0, 1.4, 2.0) == {("m1", 1.4)}


def test_the_thirteenth_handshake_within_two_minutes_is_a_burst() -> None:
    assert _hellos(*(float(n) for n in range(13))) == {("m12", 12.0)}


def test_handshakes_older_than_two_minutes_are_forgotten() -> None:
    assert _hellos(*(float(n) for n in range(12)), 121.5) == frozenset()


def test_handshakes_without_a_name_are_not_counted() -> None:
    target = a_target({})
    found = [measured(f"m{n}", target, 1.0 + n / 10, ["tls 104.16.1.1 reset nosni=1"]) for n in range(3)]
    assert bursts(found) == frozenset()


def test_an_address_is_within_its_network_and_junk_is_within_none() -> None:
    assert within("104.16.1.1", "104.16.0.0/13")
    assert not within("104.32.1.1", "104.16.0.0/13")
    assert not within("2606:4700::1", "104.16.0.0/13")
    assert not within("not an address", "104.16.0.0/13")


@pytest.mark.parametrize(
    ("control", "key"),
    [
        ("https://0.th.ooni.org/", "ooni"),
        ("https://d33d1gs9kpq1c5.cloudfront.net/", "ooni"),
        ("https://helper.campaign.example/", "campaign.example"),
        ("socks5://203.0.113.7:1080", "203.0.113.7"),
        ("socks5://[2001:db8::7]:1080", "2001:db8::7"),
        ("nothing", "nothing"),
        ("", ""),
    ],
)
def test_the_party_behind_a_control_has_one_name(control: str, key: str) -> None:
    assert control_key(control) == key


def test_endpoints_are_written_as_controls_write_them() -> None:
    assert (endpoint("1.2.3.4", 443), endpoint("2001:db8::1", 53)) == ("1.2.3.4:443", "[2001:db8::1]:53")


def test_a_digest_of_a_neutral_is_what_the_bench_is_made_of() -> None:
    neutral = a_target({"target": {"neutral_group": "foreign"}})
    m = measured("n", neutral, 5.0, ["tcp 104.16.1.1 ok", "tls 104.16.1.1 ok"])
    bench = Bench(digest_control(m, neutral).witnesses)
    assert bench.bracket(5.3, 5.1, family=4, port=443, sides=(False,)) == ("n", "n")
    assert NAME
