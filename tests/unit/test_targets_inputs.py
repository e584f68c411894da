"""A URL typed by hand is taken apart, or refused in words."""

import pytest

from probe.targets import CatalogueError, target_of_url


@pytest.mark.parametrize(
    ("url", "target_id", "experiment"),
    [
        ("https://Example.ORG/a?b=c", "url/example.org-", "web"),
        ("http://пример.рф/", "url/xn--e1afmkfd.xn--p1ai-", "web"),
        ("tcp://149.154.175.50:443", "url/149.154.175.50-", "tcp"),
        ("dns+udp://8.8.8.8", "url/8.8.8.8-", "dns"),
        ("quic://example.org", "url/example.org-", "quic"),
        ("quic://example.org:8443/", "url/example.org-", "quic"),
        ("dns+quic://94.140.14.14", "url/94.140.14.14-", "dns"),
        ("dns+tls://[2001:4860:4860::8888]:853", "url/2001-4860-4860--8888-", "dns"),
    ],
)
def test_a_url_typed_by_hand_becomes_a_target_with_a_stable_name(
    url: str, target_id: str, experiment: str
) -> None:
    target = target_of_url(url)
    assert target.input == url
    assert target.target_id[:-10] == target_id
    assert target.target_id == target_of_url(url).target_id
    assert target.experiment == experiment
    assert target.service == "url"


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("", "the input is empty"),
        ("example.org", "does not begin with"),
        ("https:example.org", "does not begin with"),
        ("ftp://example.org/", "does not begin with"),
        ("quic://example.org/page", "takes host and port only"),
        ("dns+quic://dns.example.org", "needs an address"),
        ("https://user:secret@example.org/", "holds a user name or password"),
        ("https://exa mple.org/", "holds a space"),
        ("https://example.org/\x1b[31m", "an invisible character"),
        ("https://example.org/\u202e", "an invisible character"),
        ("https://" + "a" * 2048, "longer than 2048"),
        ("https://example.org:99999/", "not a URL"),
        ("https://[::1/", "not a URL"),
        ("https://example.org:0/", "port 0"),
        ("https://1.2.3/", "neither a name nor an address"),
        ("https://[fe80::1%25eth0]/", "zone"),
        ("https://-a.example/", "is no host name"),
        ("https://a..example/", "is no host name"),
        ("https://" + "a." * 127 + "example/", "is no host name"),
        ("tcp://example.org", "needs a port"),
        ("tcp://example.org:443/path", "takes host and port only"),
        ("dns+udp://dns.google:53", "needs an address"),
        ("https://", "has no host"),
    ],
)
def test_a_url_that_cannot_be_measured_is_refused_in_words(url: str, problem: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        target_of_url(url)
    assert problem in caught.value.problem
    assert caught.value.file == ""
    assert "--url https://example.org/" in caught.value.hint
