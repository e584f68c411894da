"""Which neutral addresses of a cross experiment count: those where no neutral name failed, tried in full."""

from typing import Any

import pytest
from msgspec.structs import replace

from cases.debts import a_cross
from cases.script import NAME, TRUE_IP, a_target
from probe.judge.cross import Cross, evaluate
from probe.model import failure as f
from probe.model.measurement import Measurement
from probe.model.observation import HTTPRoundTrip, TCPConnect, TLSHandshake

ONE, TWO, THREE = "93.184.1.1", "93.184.1.2", "93.184.1.3"
LISTED, OBSCURE = "listed.example", "obscure.example"


def matrix(*ips: str, **said: Any) -> Measurement:
    """A matrix in which the name fails everywhere and neutral names pass, unless `said` otherwise."""
    scheme = "http" if said.get("plain") else "https"
    target = a_target({"target": {"input": f"{scheme}://{NAME}/"}})
    return a_cross("x", target, {"ips": list(ips), **said})


def failing(h: TLSHandshake) -> TLSHandshake:
    return replace(h, failure=f.TIMEOUT, completed=False, server_spoke=False)


def at(m: Measurement, ip: str, *names: str) -> list[TLSHandshake]:
    return [h for h in m.tls_handshakes if h.ip == ip and (not names or h.server_name in names)]


def changed(m: Measurement, new: dict[int, TLSHandshake | None]) -> Measurement:
    """The measurement with handshakes replaced, or (None) left out; keys are id()s."""
    kept = [new.get(id(h), h) for h in m.tls_handshakes]
    return replace(m, tls_handshakes=tuple(h for h in kept if h is not None))


def judged(m: Measurement, *, plain: bool = False) -> Cross:
    return evaluate([m], NAME, plain=plain)


def triggers(cross: Cross) -> tuple[bool, bool, bool]:
    return cross.by_name, cross.by_address, cross.conjunction


def test_the_untouched_matrix_shows_the_name() -> None:
    assert triggers(judged(matrix(ONE, TWO))) == (True, False, False)


def test_a_dead_neutral_address_that_another_replaced_costs_nothing() -> None:
    m = matrix(ONE, TWO, THREE)
    dead = {id(h): failing(h) for h in at(m, ONE, LISTED, OBSCURE)[:2]}
    never_tried_again = {id(h): None for h in at(m, ONE) if id(h) not in dead}
    found = judged(changed(m, {**dead, **never_tried_again}))
    assert triggers(found) == (True, False, False)
    assert not found.residual


def test_two_clean_addresses_are_needed_beside_a_dead_one() -> None:
    m = matrix(ONE, TWO)
    assert triggers(judged(changed(m, {id(at(m, ONE, LISTED)[0]): failing(at(m, ONE, LISTED)[0])}))) == (
        False,
        False,
        False,
    )


def test_an_address_where_one_neutral_name_failed_once_is_out_and_is_said_to_linger() -> None:
    m = matrix(ONE, TWO, THREE)
    last = at(m, ONE, OBSCURE)[-1]
    found = judged(changed(m, {id(last): failing(last)}))
    assert triggers(found) == (True, False, False)
    assert found.residual


@pytest.mark.parametrize("name", [LISTED, NAME])
def test_an_address_with_a_cell_of_two_tries_is_out(name: str) -> None:
    m = matrix(ONE, TWO, THREE)
    short = changed(m, {id(at(m, ONE, name)[-1]): None})
    assert triggers(judged(short)) == (True, False, False)
    two = matrix(ONE, TWO)
    assert triggers(judged(changed(two, {id(at(two, ONE, name)[-1]): None}))) == (False, False, False)


def test_an_address_with_one_neutral_name_only_is_out() -> None:
    m = matrix(ONE, TWO)
    assert triggers(judged(changed(m, {id(h): None for h in at(m, ONE, OBSCURE)}))) == (False, False, False)


def test_one_pass_of_the_name_at_a_discarded_address_denies_that_it_is_the_name() -> None:
    m = matrix(ONE, TWO, THREE)
    first, *rest = at(m, ONE, NAME)
    passed = replace(first, failure=None, completed=True, server_spoke=True)
    assert triggers(judged(changed(m, {id(first): passed, id(rest[-1]): None}))) == (False, False, False)


def test_one_failure_of_the_name_at_a_discarded_address_denies_that_it_is_the_address() -> None:
    fates = {"here": "timeout", "others_here": "timeout", "there": "ok"}
    assert triggers(judged(matrix(ONE, TWO, THREE, **fates))) == (False, True, False)
    m = matrix(ONE, TWO, THREE, **fates)
    first, *rest = at(m, ONE, NAME)
    assert triggers(judged(changed(m, {id(first): failing(first), id(rest[-1]): None}))) == (
        False,
        False,
        False,
    )


def test_a_connect_that_fails_at_a_neutral_address_puts_it_out() -> None:
    m = matrix(ONE, TWO)
    connect = TCPConnect(t0=20.0, t=21.0, failure=f.TIMEOUT, ip=ONE, port=443, arm="neutral@neutral")
    found = judged(replace(m, tcp_connect=(connect,)))
    assert triggers(found) == (False, False, False)
    assert found.residual
    ours = replace(connect, failure=f.INTERRUPTED)
    assert triggers(judged(replace(m, tcp_connect=(ours,)))) == (True, False, False)
    good = replace(connect, failure=None)
    assert triggers(judged(replace(m, tcp_connect=(good,)))) == (True, False, False)


def requests_at(m: Measurement, ip: str, name: str) -> list[HTTPRoundTrip]:
    return [r for r in m.requests if r.ip == ip and r.host == name]


def test_a_plain_connect_that_fails_is_credited_to_no_name() -> None:
    m = matrix(ONE, TWO, THREE, plain=True)
    assert triggers(judged(m, plain=True)) == (True, False, False)
    gone = requests_at(m, ONE, LISTED)[1]
    connect = TCPConnect(
        t0=gone.t0, t=gone.t, failure=f.TIMEOUT, ip=ONE, port=80, arm="neutral@neutral", attempt=1
    )
    rest = tuple(r for r in m.requests if r is not gone)
    found = judged(replace(m, requests=rest, tcp_connect=(connect,)), plain=True)
    assert triggers(found) == (True, False, False)
    three_of_each = tuple(
        replace(m, requests=m.requests, tcp_connect=(replace(connect, ip=ip),)) for ip in (ONE, TWO, THREE)
    )
    assert [triggers(judged(one, plain=True))[0] for one in three_of_each] == [True, True, True]


def test_plain_connects_that_fail_at_the_targets_own_address_show_no_trigger() -> None:
    m = matrix(ONE, TWO, plain=True)
    here = [r for r in m.requests if r.ip == TRUE_IP]
    connects = tuple(
        TCPConnect(t0=r.t0, t=r.t, failure=f.TIMEOUT, ip=TRUE_IP, port=80, arm=r.arm) for r in here
    )
    away = tuple(r for r in m.requests if r.ip != TRUE_IP)
    assert triggers(judged(replace(m, requests=away, tcp_connect=connects), plain=True)) == (
        False,
        False,
        False,
    )
