"""One authority for all tests on loopback."""

import pytest

from loopback.authority import Authority, an_authority


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return an_authority(tmp_path_factory.mktemp("authority"))
