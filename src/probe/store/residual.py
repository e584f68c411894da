"""What may still name the volunteer in a run that is to be sealed: looked for once more, never shown.

A line that redaction would change today was written by an older version, or on a machine whose names were not
known then. Nothing is edited: the run is not sealed, and the place is told.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from probe.store import codec, journal
from probe.store.redact import Scope, certificates_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from pathlib import Path

    from probe.store.redact import Redactor

_MASK: Final = re.compile(r"\[([a-z0-9]{2,10})\]")
_CATEGORIES: Final = {"host": "name", "user": "name", "home": "name", "own": "name"}
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_AROUND: Final = 30
"""Characters of the masked text shown on either side."""


class Residue(Struct, frozen=True, kw_only=True):
    """One place. The excerpt is what redaction would make of it: the value itself is not in it."""

    file: str
    line: int
    """0 where the file has no lines."""
    category: str
    excerpt: str


class Beside(Struct, frozen=True, kw_only=True):
    """A text that is no measurement's, and what may pass in it."""

    file: str
    line: int
    text: str
    allowed: Collection[str] = frozenset()
    words: Collection[str] = frozenset()


class _Seen(Struct, frozen=True, kw_only=True):
    """What the journal says of blobs, and under what each may pass; and all addresses that are evidence."""

    certificates: dict[str, Scope]
    pages: dict[str, Scope]
    addresses: set[str]


def residues(
    run: Path, redactor: Redactor, texts: Callable[[Collection[str]], Iterable[Beside]] = lambda _: ()
) -> Iterator[Residue]:
    """Yield every place in the journal and the blobs of a run, and in `texts`, that redaction would change.

    `redactor` knows this machine's names and the addresses of the run's catalogue and controls. `texts` is
    given the addresses that are evidence anywhere in the run. Raises StoreError for what cannot be read.
    """
    seen = _Seen(certificates={}, pages={}, addresses=set())
    yield from _in_journal(run / "measurements.jsonl", redactor, seen)
    yield from _in_blobs(run / "blobs", redactor, seen)
    for beside in texts(seen.addresses):
        if _is_hash(beside.text):
            continue
        masked = redactor.masked(beside.text, redactor.scope(beside.allowed, beside.words))
        if masked != beside.text:
            yield _residue(beside.file, beside.line, beside.text, masked)


def _is_hash(text: str) -> bool:
    """Say whether it is a SHA-256: in one of a hundred stand eleven digits that would be a telephone's."""
    return _SHA256.fullmatch(text) is not None and not bytes.fromhex(text).isascii()


def _in_journal(path: Path, redactor: Redactor, seen: _Seen) -> Iterator[Residue]:
    for number, (measurement, line) in enumerate(journal.read_with_lines(path), 1):
        scope = redactor.scope_of(measurement)
        seen.addresses.update(scope.allowed)
        for each in certificates_of(measurement):
            _widen(seen.certificates, each.sha256, scope)
        for request in measurement.requests:
            if request.body_sha256:
                _widen(seen.pages, request.body_sha256, scope)
        tree: dict[str, Any] = msgspec.json.decode(line)
        tree.pop("prev_sha256")
        clean = redactor.tree(tree, scope)
        if clean != tree:
            before, after = _first_difference(tree, clean)
            yield _residue(path.name, number, before, after)


def _widen(scopes: dict[str, Scope], sha256: str, scope: Scope) -> None:
    """Let what one measurement lets pass in a blob pass in it."""
    known = scopes.setdefault(sha256, scope)
    allowed, words = frozenset(known.allowed), frozenset(known.words)
    if not (allowed.issuperset(scope.allowed) and words.issuperset(scope.words)):
        scopes[sha256] = Scope(allowed.union(scope.allowed), words.union(scope.words))


def _in_blobs(folder: Path, redactor: Redactor, seen: _Seen) -> Iterator[Residue]:
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        content = codec.read_bounded(path, "Move it elsewhere, then seal again.")
        if path.name in seen.certificates:
            clean = redactor.certificate(content, seen.certificates[path.name])
        else:
            clean = redactor.content(content, seen.pages.get(path.name, redactor.scope((), ())))
        if clean != content:
            yield _residue(f"blobs/{path.name}", 0, content.decode("latin-1"), clean.decode("latin-1"))


def _first_difference(before: Any, after: Any) -> tuple[str, str]:
    """Return the first text that differs, as it is and as it should be."""
    if isinstance(before, dict):
        return _first_difference(
            *next((before[key], after[key]) for key in before if before[key] != after[key])
        )
    if isinstance(before, list) and len(before) == len(after):
        pairs = zip(before, after, strict=True)
        return _first_difference(*next(pair for pair in pairs if pair[0] != pair[1]))
    return str(before), str(after)


def _residue(file: str, line: int, before: str, after: str) -> Residue:
    pairs = zip(before, after, strict=False)
    at = next((n for n, pair in enumerate(pairs) if pair[0] != pair[1]), min(len(before), len(after)))
    mask = _MASK.search(after, max(0, at - 10))
    word = mask[1] if mask else "resolver" if after == "system" else "own"
    return Residue(
        file=file,
        line=line,
        category=_CATEGORIES.get(word, word),
        excerpt=after[max(0, at - _AROUND) : at + _AROUND],
    )


def texts_of(value: Any) -> Iterator[str]:
    """Yield every text of a decoded JSON value; keys are ours."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts_of(each)
