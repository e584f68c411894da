"""What `probe targets check` finds: faults of every file, and endpoints that nobody looked at for a year."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from probe.targets.catalogue import SPECIAL, Catalogue, catalogue_folder, read_catalogue, read_service
from probe.targets.error import CatalogueError
from probe.targets.lists import read_list
from probe.targets.registries import FILE as REGISTRY
from probe.targets.side_files import read_private_cas, read_ranges
from probe.targets.toml_file import read_toml

OLD_AFTER_DAYS: Final = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to correct (error) or to look at (warning)."""

    level: Literal["error", "warning"]
    file: str
    line: int
    problem: str
    hint: str


def check(path: Path | None = None, *, today: dt.date) -> tuple[Finding, ...]:
    """Check a catalogue folder, one service's file or a CSV list; `today` is what dates are compared with."""
    path = catalogue_folder() if path is None else path
    if path.is_dir():
        return tuple(_check_folder(path, today))
    if path.suffix == ".toml" and path.name not in SPECIAL:
        return tuple(_check_service(path, today))
    try:
        if path.suffix == ".toml":
            read_catalogue(path.parent)
        else:
            read_list(path)
    except CatalogueError as error:
        return (_error(error),)
    return ()


def _check_folder(folder: Path, today: dt.date) -> Iterator[Finding]:
    """Check each service alone first, so that one broken file does not hide the next."""
    broken = False
    for path in sorted(folder.glob("*.toml")):
        if path.name not in SPECIAL:
            found = tuple(_check_service(path, today))
            broken |= any(finding.level == "error" for finding in found)
            yield from found
    try:
        catalogue = read_catalogue(folder)
    except CatalogueError as error:
        if not broken:
            yield _error(error)
        return
    yield from _check_sides(folder, catalogue, today)


def _check_service(path: Path, today: dt.date) -> Iterator[Finding]:
    try:
        ranges = read_ranges(path.parent / "ranges").prefixes
        private_cas, _ = read_private_cas(path.parent / "private-ca")
        file = read_toml(path, "endpoint")
        service = read_service(file, ranges, private_cas)
    except CatalogueError as error:
        yield _error(error)
        return
    old: dict[tuple[int, str], list[str]] = {}
    for section, target in zip(file.tables, service.targets, strict=True):
        if _days(target.dated, today) > OLD_AFTER_DAYS:
            line = section.keys.get("dated") or file.top.keys["dated"]
            old.setdefault((line, target.dated), []).append(target.target_id)
    for (line, dated), ids in old.items():
        problem = f"last looked at on {dated}: {', '.join(ids)}"
        yield _warning(str(path), line, problem, "Check that they still answer, then change the date.")


def _check_sides(folder: Path, catalogue: Catalogue, today: dt.date) -> Iterator[Finding]:
    from cryptography import x509

    if not catalogue.neutrals_were_checked:
        yield _warning(
            str(folder / "neutral.toml"),
            0,
            "the neutral set was never checked from a real network",
            "Run `probe run` where nothing is blocked; then set checked_from_a_real_network = true.",
        )
    if _days(catalogue.registries_dated, today) > OLD_AFTER_DAYS:
        problem = f"who is asked about prefixes and AS numbers, of {catalogue.registries_dated}"
        yield _warning(
            str(folder / REGISTRY), 0, problem, "Check that they still answer, then change the date."
        )
    if catalogue.ranges_dated and _days(catalogue.ranges_dated, today) > OLD_AFTER_DAYS:
        problem = f"address ranges of {catalogue.ranges_dated}"
        yield _warning(
            str(folder / "ranges"), 0, problem, "Copy the published ranges anew and change the date."
        )
    for name, pem in catalogue.private_cas.items():
        latest = max(cert.not_valid_after_utc for cert in x509.load_pem_x509_certificates(pem.encode()))
        if latest.date() < today:
            problem = f"every certificate has expired, the last on {latest.date()}"
            yield _warning(
                str(folder / "private-ca" / f"{name}.pem"),
                0,
                problem,
                "Ask the service's source for the new one.",
            )


def _days(dated: str, today: dt.date) -> int:
    return (today - dt.date.fromisoformat(dated)).days


def _error(error: CatalogueError) -> Finding:
    return Finding(level="error", file=error.file, line=error.line, problem=error.problem, hint=error.hint)


def _warning(file: str, line: int, problem: str, hint: str) -> Finding:
    return Finding(level="warning", file=file, line=line, problem=problem, hint=hint)
