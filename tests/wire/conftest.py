"""The wire lab's ground: skipped loudly where there are no namespaces, and never where CI says so."""

from __future__ import annotations

import os
from typing import Final

import pytest

from wire import netns

OF_THE_LAB: Final = frozenset(
    f"test_wire_{name}.py" for name in ("censors", "copier", "path", "real_tunnels")
)
"""What a bare socket or one operation meets on the wire, at its time. The others are runs that are judged."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name == "wire":
            item.add_marker(pytest.mark.wire)
            if item.path.name in OF_THE_LAB:
                item.add_marker(pytest.mark.timed)


@pytest.fixture(scope="session", autouse=True)
def ground() -> None:
    """Skip, or fail where CI is set, without namespaces; sweep away what crashed runs left."""
    reason = netns.missing()
    if reason and os.environ.get("CI"):
        pytest.fail(f"THE WIRE LAB MUST RUN HERE AND CANNOT: {reason}")
    if reason:
        pytest.skip(f"THE WIRE LAB DID NOT RUN: {reason}")
    netns.sweep()
