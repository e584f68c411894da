"""What the residual scan is told of a run: what may pass in it, and the texts beside the journal."""

from __future__ import annotations

import re
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

import msgspec

from probe.judge.fingerprints import notice_addresses
from probe.measure.dial import RealNetwork
from probe.pipeline.inputs import SERVICES, read_inputs
from probe.store import OwnValues, Redactor, codec
from probe.store.own import canonical
from probe.store.redact_fields import names_of
from probe.store.residual import Beside, Residue, residues, texts_of

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
TYPED: Final = frozenset({"list", "url", "file", "vpn"})
"""Services whose targets the user named: their source may be a file that is called after him."""
CATALOGUE: Final = "catalogue"


def residues_of(folder: RunFolder) -> tuple[Residue, ...]:
    """Return the first places of a run that may name the volunteer. Raises StoreError."""
    record, inputs = folder.read_run(), read_inputs(folder)
    own = OwnValues.of_this_machine(resolvers=RealNetwork().system_resolvers())
    redactor = Redactor(own, allowed=_allowed(folder.path, record, inputs))
    found = residues(folder.path, redactor, partial(_texts, folder, record, inputs))
    return tuple(islice(found, MOST))


def _allowed(run: Path, record: RunRecord, inputs: Inputs) -> frozenset[str]:
    """Return every address that the catalogue, as the run read it, its lists and its controls name."""
    named = msgspec.to_builtins((inputs.services, inputs.controls, record.options))
    hint = "Move it elsewhere, then seal again."
    files = (run / "inputs" / CATALOGUE).glob("*.toml")
    catalogue = (codec.read_bounded(file, hint).decode("utf-8", "replace") for file in sorted(files))
    return frozenset(chain(notice_addresses(), *map(_addresses, (*texts_of(named), *catalogue))))


def _addresses(text: str) -> set[str]:
    words = (canonical(word) or canonical(word.rpartition(":")[0]) for word in _ADDRESS.findall(text))
    return {word for word in words if word}


def _texts(
    folder: RunFolder, record: RunRecord, inputs: Inputs, measured: Collection[str]
) -> Iterator[Beside]:
    """Yield the texts that are no measurement's; a verdict may speak of any address that was measured."""
    vantage = (record.vantage.probe_network_name, record.vantage.software, *record.vantage.bypass)
    for text in (*record.errors, *vantage, *texts_of(msgspec.to_builtins(record.options))):
        yield Beside(file="run.json", line=0, text=text)
    for line, service in enumerate(inputs.services, 1):
        for target in service.targets:
            if service.service in TYPED:
                yield Beside(file=f"inputs/{SERVICES}", line=line, text=target.source)
    for line, verdict in enumerate(folder.read_verdicts(), 1):
        words = names_of(verdict.input)
        for text in _said(verdict):
            yield Beside(file="verdicts.jsonl", line=line, text=text, allowed=measured, words=words)


def _said(verdict: Verdict) -> Iterable[str]:
    apart = (value for note in verdict.notes_apart for _name, value in note.params)
    said = (verdict.failure or "", *(value for _name, value in verdict.params), *apart)
    return (text for text in said if not _NUMBER.fullmatch(text))
