"""What one client gets, and who counts as one; nothing of an address is kept."""

import pytest

from probe.helper import limits
from probe.helper.limits import Bucket, Clients, Limits


def test_a_bucket_gives_what_is_there_and_fills_evenly_to_its_size() -> None:
    bucket = Bucket(60.0, now=0.0)
    assert bucket.take(60, now=0.0)
    assert not bucket.take(1, now=0.5)
    assert bucket.take(1, now=1.5)
    assert not bucket.take(61, now=1000.0)
    assert bucket.take(60, now=1000.0)
    bucket.give_back(100)
    assert bucket.take(60, now=1000.0)
    assert not bucket.take(1, now=1000.0)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("93.184.215.14", "93.184.215.14", True),
        ("93.184.215.14", "93.184.215.15", False),
        ("93.184.215.14", "::ffff:93.184.215.14", True),
        ("2606:2800:1::1", "2606:2800:1:ffff::9", True),
        ("2606:2800:1::1", "2606:2800:2::1", False),
        ("fe80::1%eth0", "fe80::1%eth1", True),
        ("junk", "", True),
    ],
)
def test_an_ipv4_address_is_a_client_and_so_is_a_48_of_ipv6(one: str, other: str, same: bool) -> None:
    clients = Clients(Limits())
    assert (clients.of(one) is clients.of(other)) is same


def test_a_connection_counts_for_its_client_and_for_all_until_it_leaves() -> None:
    clients = Clients(Limits(connections=3, connections_per_client=2))
    one, other = clients.of("93.184.215.14"), clients.of("93.184.215.15")
    assert [clients.enter(one), clients.enter(one), clients.enter(one)] == [True, True, False]
    assert [clients.enter(other), clients.enter(other)] == [True, False]
    clients.leave(one)
    assert clients.enter(other)
    assert clients.connections == 3


def test_of_too_many_clients_the_one_unseen_longest_is_forgotten_but_none_that_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "CLIENTS", 2)
    clients = Clients(Limits())
    there, gone = clients.of("93.184.215.1"), clients.of("93.184.215.2")
    clients.enter(there)
    clients.of("93.184.215.3")
    assert clients.of("93.184.215.1") is there
    assert clients.of("93.184.215.2") is not gone


def test_no_address_is_kept_and_no_two_helpers_know_a_client_by_the_same_mark() -> None:
    one, other = Clients(Limits()), Clients(Limits())
    for clients in (one, other):
        clients.of("93.184.215.14")
    assert not set(one._known) & set(other._known)
    assert all(len(mark) == 12 for mark in one._known)
