"""Records are sound: no default is a recipe for one, and none that is left uncollected makes a circle."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType

import msgspec

import probe
from probe.pipeline import Prepared


def modules() -> Iterator[ModuleType]:
    """Yield every module of the program, loaded."""
    for module in pkgutil.walk_packages(probe.__path__, "probe."):
        if not module.name.endswith("__main__"):
            yield importlib.import_module(module.name)


def records() -> Iterator[type[msgspec.Struct]]:
    """Yield every record of the program."""
    list(modules())
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


def test_no_dataclass_has_a_recipe_of_records_for_a_default() -> None:
    kinds = {kind for m in modules() for kind in vars(m).values() if dataclasses.is_dataclass(kind)}
    recipe = type(msgspec.field(default=1))
    wrong = [kind for kind in kinds for f in dataclasses.fields(kind) if isinstance(f.default, recipe)]
    assert len(kinds) > 5
    assert wrong == []


def test_what_is_left_out_of_garbage_collection_can_make_no_circle() -> None:
    kinds = [kind for kind in records() if not kind.__struct_config__.gc]
    assert len(kinds) > 40
    assert [kind.__name__ for kind in kinds if not kind.__struct_config__.frozen] == []
    open_ended = re.compile(r"\b(list|dict|set|Any|object|Callable)\b")
    held = {
        f"{kind.__name__}: {told}"
        for kind in kinds
        for told in kind.__annotations__.values()
        if kind.__module__.startswith("probe.model")
    }  # others are read, and dropped at once
    assert sorted(one for one in held if open_ended.search(one)) == []


def test_what_a_run_is_prepared_with_shows_no_keys() -> None:
    shown = {field.name: field.repr for field in dataclasses.fields(Prepared)}
    assert [name for name in shown if not shown[name]] == ["keys"]
