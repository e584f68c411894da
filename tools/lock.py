"""What a lock pins, as `make lock` writes it, and what the extras of pyproject.toml bring beside the core."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tools.source import ROOT, ToolError

NAME: Final = "interference-probe"
CORE: Final = ROOT / "requirements" / "core.lock"
EVERY: Final = ROOT / "requirements" / "dev.lock"
"""The lock that the tests run with: the libraries of every extra are among its own."""
PROJECT: Final = ROOT / "pyproject.toml"
_PINNED: Final = re.compile(r"(?P<name>[a-z0-9][a-z0-9-]*)==(?P<version>[^\s;]+)(?: ; (?P<marker>.*))?")
_HASH: Final = re.compile(r"--hash=sha256:(?P<hex>[0-9a-f]{64})")
_NEEDED_BY: Final = re.compile(r"# +(?:via +)?(?P<name>[a-z0-9][a-z0-9-]*|-[cr] \S+)(?: \(.*\))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """A library in a lock: its files' hashes, who needs it, and on which machines."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]
    needed_by: tuple[str, ...]
    extras: tuple[str, ...] = ()
    """Which extras bring it; none of what the core needs."""


def read_lock(text: str) -> tuple[Pinned, ...]:
    """Return what a lock pins, as `uv pip compile --generate-hashes` writes it.

    Raises ToolError with the number of a line that is none of such a lock, or of a library without a hash.
    """
    return tuple(_libraries(text))


def _libraries(text: str) -> Iterator[Pinned]:
    at, head, hashes, needed_by = 0, None, list[str](), list[str]()
    for number, whole in enumerate((*text.splitlines(), ""), 1):
        line = whole.strip().removesuffix("\\").strip()
        found = _PINNED.fullmatch(line) if whole == whole.lstrip() else None
        if found or not line:
            if head:
                yield _library(head, hashes, needed_by, at)
            at, head, hashes, needed_by = number, found, [], []
        elif head and (one := _HASH.fullmatch(line)):
            hashes.append(one["hex"])
        elif head and (one := _NEEDED_BY.fullmatch(line)):
            needed_by += [one["name"]] if one["name"] != "via" else []
        elif not (head and line == "# via"):
            raise ToolError(f"line {number} of the lock is not as `make lock` writes it: {line[:80]}")


def _library(head: re.Match[str], hashes: list[str], needed_by: list[str], line: int) -> Pinned:
    if not hashes:
        raise ToolError(f"line {line} of the lock pins {head['name']} without a hash: make lock")
    return Pinned(
        name=head["name"],
        version=head["version"],
        marker=head["marker"] or "",
        hashes=tuple(hashes),
        needed_by=tuple(needed_by),
    )


def read_extras(project: str) -> Mapping[str, frozenset[str]]:
    """Return the libraries that each extra names, out of the text of a pyproject.toml.

    An extra that only gathers others (`all`) is left out.
    """
    told = tomllib.loads(project)["project"]["optional-dependencies"]
    named = {extra: {canonicalize_name(Requirement(one).name) for one in told[extra]} for extra in told}
    return {extra: frozenset(names) for extra, names in sorted(named.items()) if NAME not in names}


def with_extras(
    core: Iterable[Pinned], every: Iterable[Pinned], extras: Mapping[str, frozenset[str]]
) -> tuple[Pinned, ...]:
    """Return the core's libraries and those that only extras bring, by name; `every` is a lock with both.

    Raises ToolError where that lock lacks one, or pins one of the core in another version.
    """
    here = {(one.name, one.version): one for one in every}
    mine = {(one.name, one.version): one for one in core}
    if other := sorted(f"{name} {version}" for name, version in mine.keys() - here.keys()):
        raise ToolError(f"Not in both locks: {', '.join(other)}: make lock")
    if absent := sorted(frozenset().union(*extras.values()) - {name for name, _version in here}):
        raise ToolError(f"No lock pins what an extra needs: {', '.join(absent)}: make lock")
    brought = {extra: _closure(direct, here.values()) for extra, direct in extras.items()}
    core_names = {name for name, _version in mine}
    known = core_names.union(*brought.values())
    first = frozenset().union(*extras.values())
    found = []
    for key, one in sorted(here.items()):
        by = tuple(extra for extra, names in brought.items() if one.name in names)
        if key in mine:  # its place is the core's; an extra may need it too
            also = [name for name in one.needed_by if name in known - core_names]
            found.append(replace(mine[key], needed_by=tuple(sorted({*mine[key].needed_by, *also}))))
        elif by:
            needs = known | ({NAME} if one.name in first else frozenset())
            found.append(replace(one, needed_by=tuple(n for n in one.needed_by if n in needs), extras=by))
    return tuple(found)


def _closure(direct: Iterable[str], pinned: Iterable[Pinned]) -> frozenset[str]:
    """Return the names of these libraries and of all that they need, and these need in turn."""
    pinned, found = tuple(pinned), set[str]()
    new = set(direct)
    while new:
        found |= new
        new = {one.name for one in pinned if not found.isdisjoint(one.needed_by)} - found
    return frozenset(found)
