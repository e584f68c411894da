"""The wire lab's ground: skipped loudly where there are no namespaces, and never where CI says so."""

from __future__ import annotations

import os

import pytest

from wire import netns


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name == "wire":
            item.add_marker(pytest.mark.wire)


@pytest.fixture(scope="session", autouse=True)
def ground() -> None:
    """Skip, or fail where CI is set, without namespaces; sweep away what crashed runs left."""
    reason = netns.missing()
    if reason and os.environ.get("CI"):
        pytest.fail(f"THE WIRE LAB MUST RUN HERE AND CANNOT: {reason}")
    if reason:
        pytest.skip(f"THE WIRE LAB DID NOT RUN: {reason}")
    netns.sweep()
