"""Records are sound: no default is a recipe for one, and none changes unless it says so."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from collections.abc import Iterator

import msgspec
import pytest

import probe

PLATFORM_OR_MAIN = ("__main__",)


def records() -> Iterator[type[msgspec.Struct]]:
    """Yield every record of the program."""
    for module in pkgutil.walk_packages(probe.__path__, "probe."):
        if not module.name.endswith(PLATFORM_OR_MAIN):
            importlib.import_module(module.name)
    todo = list(msgspec.Struct.__subclasses__())
    while todo:
        kind = todo.pop()
        todo += kind.__subclasses__()
        if kind.__module__.startswith("probe."):
            yield kind


def test_no_record_has_a_recipe_of_dataclasses_for_a_default() -> None:
    kinds = list(records())
    assert len(kinds) > 250
    wrong = [
        f"{kind.__module__}.{kind.__name__}"
        for kind in kinds
        if any(isinstance(default, dataclasses.Field) for default in kind.__struct_defaults__)
    ]
    assert wrong == []


def test_a_frozen_record_cannot_be_changed() -> None:
    class Kept(msgspec.Struct, frozen=True):
        n: int = 1

    with pytest.raises(AttributeError):
        Kept().n = 2  # type: ignore[misc]  # what is tried
