"""What a person types of the letter that a report goes with, read into values."""

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NoReturn

import typer

from probe.cli import exits
from probe.locale import _
from probe.report.annex.letter import LONGEST, Addressee, Disclosure, Event, Letter, addressee_of

MOST_BYTES: Final = 1_000_000
MOST_EVENTS: Final = 500
COLUMNS: Final = ("date", "event", "source")
TIMES: Final = ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%MZ", "%Y-%m-%d")
DISCLOSURES: Final[tuple[Disclosure, ...]] = ("public", "full")


def letter_of(
    *,
    disclosure: str,
    title: str,
    to: Sequence[str],
    requests: bool,
    measured_by: str,
    compiled_by: str,
    contact: str,
    key_fingerprint: str,
    n_volunteers: int | None,
    at: str,
    events: Path | None,
) -> Letter:
    """Return what was typed, in its types. Raises BadParameter; ends with 2 where a file cannot be read."""
    if requests and not to:
        raise typer.BadParameter(_("Name with --to whom the letter asks."), param_hint="--requests")
    return Letter(
        title=_text(title, "--letter"),
        addressees=_addressees(to),
        requests=requests,
        measured_by=_text(measured_by, "--measured-by"),
        compiled_by=_text(compiled_by, "--compiled-by"),
        contact=_text(contact, "--contact"),
        key_fingerprint=_text(key_fingerprint, "--key-fingerprint"),
        n_volunteers=n_volunteers,
        at=_moment(at) if at else None,
        events=tuple(_events(events)) if events else (),
        disclosure=_disclosure(disclosure),
    )


def _disclosure(text: str) -> Disclosure:
    for known in DISCLOSURES:
        if text == known:
            return known
    raise typer.BadParameter(
        _("{value!r} is none of {known}.").format(value=text, known=", ".join(DISCLOSURES)),
        param_hint="--disclosure",
    )


def _addressees(texts: Sequence[str]) -> tuple[Addressee, ...]:
    try:
        return tuple(dict.fromkeys(addressee_of(_whole(text)) for text in texts))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--to") from None


def _text(text: str, option: str) -> str:
    if len(text) > LONGEST:
        raise typer.BadParameter(
            _("At most {n} characters.").format(n=LONGEST),
            param_hint=option,
        )
    return " ".join(_whole(text).split())


def _whole(text: str) -> str:
    """Return a typed text with what was no character of the terminal's encoding replaced."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _moment(text: str) -> datetime:
    for form in TIMES:
        with suppress(ValueError):
            return datetime.strptime(text, form).replace(tzinfo=UTC)
    raise typer.BadParameter(_("Write it as 2026-11-22T12:00:00Z."), param_hint="--at")


def _events(path: Path) -> Iterator[Event]:
    """Read a table of events: a header, then a row each; no row without a source."""
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        exits.stop(
            _("{file} holds more than a megabyte.").format(file=path), _("Give a table of events only.")
        )
    try:
        rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        if tuple(rows.fieldnames or ())[:3] != COLUMNS:
            _refuse(path, 1, _("the header is not date,event,source"))
        for number, row in enumerate(rows, 1):
            if number > MOST_EVENTS:
                _refuse(path, rows.line_num, _("there are more than {n} events").format(n=MOST_EVENTS))
            yield _event(path, rows.line_num, [str(row.get(name) or "").strip() for name in COLUMNS])
    except (UnicodeDecodeError, csv.Error) as error:
        exits.stop(f"{path}: {error}", _("Save it as CSV in UTF-8, with the header date,event,source."))


def _event(path: Path, line: int, cells: list[str]) -> Event:
    date, what, source = cells
    if not (what and source):
        _refuse(path, line, _("an event has no text or no source"))
    if max(map(len, cells)) > LONGEST * 3:
        _refuse(path, line, _("a cell is longer than {n} characters").format(n=LONGEST * 3))
    if not any(_fits(date, form) for form in TIMES):
        _refuse(path, line, _("the date is none, as 2026-11-22 or 2026-11-22T12:00:00Z are"))
    return Event(date=date, what=what, source=source)


def _fits(text: str, form: str) -> bool:
    with suppress(ValueError):
        return bool(datetime.strptime(text, form))  # noqa: DTZ007 - only whether it is a date
    return False


def _refuse(path: Path, line: int, problem: str) -> NoReturn:
    exits.stop(
        f"{path}:{line}: {problem}", _("Write the header date,event,source, then a line for each event.")
    )
