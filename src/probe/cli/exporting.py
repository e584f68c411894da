"""`probe report --format csv`: the verdicts of stored runs as one table."""

import sys
from pathlib import Path

from probe.cli import exits
from probe.locale import _
from probe.report.show import visible


def write_csv(runs: list[Path], out: Path | None) -> None:
    """Write verdicts.csv of one run or more, with one header, to a file or to stdout as UTF-8 with CRLF."""
    parts: list[bytes] = []
    for run in runs:
        file = run / "verdicts.csv" if run.is_dir() else run
        if not file.is_file():
            exits.stop(
                _("{file} is not there.").format(file=file),
                _("Make it again: probe judge {run}").format(run=run),
            )
        content = file.read_bytes()
        header, newline, rows = content.partition(b"\r\n")
        if parts and not parts[0].startswith(header + newline):
            exits.stop(
                _("{file} has other columns than the first.").format(file=file),
                _("Make it again with this version: probe judge {run}").format(run=run),
            )
        parts.append(rows if parts else content)
    if out is None:
        sys.stdout.buffer.write(b"".join(parts))
        return
    out.write_bytes(b"".join(parts))
    sys.stderr.write(_("Written: {file}").format(file=visible(str(out), 1000)) + "\n")
