"""What `probe targets check` finds: faults of every file, and facts that nobody looked at for a year."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal

from msgspec import Struct

from probe.targets.catalogue import SPECIAL, catalogue_folder, read_catalogue, read_service
from probe.targets.error import CatalogueError
from probe.targets.lists import read_list
from probe.targets.side_files import date_in, read_private_cas, read_ranges, readable_certificates
from probe.targets.toml_file import TomlFile, read_text, read_toml

OLD_AFTER_DAYS: Final = 365
TABLES: Final[Mapping[str, str]] = {
    "neutral.toml": "neutral",
    "network.toml": "check",
    "resolvers.toml": "resolver",
    "registry.toml": "registry",
}
"""What the tables of the special files are called."""
SERVERS: Final = ("helpers", "stun")
"""Keys at the top of a special file that name servers."""

Words = tuple[str, str]
"""A problem, to be filled in, and what to do."""
ENDPOINTS: Final[Words] = (
    "last looked at on {dated}: {names}",
    "Check that they still answer, then change the date on this line.",
)
SIDES: Final[Mapping[str, Words]] = {
    "ranges/*.txt": (
        "address ranges of {dated}",
        "Copy the published ranges anew, then change the date on this line.",
    ),
    "private-ca/*.pem": (
        "authorities of {dated}",
        "Compare them with the service's own source, then change the date on this line.",
    ),
    "trust-anchor/*.ds": (
        "root keys of {dated}",
        "Compare them with data.iana.org/root-anchors, then change the date on this line.",
    ),
    "operators/*.csv": (
        "names of operators of {dated}",
        "Compare them with a registry: a letter asks an operator something by names under 90 days old only.",
    ),
}
FINGERPRINTS: Final[Words] = (
    "fingerprints of {dated}",
    "Take a newer version of the program, or look at the pages again and change the date on this line.",
)
EXPIRED: Final[Words] = (
    "every certificate has expired, the last on {dated}",
    "Ask the service's source for the new one.",
)
UNCHECKED: Final[Words] = (
    "the neutral set was never checked from a real network",
    "Run `probe run` where nothing is blocked; then set checked_from_a_real_network = true.",
)
WORDS: Final[tuple[Words, ...]] = (ENDPOINTS, *SIDES.values(), FINGERPRINTS, EXPIRED, UNCHECKED)
"""All that is said of old facts, so that it can be said in other languages."""


class Finding(Struct, frozen=True, kw_only=True):
    """One thing to correct (error) or to look at (warning)."""

    level: Literal["error", "warning"]
    file: str
    line: int
    template: str
    hint: str
    params: tuple[tuple[str, str], ...] = ()
    """What a warning's template is filled with; an error's is said as it is."""

    @property
    def problem(self) -> str:
        """What is wrong, in English."""
        return self.template.format(**dict(self.params)) if self.params else self.template


def check(path: Path | None = None, *, today: dt.date) -> tuple[Finding, ...]:
    """Check a catalogue folder, one of its files or a CSV list; `today` is what dates are compared with."""
    path = catalogue_folder() if path is None else path
    if path.is_dir():
        return tuple(_check_folder(path, today))
    try:
        if path.suffix != ".toml":
            read_list(path)
        elif path.name in SPECIAL:
            read_catalogue(path.parent)
            return tuple(_old_tables(path, today))
        else:
            return tuple(_check_service(path, today))
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
    for name in sorted(SPECIAL):
        yield from _old_tables(folder / name, today)
    if not catalogue.neutrals_were_checked:
        neutrals = read_toml(folder / "neutral.toml", "neutral")
        line = neutrals.top.keys.get("checked_from_a_real_network", 0)
        yield _warning(neutrals.file, line, UNCHECKED)
    for pattern, words in SIDES.items():
        for path in sorted(folder.glob(pattern)):
            line, dated = date_in(read_text(path)[1])
            if dated and is_old(dated, today):
                yield _warning(str(path), line, words, dated=dated)
    yield from _expired(folder, catalogue.private_cas, today)


def _check_service(path: Path, today: dt.date) -> Iterator[Finding]:
    try:
        ranges = read_ranges(path.parent / "ranges").prefixes
        private_cas, _ = read_private_cas(path.parent / "private-ca")
        file = read_toml(path, "endpoint")
        service = read_service(file, ranges, private_cas)
    except CatalogueError as error:
        yield _error(error)
        return
    yield from _old(file, [(t.target_id, t.dated) for t in service.targets], today)


def _old_tables(path: Path, today: dt.date) -> Iterator[Finding]:
    """Name what is old in a file of neutrals, checks or resolvers that was read without a fault."""
    file = read_toml(path, TABLES[path.name])
    top = str(file.top.data["dated"])
    names = [(_name(section.data), str(section.data.get("dated", top))) for section in file.tables]
    yield from _old(file, names, today, beside=[key for key in SERVERS if key in file.top.data])


def _name(row: Mapping[str, Any]) -> str:
    return str(row.get("id") or row.get("kind", ""))


def _old(
    file: TomlFile, names: Iterable[tuple[str, str]], today: dt.date, beside: Iterable[str] = ()
) -> Iterator[Finding]:
    """Yield one warning for each line with an old date: `names` and dates of the tables, in their order."""
    old: dict[tuple[int, str], list[str]] = {}
    for section, (name, dated) in zip(file.tables, names, strict=True):
        if is_old(dated, today):
            line = section.keys.get("dated") or file.top.keys["dated"]
            old.setdefault((line, dated), []).append(name)
    for name in beside:
        dated = str(file.top.data["dated"])
        if is_old(dated, today):
            old.setdefault((file.top.keys["dated"], dated), []).append(name)
    for (line, dated), found in old.items():
        yield _warning(file.file, line, ENDPOINTS, dated=dated, names=", ".join(found))


def _expired(folder: Path, private_cas: Mapping[str, str], today: dt.date) -> Iterator[Finding]:
    for name, pem in private_cas.items():
        latest = max(cert.not_valid_after_utc for cert in readable_certificates(pem))
        if latest.date() < today:
            path = folder / "private-ca" / f"{name}.pem"
            yield _warning(str(path), 0, EXPIRED, dated=str(latest.date()))


def old_fingerprints(files: Mapping[str, bytes], today: dt.date) -> Iterator[Finding]:
    """Name each line of the fingerprints' files that bears an old date; they lie in another stage."""
    for name, content in files.items():
        for number, line in enumerate(content.decode("utf-8", "replace").split("\n"), 1):
            key, _, value = line.partition("=")
            dated = value.strip().strip('"')
            if key.strip() == "dated" and is_old(dated, today):
                yield _warning(f"fingerprints/{name}", number, FINGERPRINTS, dated=dated)


def is_old(dated: str, today: dt.date) -> bool:
    """Say whether a fact was looked at more than a year ago."""
    return (today - dt.date.fromisoformat(dated)).days > OLD_AFTER_DAYS


def _error(error: CatalogueError) -> Finding:
    return Finding(level="error", file=error.file, line=error.line, template=error.problem, hint=error.hint)


def _warning(file: str, line: int, words: Words, **params: str) -> Finding:
    template, hint = words
    return Finding(
        level="warning", file=file, line=line, template=template, hint=hint, params=tuple(params.items())
    )
