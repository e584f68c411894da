"""Ask a public database of known flaws about every library that a lock pins; pip-audit does the asking.

    python -m tools.audit [LOCK ...] [--database URL] [--with PIP-AUDIT]

Names and versions of libraries leave this machine, nothing else. Ends with 0 where nothing is known of any, 1
where something is, and 3 where nothing was found out: without a network nothing can be, and silence is no
good news. What is only for other machines (Windows, PyPy) is named and not asked about.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from tools.lock import CORE, read_lock
from tools.source import ROOT, ToolError

from probe.report.show import visible

AUDITOR: Final = ROOT / ".venv" / "audit" / "bin" / "pip-audit"
"""Where `make audit` installs it, out of requirements/audit.lock."""
QUIETLY: Final = ("--disable-pip", "--require-hashes", "--progress-spinner", "off", "--desc", "off")
"""The lock is complete: nothing is resolved, installed or downloaded."""
LONGEST_S: Final = 600.0
NONE, SOME, UNKNOWN = 0, 1, 3


class Flaw(msgspec.Struct, frozen=True):
    """What is known of a library, as pip-audit tells it."""

    id: str
    fix_versions: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


class Library(msgspec.Struct, frozen=True):
    """A library that was asked about, or not, and why."""

    name: str
    version: str = ""
    vulns: tuple[Flaw, ...] = ()
    skip_reason: str = ""


class Answer(msgspec.Struct, frozen=True):
    """What pip-audit prints as JSON."""

    dependencies: tuple[Library, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """What was found out about a lock."""

    asked: tuple[Library, ...]
    not_asked: tuple[str, ...]
    """Of the lock's libraries."""

    @property
    def flawed(self) -> tuple[Library, ...]:
        """Those of which something is known."""
        return tuple(one for one in self.asked if one.vulns)


def audited(lock: Path, auditor: Path, database: str = "") -> Audited:
    """Ask about what a lock pins. Raises ToolError where nothing was found out."""
    pinned = [(one.name, one.version) for one in read_lock(lock.read_text(encoding="utf-8"))]
    where = ("--osv-url", database) if database else ()
    try:
        done = subprocess.run(
            [str(auditor), "-r", str(lock), *QUIETLY, "-f", "json", "-s", "osv", *where],
            capture_output=True,
            timeout=LONGEST_S,
            check=False,
        )
    except FileNotFoundError:
        raise ToolError(f"{auditor} is not there: make audit installs it") from None
    except subprocess.TimeoutExpired:
        raise ToolError(f"pip-audit did not end within {LONGEST_S:.0f} s") from None
    try:
        answer = msgspec.json.decode(done.stdout, type=Answer)
    except msgspec.DecodeError:  # a flaw that was found and a network that is away both end with 1
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["it said nothing"]
        raise ToolError(f"the database did not answer: {visible(last[0])}") from None
    asked = tuple(one for one in answer.dependencies if not one.skip_reason)
    there = {(one.name, one.version) for one in asked}
    return Audited(asked=asked, not_asked=tuple(" ".join(one) for one in pinned if one not in there))


def lines(lock: str, found: Audited) -> Iterator[str]:
    """Yield what a person reads; what the database said may hold anything."""
    yield f"{lock}: {len(found.asked)} libraries asked about, something is known of {len(found.flawed)}."
    for one in found.flawed:
        for flaw in one.vulns:
            names = ", ".join(visible(name, 60) for name in (flaw.id, *flaw.aliases))
            mended = ", ".join(visible(version, 40) for version in flaw.fix_versions) or "no version yet"
            yield f"  {visible(one.name, 60)} {visible(one.version, 40)}: {names}; mended in {mended}"
    if found.not_asked:
        yield f"  Not asked about, as they are not for this machine: {', '.join(found.not_asked)}."


def main() -> int:
    """Ask about each lock and print what is known; return 0, 1 or 3."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("locks", nargs="*", type=Path, default=[CORE], help="(requirements/core.lock)")
    parser.add_argument("--database", metavar="URL", default="", help="an OSV database (the public one)")
    parser.add_argument("--with", dest="auditor", metavar="FILE", type=Path, default=AUDITOR)
    asked = parser.parse_args()
    code = NONE
    for lock in asked.locks:
        try:
            found = audited(lock, asked.auditor, asked.database)
        except (ToolError, OSError) as error:
            print(f"audit: {lock}: nothing was found out: {error}", file=sys.stderr)
            return UNKNOWN
        print("\n".join(lines(str(lock), found)))
        code = SOME if found.flawed else code
    return code


if __name__ == "__main__":
    sys.exit(main())
