"""Names of the lab have stable, public, fitting addresses, and addresses know their names."""

from __future__ import annotations

import ipaddress

import pytest

from loopback.lab_clients import catalogue
from probe.lab.names import (
    HELPERS,
    NOTICE_ADDRESS,
    NOTICE_HOST,
    SYSTEM_RESOLVERS,
    Names,
    host_of,
    is_address,
)


@pytest.fixture(scope="module")
def names() -> Names:
    return Names(catalogue())


def hosts() -> list[str]:
    every = [t for s in catalogue().services for t in s.targets] + list(catalogue().neutrals)
    return sorted({host_of(t) for t in every if not is_address(host_of(t))})


def test_two_labs_give_a_name_the_same_addresses(names: Names) -> None:
    other = Names(catalogue())
    assert [names.addresses(h) for h in hosts()] == [other.addresses(h) for h in hosts()]


def test_every_name_of_the_catalogue_has_public_addresses_only(names: Names) -> None:
    strange = [(h, a) for h in hosts() for a in names.addresses(h) if not ipaddress.ip_address(a).is_global]
    assert strange == []


def test_a_name_whose_service_has_ranges_lies_within_them(names: Names) -> None:
    blocks = [ipaddress.ip_network(b) for b in catalogue().ranges["x"]]
    assert all(any(ipaddress.ip_address(a) in b for b in blocks) for a in names.addresses("x.com"))
    assert [ipaddress.ip_address(a).version for a in names.addresses("x.com")] == [4, 4, 6]


def test_a_russian_neutral_lies_in_another_network_than_a_foreign_one(names: Names) -> None:
    assert names.asn(names.addresses("yandex.ru")[0]) == 13238
    assert names.asn(names.addresses("www.iana.org")[0]) == 54113


def test_addresses_that_the_catalogue_states_are_kept(names: Names) -> None:
    assert names.addresses("dns.quad9.net")[:2] == ("9.9.9.9", "149.112.112.112")
    assert set(names.addresses("dns.google")) == {
        *("8.8.8.8", "8.8.4.4", "2001:4860:4860::8888", "2001:4860:4860::8844"),
    }
    assert names.names_at("149.154.175.50") == ("149.154.175.50",)
    assert names.names_at(NOTICE_ADDRESS) == (NOTICE_HOST,)


def test_every_address_knows_its_name(names: Names) -> None:
    assert [h for h in hosts() for a in names.addresses(h) if h not in names.names_at(a)] == []


def test_no_two_names_without_stated_addresses_share_one(names: Names) -> None:
    stated = {h for t in catalogue().resolvers for h in [host_of(t)]}
    shared = {a: names.names_at(a) for h in hosts() for a in names.addresses(h) if len(names.names_at(a)) > 1}
    assert {a: n for a, n in shared.items() if not stated & set(n) and names.names_at(a)[0] not in n} == {}


def test_an_address_that_nobody_named_has_no_names(names: Names) -> None:
    assert names.names_at("185.76.144.9") == ()


def test_a_name_of_a_list_gets_its_addresses_when_it_is_asked_for(names: Names) -> None:
    assert names.addresses("Never-Heard.example.") == names.addresses("never-heard.example")
    assert names.names_at(names.addresses("never-heard.example")[0]) == ("never-heard.example",)


def test_elsewhere_a_cdn_gives_other_addresses_that_serve_the_name_too(names: Names) -> None:
    here, there = names.addresses("v.whatsapp.net"), names.other_addresses("v.whatsapp.net", "8.8.8.8")
    assert set(here[:2]).isdisjoint(there[:2])
    assert all(names.is_at("v.whatsapp.net", a) for a in there)
    assert [names.asn(a) for a in there] == [32934, 32934, 32934]


def test_patterns_cover_subdomains_groups_and_nothing_by_accident(names: Names) -> None:
    assert names.matches("x.com", "api.x.com")
    assert not names.matches("x.com", "notx.com")
    assert names.matches("@telegram", "149.154.167.91")
    assert names.matches("@domestic_listed", "yandex.ru")
    assert not names.matches("@domestic_listed", "opennet.ru")


def test_the_helpers_live_far_from_each_other_in_both_families(names: Names) -> None:
    places = [names.addresses(name) for name in HELPERS]
    assert [[":" in a for a in place] for place in places] == [[False, True]] * 4
    assert len({a.rsplit(".", 1)[0] for a, _ in places}) == len({a[:14] for _, a in places}) == 4


def test_the_volunteers_resolver_is_a_resolver_and_public() -> None:
    assert all(ipaddress.ip_address(a).is_global for a in SYSTEM_RESOLVERS)
    assert set(SYSTEM_RESOLVERS) <= Names(catalogue()).resolvers
