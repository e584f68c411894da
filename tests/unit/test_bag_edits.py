"""A hundred random edits of a bag: each is found; `python -m benchmarks.bag_edits` makes ten thousand."""

import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # benchmarks are not installed

from benchmarks.bag_edits import KINDS, found_by_verify, unpacked

from probe.pipeline.sealing import Sealed
from unit.a_bag import a_run, sealed


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    """A bag judged by the rules in force."""
    folder = tmp_path_factory.mktemp("made")
    return sealed(a_run(folder), folder / "out")


@pytest.mark.parametrize("kind", KINDS)
def test_every_random_edit_of_a_bag_is_found(made: Sealed, tmp_path: Path, kind: str) -> None:
    bag = unpacked(made.zip, tmp_path / "bag")
    rng = random.Random(kind)
    for _ in range(17):
        what = KINDS[kind](bag, rng)
        assert found_by_verify(bag.path), what
        bag.restore()
    assert not found_by_verify(bag.path)
