"""JSON documents changed value by value: of changed bytes alone, most would be no JSON any more."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_ODD: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, 1, -1, 255, 65535, 65536, 2**31, 2**32, 2**53, 2**63 - 1, 2**63, 2**64, 10**30),
    *(0.0, -0.0, 0.1, -1.5, 1e-320, 1e15, 1e300, -1e300, 4102444800.0),
    *("", "x", "0", "-1", "\x00", "\u202e", "\ud800", "Ж", "a" * 300, "1.2.3.4", "1.2.3.4:443", "::1"),
    *("[::1]:443", "fe80::1%eth0", "https://a.example/", "http://[", "AS64500", "2026-02-30T00:00:00Z"),
    *("9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00Z", "2026-11-22T00:00:00", "2026-11-22T10:00:00Z"),
    *("generic_timeout_error", "connection_reset", "unknown_failure: x", "{}", "%s", "zone://ru", "../x"),
    *([], {}, [[]], [None], {"": None}, [0] * 70),
)
MOST_GROWN: Final = 300
"""Values of a document that may still get copies of its parts: each copies what was copied before."""
_PLAIN: Final = 0.3
"""Share of inputs that are changed as bytes all the same."""


def changed(
    data: bytes, max_size: int, seed: int, *, head: int, plain: Callable[[bytes, int], bytes]
) -> bytes:
    """Return a changed input of at most `max_size` bytes; `plain` changes bytes."""
    chance = Random(seed)  # nothing here is a secret
    if chance.random() < _PLAIN:
        return plain(data, max_size)
    try:
        tree = json.loads(data[head:])
        for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
            tree = _one_change(tree, chance)
        made = json.dumps(tree, separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        return plain(data, max_size)
    return data[:head] + made if len(made) + head <= max_size else plain(data, max_size)


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """Return container and key of every value."""
    found: list[tuple[Any, Any]] = []
    open_ = [tree]
    while open_ and len(found) < 4000:
        here = open_.pop()
        pairs = here.items() if isinstance(here, dict) else enumerate(here) if isinstance(here, list) else ()
        for key, value in pairs:
            found.append((here, key))
            if isinstance(value, dict | list):
                open_.append(value)
    return found


def _one_change(tree: Any, chance: Random) -> Any:
    places = _places(tree)
    if not places:
        return _odd(chance)
    container, key = chance.choice(places)
    what = chance.randrange(10)
    if what < 5:
        container[key] = _odd(chance)
    elif what == 5:
        del container[key]
    elif what == 6 and len(places) < MOST_GROWN:
        other, there = chance.choice(places)
        if isinstance(other, dict | list) and (
            there in other if isinstance(other, dict) else there < len(other)
        ):
            container[key] = json.loads(json.dumps(other[there]))
    elif what == 7:
        container[key] = _nudged(container[key], chance)
    elif what == 8 and isinstance(container, list) and len(places) < MOST_GROWN:
        container.extend(json.loads(json.dumps(container[key])) for _ in range(chance.choice((1, 2, 20))))
    elif isinstance(container, dict):
        container[chance.choice(("", "x", "\x00", str(key) + "x"))] = container.pop(key)
    return tree


def _odd(chance: Random) -> Any:
    """Return an odd value of its own: what is changed afterwards must not be what the next input gets."""
    return json.loads(json.dumps(chance.choice(_ODD)))


def _nudged(value: Any, chance: Random) -> Any:
    """Return a number that is another, a text with a sign more or less, anything else in a list."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + chance.choice((-1, 1, -256, 2**16, 2**40))
    if isinstance(value, float):
        return value * chance.choice((-1.0, 0.5, 1e3, 1e9)) + chance.choice((0.0, 1.0))
    if isinstance(value, str):
        at = chance.randrange(len(value) + 1)
        return value[:at] + chance.choice(("", "\x00", ".", ":", "/", "%", " ", "0", "Ж")) + value[at + 1 :]
    return [value]
