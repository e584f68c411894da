"""What may be asked of a registry, and what is refused before anything is sent, with what to type instead."""

import pytest

from probe.targets import CatalogueError, parse_input, target_of_url
from probe.targets.resources import HINT, resource_of


@pytest.mark.parametrize(
    ("text", "resource"),
    [
        ("AS3333", "AS3333"),
        ("as3333", "AS3333"),
        ("3333", "AS3333"),
        ("AS4199999999", "AS4199999999"),
        ("193.0.0.0/21", "193.0.0.0/21"),
        ("[2001:67c:2e8::]/48", "2001:67c:2e8::/48"),
        ("2001:067c:02e8::/48", "2001:67c:2e8::/48"),
        ("8.0.0.0/8", "8.0.0.0/8"),
        ("193.0.0.0/24/", "193.0.0.0/24"),
    ],
)
def test_a_prefix_or_as_number_has_one_spelling(text: str, resource: str) -> None:
    assert resource_of(text) == resource
    parsed = parse_input(f"registry://{text}")
    assert (parsed.scheme, parsed.host, parsed.is_address) == ("registry", resource, False)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("AS0", "AS0 is reserved, no registry has it"),
        ("AS99999999999", "AS99999999999 is no AS number, the largest is AS4294967295"),
        ("AS64512", "AS64512 is for private use, no registry has it"),
        ("AS64496", "AS64496 is for documentation only, no registry has it"),
        ("AS65535", "AS65535 is for private use, no registry has it"),
        ("AS23456", "AS23456 is a placeholder for longer numbers, no registry has it"),
        ("AS4294967295", "AS4294967295 is for private use, no registry has it"),
        ("10.0.0.0/8", "10.0.0.0/8 is not of the public internet"),
        ("100.64.0.0/10", "100.64.0.0/10 is not of the public internet"),
        ("224.0.0.0/8", "224.0.0.0/8 is not of the public internet"),
        ("2001:db8::/32", "2001:db8::/32 is not of the public internet"),
        ("193.0.0.1/21", "193.0.0.1/21 has host bits set, did you mean registry://193.0.0.0/21?"),
        ("0.0.0.0/0", "/0 is no prefix that a network is given, those are /8 to /24"),
        ("193.0.0.7/32", "/32 is no prefix that a network is given, those are /8 to /24"),
        ("2001:67c:2e8::/64", "/64 is no prefix that a network is given, those are /19 to /48"),
        ("193.0.0.0", "'193.0.0.0' is neither a prefix nor an AS number"),
        ("193.0.0.0/x", "'193.0.0.0/x' is no prefix"),
        ("193.0.0.0/021/3", "'193.0.0.0/021/3' is no prefix"),
        ("RIPE", "'RIPE' is neither a prefix nor an AS number"),
        ("", "'' is neither a prefix nor an AS number"),
    ],
)
def test_what_no_registry_has_is_refused_with_what_to_type(text: str, problem: str) -> None:
    with pytest.raises(CatalogueError) as refused:
        target_of_url(f"registry://{text}")
    assert refused.value.problem == f"{f'registry://{text}'!r}: {problem}"
    assert refused.value.hint == HINT


@pytest.mark.parametrize("host", ["10.0.0.1", "100.64.0.1", "127.0.0.1", "[fe80::1]"])
def test_a_path_into_a_private_network_is_refused(host: str) -> None:
    with pytest.raises(CatalogueError, match="is no address of the public internet"):
        target_of_url(f"path://{host}:53")


def test_each_is_a_target_that_is_measured_and_named_after_what_it_is_about() -> None:
    prefix, path = target_of_url("registry://193.0.0.0/21"), target_of_url("path://66.28.0.45:53")
    assert (prefix.experiment, prefix.target_id.rpartition("-")[0]) == ("registry", "url/193.0.0.0-21")
    assert (path.experiment, path.target_id.rpartition("-")[0]) == ("path", "url/66.28.0.45")
