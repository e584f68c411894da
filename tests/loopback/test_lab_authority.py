"""The lab's authority: OpenSSL accepts the good chain and gives each bad one its own number."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from probe.lab import ca
from probe.lab.ca import Authority

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


def verify(authority: Authority, variant: str, name: str = "site.example") -> int:
    """Shake hands in memory; return OpenSSL's verification number, 0 when the chain holds."""
    client_context = ssl.create_default_context(cafile=authority.path)
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname=name)
    server = authority.context(name, variant).wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError as error:
                return int(error.verify_code)
    return 0


@pytest.mark.parametrize(
    ("variant", "code"),
    [
        ("good", 0),
        ("expired", 10),
        ("future", 9),
        ("wrong-name", 62),
        ("selfsigned", 18),
        ("middlebox", 19),
        ("antivirus", 19),
    ],
)
def test_each_chain_gets_its_number_of_openssl(authority: Authority, variant: str, code: int) -> None:
    assert verify(authority, variant) == code


def test_issuers_that_nobody_trusts_bear_the_names_that_give_them_away(authority: Authority) -> None:
    issuers = {v: authority.chain("site.example", v)[0].issuer.rfc4514_string() for v in ca.ISSUERS}
    assert issuers == {
        "selfsigned": "CN=site.example",
        "middlebox": "CN=Transparent Filtering Gateway CA",
        "antivirus": "CN=Kaspersky Anti-Virus Personal Root Certificate",
    }


def test_the_huge_chain_is_ten_megabytes(authority: Authority) -> None:
    chain = authority.chain("site.example", "huge")
    assert 10_000_000 < sum(len(c.public_bytes(Encoding.DER)) for c in chain) < 10_100_000


def test_an_unknown_variant_is_refused(authority: Authority) -> None:
    with pytest.raises(KeyError):
        authority.chain("site.example", "no such variant")


def test_a_context_is_made_once_and_the_oldest_goes_first(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ca, "CONTEXTS_KEPT", 3)
    authority._contexts.clear()
    first = authority.context("a.example")
    assert authority.context("a.example") is first
    for name in ("b.example", "c.example", "d.example"):
        authority.context(name)
    assert len(authority._contexts) == 3
    assert authority.context("a.example") is not first


def test_no_private_key_stays_on_the_disk(authority: Authority) -> None:
    authority.context("e.example")
    assert [path.name for path in authority.folder.iterdir()] == ["ca.pem"]


def test_two_authorities_do_not_trust_each_other(authority: Authority, tmp_path: Path) -> None:
    stranger = Authority(tmp_path)
    stranger.path.write_bytes(authority.path.read_bytes())
    assert verify(stranger, "good") == 20  # a root of the same name, but not the key that is asked for


def test_the_authority_is_fit_for_an_event_loop(authority: Authority) -> None:
    async def issue() -> float:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for number in range(50):
            authority.context(f"{number}.fast.example")
        return (loop.time() - begun) / 50

    assert asyncio.run(issue()) < 0.02
