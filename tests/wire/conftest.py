"""The wire lab's own ground: it is skipped loudly where there are no namespaces, and never where CI says so."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from wire import netns
from wire.standin import make_certificate

if TYPE_CHECKING:
    from pathlib import Path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name == "wire":
            item.add_marker(pytest.mark.wire)


@pytest.fixture(scope="session", autouse=True)
def ground() -> None:
    """Skip, or fail where CI is set, when this machine cannot make namespaces; sweep what crashed runs left."""
    reason = netns.missing()
    if reason and os.environ.get("CI"):
        pytest.fail(f"THE WIRE LAB MUST RUN HERE AND CANNOT: {reason}")
    if reason:
        pytest.skip(f"THE WIRE LAB DID NOT RUN: {reason}")
    netns.sweep()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-signed certificate and its key, in files."""
    return make_certificate(tmp_path_factory.mktemp("standin"))
