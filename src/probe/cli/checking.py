"""`probe targets check`: every fault with its line, every fact that is old with the line to mend."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from probe.cli import exits
from probe.cli.file_faults import said
from probe.locale import _, ngettext
from probe.report.show import visible

if TYPE_CHECKING:
    from probe.targets.check import Finding


def check_file(file: Path | None) -> None:
    """Check the catalogue and the fingerprints, or a file of it, or a list; end with 2 where it is wrong.

    What is old is told on stderr and is no fault.
    """
    from probe.judge.fingerprints import fingerprint_files
    from probe.targets import read_catalogue, read_list
    from probe.targets.check import check, old_fingerprints

    today = datetime.now(UTC).date()
    with exits.told():
        found = check(file, today=today)
        if file is None:
            found += tuple(old_fingerprints(fingerprint_files(), today))
        for finding in found:
            if finding.level == "warning":
                sys.stderr.write(_said(finding))
        faults = [finding for finding in found if finding.level == "error"]
        for fault in faults[:-1]:
            exits.tell(_place(fault) + said(fault.problem), said(fault.hint))
        if faults:
            exits.stop(_place(faults[-1]) + said(faults[-1].problem), said(faults[-1].hint))
        if file is None or file.is_dir() or file.suffix.lower() == ".toml":
            folder = file if file is None or file.is_dir() else file.parent
            n = sum(len(service.targets) for service in read_catalogue(folder).services)
        else:
            n = len(read_list(file))
    count = ngettext("{n} target, no mistake found.", "{n} targets, no mistake found.", n)
    sys.stdout.write(count.format(n=n) + "\n")


def _said(finding: "Finding") -> str:
    """Return a warning in the language in use, on two lines."""
    problem = _(finding.template).format(**dict(finding.params))
    return f"{visible(_place(finding) + problem, 1000)}\n       {visible(_(finding.hint), 1000)}\n"


def _place(finding: "Finding") -> str:
    return f"{finding.file}:{finding.line}: " if finding.line else f"{finding.file}: "
