"""A catalogue folder that tests may break, and a service that is sound."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from probe.targets import CatalogueError

REPOSITORY = Path(__file__).parents[2]
SERVICE = """\
id = "sample"
title = "Sample"
rule = "any"
risk = "low"
default = true
category = "NEWS"
dated = 2026-08-22
source = "a test"

[[endpoint]]
id = "web"
input = "https://sample.example/"
experiment = "web"
"""


def copy_of_the_catalogue(folder: Path) -> Path:
    """Copy the shipped neutrals, network checks, resolvers, ranges and authorities, but no service."""
    copy = folder / "targets"
    shutil.copytree(
        REPOSITORY / "targets", copy, ignore=lambda _, names: [n for n in names if n in services()]
    )
    return copy


def services() -> set[str]:
    special = {"neutral.toml", "network.toml", "resolvers.toml", "registry.toml"}
    return {path.name for path in (REPOSITORY / "targets").glob("*.toml")} - special


@contextmanager
def refused(name: str, line: int, problem: str, hint: str = "") -> Iterator[None]:
    with pytest.raises(CatalogueError) as caught:
        yield
    assert Path(caught.value.file).name == name
    assert caught.value.line == line
    assert problem in caught.value.problem
    assert hint in caught.value.hint
    assert caught.value.hint


def in_file(name: str, change: Callable[[str], str]) -> Callable[[Path], None]:
    """Return a function that changes one file of a folder."""

    def apply(folder: Path) -> None:
        path = folder / name
        path.write_text(change(path.read_text()))

    return apply
