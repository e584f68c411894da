"""What a name may be, so that it names the same file on Linux, macOS and Windows."""

import re
from pathlib import Path

import pytest

from probe.evidence.manifest import NAME, RUN_ID
from probe.store import RunFolder, StoreError
from probe.system.names import PLAIN
from probe.targets import read_catalogue


@pytest.mark.parametrize(
    "name",
    [
        "con",
        "AUX.toml",
        "nul.tar.gz",
        "com1",
        "LPT9.txt",
        "x.",
        ".x",
        "",
        "a b",
        "a:b",
        "a/b",
        "é",
        "x" * 101,
    ],
)
def test_a_name_that_windows_takes_for_something_else_is_none(name: str, tmp_path: Path) -> None:
    assert not re.fullmatch(PLAIN, name)
    assert not RUN_ID.fullmatch(name)
    with pytest.raises(StoreError, match="cannot name a run"):
        RunFolder.create(tmp_path, name)


@pytest.mark.parametrize(
    "name", ["console", "aux_1", "nul-", "com", "com10", "x.con", "20261121T000000Z-AS0-abcd", "x" * 100, "-"]
)
def test_a_name_that_only_looks_like_one_is_good(name: str) -> None:
    assert re.fullmatch(PLAIN, name)
    assert NAME.fullmatch(f"data/inputs/{name}")
    assert not NAME.fullmatch(f"data/aux/{name}")


def test_a_hostile_name_is_read_in_no_time() -> None:
    assert not NAME.fullmatch("/".join(["a." * 50] * 6))


def test_every_file_of_the_catalogue_can_be_copied_to_windows() -> None:
    assert read_catalogue().services
    shipped = Path(__file__).parents[2] / "targets"
    names = [part for path in shipped.rglob("*") for part in path.relative_to(shipped).parts]
    assert names
    assert [name for name in names if not re.fullmatch(PLAIN, name)] == []
