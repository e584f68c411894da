"""A file of OONI measurements, read by the line: bounded, strict in type, lenient in what is there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec

from probe.model.bounds import Whole  # noqa: TC001 - the decoder looks it up
from probe.store.error import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONGEST_LINE: Final = 16 * 1024 * 1024
"""Bytes; OONI keeps half a megabyte of each page and follows ten redirects."""
MOST_LINES: Final = 200_000
MOST_ENTRIES: Final = 2_000
"""Observations of one kind in a record; web connectivity has dozens."""
TIMES: Final = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ")
YEARS: Final = range(2012, 2100)
HINT: Final = "Give OONI measurements as JSON Lines, one measurement a line, uncompressed."

Failure = str | bool | None
"""Old records say false for none."""


class Binary(msgspec.Struct, frozen=True, gc=False):
    """Bytes that are no text: df-001's BinaryData."""

    data: str = ""
    format: str = ""


class Answer(msgspec.Struct, frozen=True, gc=False):
    """One record of a DNS answer."""

    answer_type: str = ""
    ipv4: str | None = None
    ipv6: str | None = None
    hostname: str | None = None


class LateReply(msgspec.Struct, frozen=True, gc=False):
    """What came after the first reply."""

    answers: list[Answer] | None = None
    failure: Failure = None
    t: float = 0.0


class Query(msgspec.Struct, frozen=True, gc=False):
    """df-002."""

    hostname: str = ""
    query_type: str = ""
    answers: list[Answer] | None = None
    engine: str | None = None
    failure: Failure = None
    resolver_address: str | None = None
    rcode: Whole | None = None
    t0: float | None = None
    t: float | None = None
    tags: list[str] | None = None
    x_dns_late_replies: list[LateReply] | None = None


class Status(msgspec.Struct, frozen=True, gc=False):
    """How a connect ended."""

    failure: Failure = None
    success: bool | None = None


class Connect(msgspec.Struct, frozen=True, gc=False):
    """df-005."""

    ip: str = ""
    port: Whole = 0
    status: Status = Status()
    t0: float | None = None
    t: float | None = None
    tags: list[str] | None = None


class Handshake(msgspec.Struct, frozen=True, gc=False):
    """df-006, over TCP or QUIC."""

    address: str | None = None
    server_name: str | None = None
    failure: Failure = None
    no_tls_verify: bool | None = None
    peer_certificates: list[Binary | str] | None = None
    cipher_suite: str | None = None
    negotiated_protocol: str | None = None
    tls_version: str | None = None
    t0: float | None = None
    t: float | None = None
    tags: list[str] | None = None


class Request(msgspec.Struct, frozen=True, gc=False):
    """df-001: what was asked."""

    url: str = ""
    method: str | None = None


class Response(msgspec.Struct, frozen=True, gc=False):
    """df-001: what came back."""

    body: str | Binary | None = None
    body_is_truncated: bool | None = None
    code: Whole | None = None
    headers: dict[str, str | Binary] | None = None
    headers_list: list[tuple[str, str | Binary]] | None = None
    locations: list[str] | None = None


class Transaction(msgspec.Struct, frozen=True, gc=False):
    """df-001."""

    address: str | None = None
    alpn: str | None = None
    failure: Failure = None
    request: Request = Request()
    response: Response | None = None
    t0: float | None = None
    t: float | None = None
    tags: list[str] | None = None


class Lists(msgspec.Struct, frozen=True, gc=False):
    """The archival lists that all tests share."""

    queries: list[Query] | None = None
    tcp_connect: list[Connect] | None = None
    tls_handshakes: list[Handshake] | None = None
    quic_handshakes: list[Handshake] | None = None
    requests: list[Transaction] | None = None


class Keys(Lists, frozen=True, gc=False):
    """What a test kept; of the tests' own keys only those that hold observations."""

    control: msgspec.Raw = msgspec.Raw()
    control_failure: Failure = None
    bootstrap: Lists | None = None
    lookups: dict[str, Lists] | None = None


class Record(msgspec.Struct, frozen=True, gc=False):
    """One measurement. What else stands in it is not looked at."""

    measurement_start_time: str
    test_name: str
    test_keys: Keys
    probe_asn: str
    probe_cc: str
    annotations: dict[str, str | None] | None = None
    input: str | list[str] | None = None
    options: list[str] | dict[str, msgspec.Raw] | None = None
    probe_network_name: str | None = None
    report_id: str | None = None
    resolver_asn: str | None = None
    software_name: str = ""
    software_version: str = ""
    test_runtime: float | None = None

    def started(self) -> datetime:
        """Return when it began, UTC. Raises ValueError for what is no time."""
        for form in TIMES:
            try:
                moment = datetime.strptime(self.measurement_start_time, form).replace(tzinfo=UTC)
            except ValueError:
                continue
            if moment.year in YEARS:
                return moment
        raise ValueError(f"{self.measurement_start_time[:40]!r} is no time")

    def annotation(self, name: str) -> str:
        """Return a text that the program that measured put beside it; empty without one."""
        return (self.annotations or {}).get(name) or ""


_record = msgspec.json.Decoder(Record, strict=True)


def read_ooni(path: Path) -> Iterator[tuple[int, int, Record]]:
    """Yield number and offset of each line that holds a record, and the record; empty lines are no records.

    Raises StoreError with the line at the first that cannot be read.
    """
    try:
        handle = path.open("rb")
    except OSError as error:
        raise StoreError(path, 0, f"cannot be read: {error.strerror}", HINT) from None
    with handle:
        offset, number = 0, 0
        while line := handle.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise StoreError(path, number, f"longer than {LONGEST_LINE} bytes", HINT)
            if number > MOST_LINES:
                raise StoreError(path, number, f"more than {MOST_LINES} lines", "Split the file.")
            if line.strip():
                yield number, offset, _decoded(path, number, line)
            offset += len(line)


def read_ooni_at(path: Path, offset: int, number: int) -> Record:
    """Return the record at an offset that `read_ooni` gave. Raises StoreError."""
    with path.open("rb") as handle:
        handle.seek(offset)
        return _decoded(path, number, handle.readline(LONGEST_LINE + 1))


def _decoded(path: Path, number: int, line: bytes) -> Record:
    try:
        record = _record.decode(line)
        record.started()
        for lists in (
            record.test_keys,
            record.test_keys.bootstrap,
            *(record.test_keys.lookups or {}).values(),
        ):
            if lists is not None and _longest(lists) > MOST_ENTRIES:
                raise ValueError(f"more than {MOST_ENTRIES} observations of one kind")  # noqa: TRY301 - told as what msgspec finds
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise StoreError(path, number, f"no OONI measurement: {error}", HINT) from None
    return record


def _longest(lists: Lists) -> int:
    kinds = (lists.queries, lists.tcp_connect, lists.tls_handshakes, lists.quic_handshakes, lists.requests)
    return max(len(kind or ()) for kind in kinds)
