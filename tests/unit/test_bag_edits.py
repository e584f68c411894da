"""A hundred random edits of a bag: each is found; `python -m benchmarks.bag_edits` makes ten thousand."""

import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # benchmarks are not installed

from benchmarks.bag_edits import KINDS, found_by_verify, unpacked

from probe.pipeline.sealing import Sealed


@pytest.mark.parametrize("kind", KINDS)
def test_every_random_edit_of_a_bag_is_found(sealed_run: Sealed, tmp_path: Path, kind: str) -> None:
    bag = unpacked(sealed_run.zip, tmp_path / "bag")
    rng = random.Random(kind)
    for _ in range(17):
        what = KINDS[kind](bag, rng)
        assert found_by_verify(bag.path), what
        bag.restore()
    assert not found_by_verify(bag.path)
