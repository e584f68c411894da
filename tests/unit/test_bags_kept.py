"""Bags of earlier releases are kept here for good, and still verify.

A bag is made anew only while its release is not out.
"""

from pathlib import Path

import pytest

from probe.pipeline.verifying import verify

BAGS = {"20261122-first.zip": "ed787d7c166b993c1a316f396ac48db618aee51b1e279ebfc344fa6a9045dbf5"}
"""Root hashes, as they were printed when the bags were sealed."""


def test_every_bag_that_is_kept_is_listed() -> None:
    assert {path.name for path in (Path(__file__).parent / "bags").iterdir()} == set(BAGS)


@pytest.mark.parametrize("name", BAGS)
def test_a_bag_of_an_earlier_release_still_verifies(name: str) -> None:
    done = verify(Path(__file__).parent / "bags" / name, BAGS[name])
    assert done.faults.kept == []
    assert done.judging is not None
    assert done.judging.simulated
