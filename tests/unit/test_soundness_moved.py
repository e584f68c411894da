"""A run that is carried from one network to another accuses nobody; one that stays where it is still can."""

import subprocess
import sys
from pathlib import Path

import pytest

from probe.judge.moved import has_moved
from probe.judge.network import network_finding
from probe.measure import machine_gateway
from probe.measure.machine import local_facts
from probe.measure.machine_gateway import link_ids
from probe.model.observation import LocalFact
from probe.model.words import ReasonCode, State
from probe.store import OwnValues, Redactor
from unit.a_run import a_measurement
from unit.networks import a_machine, neutrals

SALT, OTHER_SALT = b"0123456789abcdef", b"fedcba9876543210"
HEADING = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
ROUTER_V6 = "fe80000000000000000000000000000a"
ANY_V6 = "0" * 32


def a_route(
    link: str = "wlan0",
    to: str = "00000000",
    *,
    by: str = "0101A8C0",
    flags: str = "0003",
    metric: int = 600,
    mask: str = "00000000",
) -> str:
    return f"{link}\t{to}\t{by}\t{flags}\t0\t0\t{metric}\t{mask}\t0\t0\t0\n"


def on_link(link: str = "wlan0", to: str = "0001A8C0", mask: str = "00FFFFFF") -> str:
    return a_route(link, to, by="00000000", flags="0001", mask=mask)


def a_route_v6(by: str = ROUTER_V6, metric: str = "00000400", flags: str = "00000003") -> str:
    return f"{ANY_V6} 00 {ANY_V6} 00 {by} {metric} 00000001 00000000 {flags}    wlan0\n"


def tables(root: Path, v4: str = "", v6: str = "") -> Path:
    (root / "proc/net").mkdir(parents=True, exist_ok=True)
    (root / "proc/net/route").write_text(HEADING + v4)
    (root / "proc/net/ipv6_route").write_text(v6)
    return root


def facts(**values: str) -> tuple[LocalFact, ...]:
    return tuple(LocalFact(name=name.replace("_", "."), value=value) for name, value in values.items())


# --- the router, unrecognisable


def test_one_router_has_one_id_and_another_has_another(tmp_path: Path) -> None:
    home = link_ids(tables(tmp_path, a_route() + on_link(), a_route_v6()), SALT)
    again = link_ids(tables(tmp_path, on_link() + a_route(), a_route_v6()), SALT)
    other = link_ids(tables(tmp_path, a_route(by="0100000A") + on_link(to="0000000A"), ""), SALT)
    assert set(home) == {"link.id.ipv4", "link.id.ipv6"}
    assert home == again
    assert set(other) == {"link.id.ipv4"}
    assert home["link.id.ipv4"] != other["link.id.ipv4"]


def test_another_prefix_at_the_same_router_address_is_another_link(tmp_path: Path) -> None:
    home = link_ids(tables(tmp_path, a_route() + on_link()), SALT)
    cafe = link_ids(tables(tmp_path, a_route() + on_link(mask="0000FFFF")), SALT)
    docker = link_ids(tables(tmp_path, a_route() + on_link() + on_link("docker0", "000011AC")), SALT)
    assert home != cafe
    assert home == docker


def test_of_several_ways_the_one_that_packets_take_counts(tmp_path: Path) -> None:
    wifi = link_ids(tables(tmp_path, a_route(), a_route_v6()), SALT)
    both = tables(
        tmp_path,
        a_route("eth0", by="0100000A", metric=900) + a_route(),
        a_route_v6("f" * 32, "00000500") + a_route_v6(),
    )
    assert link_ids(both, SALT) == wifi


def test_every_program_draws_a_salt_of_its_own_and_keeps_it_for_as_long_as_it_runs() -> None:
    code = "from probe.measure import machine_gateway; print(machine_gateway.SALT.hex())"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=True
    )
    other = bytes.fromhex(done.stdout)
    assert len(other) == len(machine_gateway.SALT) == 16
    assert other != machine_gateway.SALT


def test_with_another_salt_nothing_can_be_compared(tmp_path: Path) -> None:
    root = tables(tmp_path, a_route() + on_link())
    one, other = link_ids(root, SALT)["link.id.ipv4"], link_ids(root, OTHER_SALT)["link.id.ipv4"]
    assert one.partition("-")[0] != other.partition("-")[0]
    assert one.partition("-")[2] != other.partition("-")[2]


