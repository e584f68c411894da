"""Which addresses of a path are kept, by what answered first and what the volunteer and the table know."""

import pytest

from probe.measure.asn_table import AsnTable, table_of
from probe.measure.path import _Heard, _Hop, told

NEAR, TRANSIT, TARGET = "95.167.1.1", "38.1.1.1", "66.28.0.45"
RANGES = [
    (12389, ["95.167.0.0/16"]),
    (174, ["66.28.0.0/14", "38.0.0.0/8"]),
    (749, ["30.0.0.0/8", "25.0.0.0/8"]),
]


def given() -> AsnTable:
    table = table_of(RANGES)
    table.sha256 = "0" * 64
    return table


def kept(first: str, own_asn: int, table: AsnTable) -> list[tuple[str, ...]]:
    ways = [first, NEAR, TRANSIT, TARGET]
    hops = [_Hop(ttl, 1, [_Heard(ip, 1.0, is_end=False)]) for ttl, ip in enumerate(ways, 1)]
    return [hop.ips for hop in told(hops, table, own_asn, TARGET)]


@pytest.mark.parametrize("own_asn", [0, 12389, 64500])
@pytest.mark.parametrize("first", ["192.168.1.1", "100.64.0.1", "30.1.2.3", "25.1.2.3"])
def test_a_router_near_home_is_no_address_whatever_the_operator_numbers_its_inside_with(
    first: str, own_asn: int
) -> None:
    assert kept(first, own_asn, given()) == [(), (), (TRANSIT,), (TARGET,)]


def test_an_inner_address_is_nobodys() -> None:
    hops = [_Hop(1, 1, [_Heard("30.1.2.3", 1.0, is_end=False)])]
    assert told(hops, given(), 0, TARGET)[0].as_names == ("unknown",)


def test_a_wrong_number_and_a_first_hop_that_no_table_knows_keep_no_router_near_home() -> None:
    assert kept("31.9.9.9", 64500, given()) == [(), (), (TRANSIT,), (TARGET,)]


def test_shipped_ranges_know_carriers_only_so_what_they_know_first_is_no_home() -> None:
    assert kept("31.9.9.9", 64500, table_of(RANGES[1:2])) == [(), (), (TRANSIT,), (TARGET,)]


def test_a_first_hop_that_nobody_knows_and_no_number_keep_nothing() -> None:
    assert kept("31.9.9.9", 0, given()) == [(), (), (), (TARGET,)]
