"""The pictures of a run's trials as files, one a target."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from probe.report.plots import trials_svg
from probe.system.disk import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from probe.report.trials import TargetTrials

_OTHER: Final = re.compile(r"[^A-Za-z0-9.-]+")


def write_pictures(folder: Path, trials: Iterable[TargetTrials]) -> tuple[Path, ...]:
    """Write a picture for each target into a folder, made if need be; return the files. Raises OSError.

    The same trials give the same names and bytes; two targets never share a name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: dict[Path, None] = {}
    for one in sorted(trials, key=lambda each: each.target_id):
        stem = _OTHER.sub("-", one.target_id).strip("-.")[:120] or "target"
        names = (folder / f"{stem}{f'-{n}' if n else ''}.svg" for n in range(len(written) + 1))
        path = next(name for name in names if name not in written)
        write_whole(path, f"{trials_svg(one)}\n".encode())
        written[path] = None
    return tuple(written)