@pytest.mark.parametrize(
    ("v4", "v6"),
    [
        ("", ""),
        (a_route(flags="0002"), a_route_v6(flags="00000001")),
        (a_route(by="00000000", flags="0001"), a_route_v6(ANY_V6)),
        ("wlan0 00000000", "x"),
        (a_route(flags="what"), a_route_v6(metric="what")),
        (on_link(), ""),
    ],
)
def test_without_a_router_there_is_no_id(tmp_path: Path, v4: str, v6: str) -> None:
    assert link_ids(tables(tmp_path, v4, v6), SALT) == {}
    assert link_ids(tmp_path / "nothing", SALT) == {}


def test_the_machine_tells_ids_that_masking_leaves_and_no_address(tmp_path: Path) -> None:
    found = local_facts(root=tables(tmp_path, a_route() + on_link(), a_route_v6()), environ={})
    ids = [fact for fact in found if fact.name.startswith("link.id.")]
    assert [fact.name for fact in ids] == ["link.id.ipv4", "link.id.ipv6"]
    assert ids[0].value.partition("-")[0] == ids[1].value.partition("-")[0]
    assert all(part.isalpha() and len(part) == 16 for fact in ids for part in fact.value.split("-"))
    own = OwnValues(user="wlan0", addresses=("192.168.1.7",))
    clean, _ = Redactor(own).measurement(a_measurement(local=tuple(ids)), {})
    assert clean.local == tuple(ids)


# --- whether the run moved


def test_the_same_told_twice_is_one_network() -> None:
    one = facts(link_ipv4="wifi", link_ipv6="none", resolver="private", link_id_ipv4="salt-a")
    assert not has_moved([])
    assert not has_moved([one])
    assert not has_moved([one, one, ()])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (facts(link_ipv4="wifi"), facts(link_ipv4="mobile")),
        (facts(link_ipv6="ethernet"), facts(link_ipv6="tunnel")),
        (facts(resolver="operator"), facts(resolver="private")),
        (facts(link_id_ipv4="salt-a"), facts(link_id_ipv4="salt-b")),
        (facts(link_id_ipv6="salt-a"), facts(link_id_ipv6="salt-b")),
    ],
)
def test_another_link_resolver_or_router_is_another_network(
    before: tuple[LocalFact, ...], after: tuple[LocalFact, ...]
) -> None:
    assert has_moved([before, after])
    assert has_moved([before, before, after, before])
    assert has_moved([after, before])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (facts(link_ipv6="none"), facts(link_ipv6="wifi")),
        (facts(link_ipv4="wifi"), facts(link_ipv4="unknown")),
        (facts(resolver="private"), facts(resolver="unknown")),
        (facts(link_id_ipv6="salt-a"), facts(link_ipv4="wifi")),
        (facts(link_id_ipv4="salt-a"), facts(link_id_ipv4="tlas-b")),
        (facts(clock_synchronised="yes"), facts(clock_synchronised="no")),
        (facts(bypass="proxy"), facts(bypass="vpn")),
    ],
)
def test_what_comes_goes_or_is_said_with_another_salt_is_no_other_network(
    before: tuple[LocalFact, ...], after: tuple[LocalFact, ...]
) -> None:
    assert not has_moved([before, after])


def test_two_resolver_classes_told_at_once_are_no_change() -> None:
    both = (*facts(resolver="operator"), *facts(resolver="loopback"))
    assert not has_moved([both, both])
    assert has_moved([both, facts(resolver="operator")])


def test_a_run_that_moved_finds_that_and_nothing_else() -> None:
    looks = [a_machine(link_ipv4="wifi"), a_machine(link_ipv4="mobile")]
    for passing in (("domestic_listed",), ("foreign", "foreign_frozen")):
        finding = network_finding([*neutrals(passing), *looks])
        assert (finding.rule_id, finding.state, finding.mechanism, finding.reason_code) == (
            "network.changed",
            State.INCONCLUSIVE,
            "",
            ReasonCode.NETWORK_CHANGED,
        )
    assert network_finding([*neutrals(), looks[0], looks[0]]).rule_id == "network.fine"
