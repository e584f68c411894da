"""One authority for all tests on loopback; which of them hold a moment of this machine to a bound on time."""

from typing import Final

import pytest

from loopback.authority import Authority, an_authority

JUDGED: Final = frozenset(
    f"test_{name}.py"
    for name in (
        *("announced", "confirmed_among_many", "cross", "cross_plain", "cross_retired", "disk_refuses"),
        *("keeping", "long_list", "machine_faults", "moving", "planted_everywhere", "planted_run"),
        *("scenarios", "selftest", "stopped_judging", "taken_up", "unrest", "vpn_run"),
    )
)
"""What a run says in the end, or whom it tells of the volunteer. None of it is ever tried a second time: a
machine that stands still may make the program say less, never more."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All others meet a server of their own, within the second that `fast` and `QUICK` leave it."""
    for item in items:
        if item.path.parent.name == "loopback" and item.path.name not in JUDGED:
            item.add_marker(pytest.mark.timed)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return an_authority(tmp_path_factory.mktemp("authority"))
