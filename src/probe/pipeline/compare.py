"""Two runs, read from folders, bags or their zips, side by side."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from probe.pipeline.reporting import told_of
from probe.report.compare import Compared, compared


@contextmanager
def compared_runs(before: Path, after: Path) -> Iterator[Compared]:
    """Yield what changed from the one to the other, in the order given, however old they are.

    They stay readable for as long as it lasts. Raises StoreError, UsageError.
    """
    with told_of((before,)) as (old,), told_of((after,)) as (new,):
        yield compared(old, new)
