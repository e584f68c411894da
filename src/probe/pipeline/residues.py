"""What the residual scan is told of a run: what may pass in it, and the texts beside the journal."""

from __future__ import annotations

import re
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

import msgspec

from probe.judge.fingerprints import notice_addresses
from probe.measure.dial import RealNetwork
from probe.pipeline.inputs import read_inputs
from probe.pipeline.selftest import FILE as SELF_TEST
from probe.store import OwnValues, Redactor, codec
from probe.store.own import canonical
from probe.store.redact_fields import names_of
from probe.store.residual import Beside, Residue, residues, texts_of
from probe.targets import CatalogueError, catalogue_folder
from probe.targets.toml_file import parsed, read_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from probe.model.options import RunRecord
    from probe.model.verdict import Verdict
    from probe.pipeline.inputs import Inputs
    from probe.store import RunFolder

_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")
"""Seconds and bytes of ours: what was measured, and may be a telephone, is looked at in the journal."""
MOST: Final = 100
"""Places that are told; one is enough to refuse."""
_ADDRESS: Final = re.compile(r"[0-9A-Fa-f.:]{3,45}")
_SENTENCE: Final = re.compile(r"[\s@]")
"""What no domain, address, path or number of a catalogue holds."""
_SERIAL: Final = re.compile(r"(?<!\d)20[2-4]\d[01]\d[0-3]\d\d\d(?!\d)")
"""Of a zone: the date, and a counter."""
CATALOGUE: Final = "catalogue"
HINT: Final = "Move it elsewhere, then seal again."
LEFTOVER: Final = ".tmp-"
"""In the name of what a crash left: it is not sealed."""


def residues_of(folder: RunFolder) -> tuple[Residue, ...]:
    """Return the first places of a run that may name the volunteer. Raises StoreError."""
    record, inputs = folder.read_run(), read_inputs(folder)
    own = OwnValues.of_this_machine(resolvers=RealNetwork().system_resolvers())
    redactor = Redactor(own, allowed=_allowed(folder.path, record, inputs))
    found = residues(folder.path, redactor, partial(_texts, folder, record, inputs))
    return tuple(islice(found, MOST))


def _allowed(run: Path, record: RunRecord, inputs: Inputs) -> frozenset[str]:
    """Return every address that the catalogue, as the run read it, its lists and its controls name.

    In a field of its own, or behind its name in a zone's list of servers: one in a sentence or in a comment
    may be anybody's.
    """
    named = msgspec.to_builtins((inputs.services, inputs.controls, record.options))
    texts = chain(texts_of(named), _entries(run), _servers(inputs))
    return frozenset(chain(notice_addresses(), *(_addresses(text) for text in texts if " " not in text)))


def _servers(inputs: Inputs) -> Iterator[str]:
    """Yield the addresses of the lists `name address` that zones and tunnels come with."""
    for target in (target for service in inputs.services for target in service.targets):
        for pair in (*target.roots, *target.servers):
            yield pair.rpartition(" ")[2]


def _entries(run: Path) -> Iterator[str]:
    """Yield what a run's catalogue lists: each value, and each line of its ranges."""
    catalogue = run / "inputs" / CATALOGUE
    for file in sorted(catalogue.glob("*.toml")):
        yield from texts_of(_table(file))
    for file in sorted(catalogue.glob("ranges/*.txt")):
        yield from codec.read_bounded(file, HINT).decode("utf-8", "replace").splitlines()


def _table(file: Path) -> object:
    try:
        return parsed(str(file), read_text(file)[1])
    except CatalogueError:  # reading it as a catalogue tells what is wrong
        return {}


def _addresses(text: str) -> set[str]:
    words = (canonical(word) or canonical(word.rpartition(":")[0]) for word in _ADDRESS.findall(text))
    return {word for word in words if word}


def _texts(
    folder: RunFolder, record: RunRecord, inputs: Inputs, measured: Collection[str]
) -> Iterator[Beside]:
    """Yield the texts that are no measurement's; a verdict may speak of any address that was measured."""
    for text in texts_of(msgspec.to_builtins(record)):
        yield Beside(file="run.json", line=0, text=text)
    words = _words(folder.path, inputs)
    for path in _beside(folder.path):
        name = path.relative_to(folder.path).as_posix()
        public = _shipped(name)
        for line, text in _lines(path):
            if text not in public:
                yield Beside(file=name, line=line, text=text, words=words)
    for line, verdict in enumerate(folder.read_verdicts(), 1):
        words = names_of(verdict.input)
        for text in _said(verdict):
            yield Beside(file="verdicts.jsonl", line=line, text=text, allowed=measured, words=words)


def _words(run: Path, inputs: Inputs) -> frozenset[str]:
    """Return what catalogue and lists name, and dated serial numbers in what they say."""
    targets = (target for service in inputs.services for target in service.targets)
    listed = chain(
        *(texts_of({**msgspec.to_builtins(target), "source": ""}) for target in targets),
        texts_of(msgspec.to_builtins(inputs.controls)),
        _entries(run),
    )
    found: set[str] = set()
    for text in listed:
        found |= set(_SERIAL.findall(text)) if _SENTENCE.search(text) else names_of(text)
    return frozenset(found)


def _shipped(name: str) -> frozenset[str]:
    """Return the lines of a file of the catalogue as it is shipped: they name nobody."""
    path = catalogue_folder() / name.removeprefix(f"inputs/{CATALOGUE}/")
    is_one = name.startswith(f"inputs/{CATALOGUE}/") and path.is_file()
    return frozenset(path.read_text("utf-8").splitlines() if is_one else ())


def _beside(run: Path) -> Iterator[Path]:
    """Yield what lies beside the journal and is not made of the verdicts."""
    yield from (path for path in (run / SELF_TEST,) if path.is_file())
    inputs = sorted((run / "inputs").rglob("*"))
    yield from (path for path in inputs if path.is_file() and LEFTOVER not in path.name)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the texts of a file with their lines: of JSON what it says, else what stands there."""
    for number, line in enumerate(codec.read_bounded(path, HINT).decode("utf-8", "replace").split("\n"), 1):
        if path.suffix == ".jsonl" and line:
            yield from ((number, text) for text in _json(line.encode(), line))
        elif path.suffix != ".json":
            yield number, line
    if path.suffix == ".json":
        content = codec.read_bounded(path, HINT)
        yield from ((0, text) for text in _json(content, content.decode("utf-8", "replace")))


def _json(content: bytes, plain: str) -> Iterator[str]:
    try:
        yield from texts_of(msgspec.json.decode(content))
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        yield plain


def _said(verdict: Verdict) -> Iterable[str]:
    apart = (value for note in verdict.notes_apart for _name, value in note.params)
    said = (verdict.failure or "", *(value for _name, value in verdict.params), *apart)
    return (text for text in said if not _NUMBER.fullmatch(text))
