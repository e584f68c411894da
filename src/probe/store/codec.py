"""Records to bytes and back: JSON in the order of the fields, checked while it is parsed, bounded."""

import re
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from probe.model.measurement import Measurement
from probe.model.verdict import Verdict
from probe.store.error import StoreError
from probe.system.disk import open_plain

LONGEST_LINE: Final = 4 * 1024 * 1024
"""Bytes of a measurement with its line feed; a page of 16 KiB at each of 22 hops is a tenth of it."""
LARGEST_TARGET: Final = 32 * 1024 * 1024
"""Bytes of one target's measurements, which are judged together; decoded they take seven times that."""
LARGEST_FILE: Final = 64 * 1024 * 1024

_YEARS: Final = range(1900, 3000)
"""Wide enough for any wrong clock; a run's seconds before or after them are still a date."""
_BYTE: Final = re.compile(r"\(byte (\d+)\)\Z")
_KEY: Final = re.compile(r"at `\$\.(\w+)")
"""msgspec names the place as `$.key`; of arrays it says only `[...]`."""

T = TypeVar("T")

_measurement = msgspec.json.Decoder(Measurement)
_verdict = msgspec.json.Decoder(Verdict)


def encode(record: object) -> bytes:
    """Return a record as one line of JSON without line feed; the same record gives the same bytes.

    Raises ValueError for what could not be read again: a number that is not finite, a lone surrogate,
    more bytes than `LONGEST_LINE`.
    """
    try:
        line = msgspec.json.encode(record)
        again = msgspec.json.decode(line, type=type(record))
    except (msgspec.MsgspecError, UnicodeEncodeError) as error:
        raise ValueError(f"cannot be written so that it can be read again: {error}") from error
    if again != record:
        raise ValueError("a value changes when it is written and read again")
    if len(line) >= LONGEST_LINE:
        raise ValueError(f"longer than {LONGEST_LINE} bytes")
    return line


def decode(line: bytes) -> Measurement:
    """Return the measurement of one line. Raises ValueError with the place inside the line."""
    if len(line) > LONGEST_LINE:
        raise ValueError(f"longer than {LONGEST_LINE} bytes")
    measurement = _parse(_measurement, line)
    if measurement.measurement_start_time.year not in _YEARS:
        raise ValueError("a year in which nobody measures - at `$.measurement_start_time`")
    return measurement


def decode_verdict(line: bytes) -> Verdict:
    """Return the verdict of one line. Raises ValueError with the place inside the line."""
    if len(line) > LONGEST_LINE:
        raise ValueError(f"longer than {LONGEST_LINE} bytes")
    return _parse(_verdict, line)


def _parse(decoder: msgspec.json.Decoder[T], line: bytes) -> T:
    try:
        return decoder.decode(line)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from None


def document(record: object) -> bytes:
    """Return a record as indented JSON that ends with a line feed, for files that people open."""
    return msgspec.json.format(encode(record), indent=2) + b"\n"


def read_document(path: Path, kind: type[T], hint: str) -> T:
    """Read a JSON file as a record. Raises StoreError with the line."""
    return parse_document(read_bounded(path, hint), path, kind, hint)


def parse_document(content: bytes, path: Path, kind: type[T], hint: str) -> T:
    """Decode the content of a JSON file; `path` is what errors name. Raises StoreError with the line."""
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise StoreError(
            path, _line_of(content, str(error)), f"not what is expected: {error}", hint
        ) from None


def read_bounded(path: Path, hint: str) -> bytes:
    """Return the bytes of a file of at most `LARGEST_FILE`. Raises StoreError."""
    try:
        with open_plain(path) as handle:
            content = handle.read(LARGEST_FILE + 1)
    except OSError as error:
        raise StoreError(path, 0, f"cannot be read: {error.strerror}", hint) from None
    if len(content) > LARGEST_FILE:
        raise StoreError(path, 0, f"larger than {LARGEST_FILE} bytes", hint)
    return content


def _line_of(content: bytes, message: str) -> int:
    """Find the line that a parser's message speaks of: by byte for malformed JSON, else by the key named."""
    if byte := _BYTE.search(message):
        return content.count(b"\n", 0, int(byte[1])) + 1
    if (key := _KEY.search(message)) and (position := content.find(f'"{key[1]}"'.encode())) >= 0:
        return content.count(b"\n", 0, position) + 1
    return 0
