"""A root that borrows a trusted root's name with a key of its own is an unknown authority."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from loopback.authority import Pair, make, pem
from probe.measure.verify import ChainVerdict, Verifier
from probe.model.options import TrustStore

NAME = "site.example"
SIGNATURE_FAILURE = 7


@pytest.fixture(scope="module")
def trusted() -> Pair:
    return make("Trusted Root", is_ca=True)


@pytest.fixture(scope="module")
def verifier(trusted: Pair, tmp_path_factory: pytest.TempPathFactory) -> Verifier:
    path: Path = tmp_path_factory.mktemp("trust") / "root.pem"
    path.write_bytes(pem(trusted[1]))
    return Verifier(TrustStore(source="SSL_CERT_FILE", path=str(path), sha256=""), lambda: datetime.now(UTC))


def shown(verifier: Verifier, *chain: x509.Certificate) -> ChainVerdict:
    return verifier.verify(tuple(c.public_bytes(Encoding.DER) for c in chain), NAME)


@pytest.mark.parametrize("sent_along", [False, True])
def test_a_chain_under_a_copied_root_is_under_an_unknown_authority(
    verifier: Verifier, sent_along: bool
) -> None:
    copy = make("Trusted Root", is_ca=True)
    leaf = make(NAME, issuer=copy, names=(NAME,))[1]
    said = shown(verifier, leaf, *([copy[1]] if sent_along else []))
    assert said.failure == "ssl_unknown_authority"
    assert said.chain_failure == "ssl_unknown_authority"
    assert said.chain_code == SIGNATURE_FAILURE


def test_a_chain_under_the_trusted_root_itself_holds(verifier: Verifier, trusted: Pair) -> None:
    leaf = make(NAME, issuer=trusted, names=(NAME,))[1]
    said = shown(verifier, leaf)
    assert (said.failure, said.chain_failure, said.chain_code) == (None, None, 0)
