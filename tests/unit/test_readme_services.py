"""The README's table of services is the catalogue's, in both languages."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from probe.targets import read_catalogue
from unit.services_table import ENGLISH, IN_RUSSIAN, README, RUSSIAN, asked_for, block, rule, shown, table


@pytest.mark.parametrize(("path", "words"), [(README, ENGLISH), (RUSSIAN, IN_RUSSIAN)], ids=["en", "ru"])
def test_the_readme_has_the_catalogues_services(path: Path, words: Mapping[str, str]) -> None:
    assert block(path.read_text()) == table(read_catalogue(), words), (
        f"{path.name} is behind targets/: type `.venv/bin/python tests/unit/services_table.py`"
    )


def test_hosts_of_one_kind_are_named_in_part_and_counted() -> None:
    catalogue = read_catalogue()
    assert next(asked_for(catalogue.service("whatsapp"))) == (
        "a connection: e1.whatsapp.net:443, e1.whatsapp.net:5222 and 30 more"
    )
    assert [kind.partition(":")[0] for kind in asked_for(catalogue.service("google-dns"))][:4] == [
        *("DNS over UDP", "DNS over TCP", "DNS over TLS", "DNS over HTTPS")
    ]


def test_the_essential_endpoints_are_named_with_the_rule() -> None:
    catalogue = read_catalogue()
    assert rule(catalogue.service("youtube")) == "essential: web, video"
    assert rule(catalogue.service("telegram")) == "any"


def test_an_address_of_ipv6_is_told_from_its_port() -> None:
    assert shown(read_catalogue().target("google-dns/udp-ipv6")) == "[2001:4860:4860::8888]"
