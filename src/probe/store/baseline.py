"""Baseline files: how targets looked from another network or at another time, one target a line."""

import ipaddress
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from probe.model.baseline import Baseline, TargetBaseline
from probe.store import codec
from probe.store.error import StoreError
from probe.system.disk import write_whole

SCHEMA_VERSION: Final = "1"
MOST_TARGETS: Final = 200_000
_HINT: Final = "Record it again: probe baseline record all -o FILE"


def write_baseline(path: Path, baseline: Baseline) -> None:
    """Write a baseline, readable by its owner alone; the same baseline gives the same bytes."""
    write_whole(path, encode_baseline(baseline))


def encode_baseline(baseline: Baseline) -> bytes:
    """Return the bytes of a baseline file: a key a line, then a target a line."""
    codec.encode(baseline)  # raises ValueError for what could not be read again
    fields: dict[str, object] = msgspec.to_builtins(baseline)
    fields.pop("targets")
    head = "".join(
        f"{msgspec.json.encode(k).decode()}:{msgspec.json.encode(v).decode()},\n" for k, v in fields.items()
    )
    rows = ",\n".join(msgspec.json.encode(target).decode() for target in baseline.targets)
    return f'{{\n{head}"targets":[\n{rows}\n]}}\n'.encode()


def read_baseline(path: Path) -> Baseline:
    """Read and check a baseline. Raises StoreError with file and line."""
    return decode_baseline(codec.read_bounded(path, _HINT), path)


def decode_baseline(content: bytes, path: Path) -> Baseline:
    """Check the content of a baseline file; `path` is what errors name. Raises StoreError."""
    for line, target in _targets(path, content):
        if problem := _problem(target):
            raise StoreError(path, line, problem, _HINT)
    baseline = codec.parse_document(content, path, Baseline, _HINT)
    if baseline.schema_version != SCHEMA_VERSION:
        problem = (
            f"written for schema {baseline.schema_version[:20]!r}, this program reads {SCHEMA_VERSION!r}"
        )
        raise StoreError(path, 0, problem, _HINT)
    if baseline.recorded_utc.tzinfo is None:
        raise StoreError(path, 0, "recorded_utc has no time zone", "Add a Z to it.")
    return baseline


class _Rows(msgspec.Struct):
    targets: list[msgspec.Raw] = []


def _targets(path: Path, content: bytes) -> Iterator[tuple[int, TargetBaseline]]:
    """Yield each target with the line it begins on. Raises StoreError."""
    try:
        rows = msgspec.json.decode(content, type=_Rows).targets
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return  # reading the whole says what is wrong, and where
    if len(rows) > MOST_TARGETS:
        raise StoreError(path, 0, f"more than {MOST_TARGETS} targets", "Split the list it was recorded from.")
    seen: set[str] = set()
    position = 0
    line = 1
    for row in rows:
        begin = content.index(row, position)
        line += content.count(b"\n", position, begin)
        position = begin
        try:
            target = msgspec.json.decode(row, type=TargetBaseline)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            raise StoreError(path, line, f"not what is expected: {error}", _HINT) from None
        if target.target_id in seen:
            raise StoreError(
                path, line, f"duplicate target {target.target_id[:100]!r}", "Delete one of them."
            )
        seen.add(target.target_id)
        yield line, target


def _problem(target: TargetBaseline) -> str:
    """Say what cannot be in a target that has the right types; empty when nothing."""
    if not 0 <= target.n_ok <= target.n:
        return f"{target.n_ok} of {target.n} tries cannot have succeeded"
    bad = [address for address in target.addresses if not _is_address(address)]
    return f"{bad[0][:60]!r} is no address" if bad else ""


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
