"""The wire lab's client is told the lab root's key by a file, which has to be that root's."""

from pathlib import Path

from probe.lab.zones import anchor
from probe.targets import read_trust_anchor

FILE = Path(__file__).parents[1] / "wire" / "lab_root.ds"


def test_the_file_holds_the_key_of_the_labs_root() -> None:
    assert read_trust_anchor(FILE)[1] == (anchor(),)
