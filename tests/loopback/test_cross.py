"""The cross experiment over TLS: which arms are said where, in what order, and what comes of it."""

import pytest

from loopback.crossing import (
    LISTED,
    OBSCURE,
    POOL,
    TARGET,
    TARGET_IP,
    assert_rules_were_kept,
    cells,
    cross,
    judged,
)
from loopback.elsewhere import Authority, Session, World
from loopback.tempers import alert, fin, reset, silent


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


def test_a_name_that_fails_everywhere_while_others_pass_everywhere_is_the_name(ca: Authority) -> None:
    (m,) = cross(ca, lambda _ip, _w, name: silent if name == TARGET else None)
    assert_rules_were_kept(m)
    found = cells(m)
    assert {arm for arm, _, _ in found} == {
        "target@target",
        "target@neutral",
        "neutral@target",
        "neutral@neutral",
    }
    assert [len(tries) for tries in found.values()] == [3] * 9
    assert len({ip for _, _, ip in found}) == 3
    assert {name for arm, name, _ in found if arm.startswith("neutral")} == {LISTED, OBSCURE}
    assert {h.failure for h in m.tls_handshakes if h.server_name == TARGET} == {"generic_timeout_error"}
    assert all(h.server_spoke for h in m.tls_handshakes if h.server_name != TARGET)
    assert judged(m).by_name


@pytest.mark.parametrize(("temper", "failure"), [(reset, "connection_reset"), (fin, "eof_error")])
def test_resets_and_ends_on_the_name_are_told_apart(ca: Authority, temper: Session, failure: str) -> None:
    (m,) = cross(ca, lambda _ip, _w, name: temper if name == TARGET else None)
    assert_rules_were_kept(m)
    assert {h.failure for h in m.tls_handshakes if h.server_name == TARGET} == {failure}
    assert judged(m).by_name


def test_neutral_arms_of_a_trial_come_before_the_targets_name(ca: Authority) -> None:
    (m,) = cross(ca, lambda _ip, _w, name: silent if name == TARGET else None)
    for trial in range(3):
        names = [h for h in m.tls_handshakes if h.trial == trial]
        last_neutral = max(h.t for h in names if h.arm.startswith("neutral"))
        first_target = min(h.t0 for h in names if h.arm.startswith("target"))
        assert last_neutral <= first_target


def test_an_address_where_every_name_fails_is_the_address(ca: Authority) -> None:
    (m,) = cross(ca, lambda ip, _w, _name: silent if ip == TARGET_IP else None)
    assert_rules_were_kept(m)
    assert judged(m).by_address
    assert not judged(m).by_name


def test_a_failure_only_where_name_and_address_meet_is_the_conjunction(ca: Authority) -> None:
    (m,) = cross(ca, lambda ip, _w, name: reset if (ip, name) == (TARGET_IP, TARGET) else None)
    assert_rules_were_kept(m)
    assert judged(m).conjunction
    assert not judged(m).by_name


def test_servers_that_refuse_strange_names_by_an_alert_are_passes(ca: Authority) -> None:
    def decide(ip: str, _w: World, name: str) -> Session | None:
        if name == TARGET:
            return silent
        return alert if ip != TARGET_IP else None

    (m,) = cross(ca, decide)
    assert {h.failure for h in m.tls_handshakes if h.arm == "neutral@neutral"} == {"ssl_failed_handshake"}
    assert {h.alert for h in m.tls_handshakes if h.arm == "neutral@neutral"} == {112}
    assert judged(m).by_name


def test_a_target_that_passes_after_all_ends_the_experiment_without_a_suffix(ca: Authority) -> None:
    (m,) = cross(ca, lambda _ip, _w, _name: None)
    assert_rules_were_kept(m)
    assert max(h.trial for h in m.tls_handshakes) == 0
    assert judged(m).by_name is judged(m).by_address is judged(m).conjunction is False


def test_servers_that_reset_all_names_but_their_own_are_never_a_bracket(ca: Authority) -> None:
    owners = {ip: f"owner{n}.example" for n, ip in enumerate(POOL)}
    (m,) = cross(ca, lambda ip, _w, name: None if owners.get(ip) == name else reset)
    assert [h for h in m.tls_handshakes if h.arm == "target@neutral"] == []
    assert not judged(m).by_name


@pytest.mark.parametrize("pool", [(), POOL[:1]])
def test_nothing_is_sent_where_neutral_addresses_do_not_suffice(ca: Authority, pool: tuple[str, ...]) -> None:
    (m,) = cross(ca, lambda _ip, _w, name: silent if name == TARGET else None, pool=pool)
    assert (m.tls_handshakes, m.tcp_connect, m.bytes_sent) == ((), (), 0)
