"""Resolvers in the catalogue: each address over each transport, and names that tell who asks."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from probe.cli.consent import screen
from probe.model.options import RunOptions
from probe.pipeline.contacts import contacts_of
from probe.plan import estimate
from probe.targets import Catalogue, read_catalogue
from probe.targets.inputs import parse_input
from unit.a_catalogue import SERVICE, copy_of_the_catalogue, refused
from unit.test_consent import FACTS

GOOGLES = ("whoami.akamai.net A", "o-o.myaddr.l.google.com TXT")
USUAL = ("whoami.akamai.net A",)
PLAIN = {"dns+udp", "dns+tcp"}
A_RESOLVER = SERVICE.replace(
    'input = "https://sample.example/"\nexperiment = "web"',
    'input = "dns+udp://8.8.8.8:53"\nexperiment = "dns"\nno_object = "short"',
)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return read_catalogue()


@pytest.mark.parametrize(
    ("service", "n"),
    [("google-dns", 4), ("cloudflare-dns", 4), ("quad9", 4), ("yandex-dns", 4), ("adguard-dns", 4)],
)
def test_each_address_of_a_resolver_is_asked_over_each_transport(
    catalogue: Catalogue, service: str, n: int
) -> None:
    targets = catalogue.service(service).targets
    inputs = [parse_input(target.input) for target in targets if target.experiment == "dns"]
    by_scheme = {
        scheme: {one.host for one in inputs if one.scheme == scheme}
        for scheme in ("dns+udp", "dns+tcp", "dns+tls")
    }
    addresses = by_scheme["dns+udp"]
    assert {":" in address for address in addresses} == {True, False}
    assert len(addresses) == n
    assert all(found == addresses for found in by_scheme.values())
    https = [target for target in targets if target.experiment == "doh"]
    assert [set(target.addresses) <= addresses for target in https] == [True]


def test_who_answers_is_asked_of_resolvers_whose_owner_publishes_ranges(catalogue: Catalogue) -> None:
    asked = {t.target_id: (t.who, t.ranges) for t in catalogue.targets() if t.who}
    assert set(asked.values()) == {
        (GOOGLES, ("google",)),
        (USUAL, ("cloudflare",)),
        (USUAL, ()),  # the place where nobody lives
    }
    assert {parse_input(catalogue.target(name).input).scheme for name in asked} == {*PLAIN, "tcp"}
    assert asked["network/sinkhole"] == (USUAL, ())


@pytest.mark.parametrize(
    ("old", "new", "line", "problem", "hint"),
    [
        (
            '"dns"\n',
            '"dns"\nwho = ["whoami.akamai.net"]\n',
            14,
            "is no name with a type",
            "whoami.akamai.net A",
        ),
        ('"dns"\n', '"dns"\nwho = ["a b A"]\n', 14, "is no name with a type", "whoami.akamai.net A"),
        ('"dns"\n', '"dns"\nwho = ["whoami.akamai.net MX"]\n', 14, "is no name with a type", "TXT"),
        ('"dns"\n', '"dns"\nwho = ["whoami.akamai.net A"]\n', 12, "no ranges tell its owner's", "ranges ="),
        (
            'dns+udp://8.8.8.8:53"\nexperiment = "dns"',
            'dns+tls://8.8.8.8:853"\nexperiment = "dns"\nwho = ["whoami.akamai.net A"]\nranges = ["google"]',
            14,
            "asked over dns+udp:// and dns+tcp:// only",
            "Leave the field out.",
        ),
    ],
)
def test_a_question_that_tells_nothing_is_refused(  # noqa: PLR0917 - the columns of the table above
    tmp_path: Path, old: str, new: str, line: int, problem: str, hint: str
) -> None:
    folder = copy_of_the_catalogue(tmp_path)
    assert old in A_RESOLVER
    (folder / "sample.toml").write_text(A_RESOLVER.replace(old, new))
    with refused("sample.toml", line, problem, hint):
        read_catalogue(folder)


def test_such_names_are_told_before_anything_is_sent(catalogue: Catalogue) -> None:
    targets = catalogue.service("google-dns").targets
    contacts = [c for c in contacts_of(catalogue, targets, RunOptions()) if c.purpose == "who"]
    assert {(c.host, c.service, c.seen_by) for c in contacts} == {
        ("whoami.akamai.net", "google-dns", ("operator", "resolver")),
        ("o-o.myaddr.l.google.com", "google-dns", ("operator", "resolver")),
        ("whoami.akamai.net", "network", ("operator", "resolver")),
    }
    told = " ".join(screen(replace(FACTS, who=("whoami.akamai.net",))).split())
    assert "names that tell who asks: whoami.akamai.net: see which resolver asks" in told
    assert "who asks" not in screen(FACTS)


def test_a_resolver_over_tls_is_counted_for_its_handshake(catalogue: Catalogue) -> None:
    def bytes_of(name: str) -> int:
        return estimate([catalogue.target(name)], (), RunOptions()).n_bytes

    assert bytes_of("google-dns/dot") - bytes_of("google-dns/udp") == 3 * (6_000 - 1_000)
