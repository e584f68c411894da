"""What people and programs get to see: tables, files, the screen."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from probe.model.options import RunRecord
from probe.model.verdict import ServiceVerdict, Verdict
from probe.report.trials import TargetTrials

__all__ = ["EXPORTS", "Export", "Judged"]


class Judged(Struct, frozen=True, kw_only=True):
    """All that an export may draw on: the run as judged."""

    record: RunRecord
    verdicts: tuple[Verdict, ...]
    """The network's own among them."""
    services: tuple[ServiceVerdict, ...]
    trials: tuple[TargetTrials, ...] = ()
    """Of every target that transfers were made for."""


Export = Callable[[Path, Judged], tuple[Path, ...]]
"""Writes into a folder and returns the files written."""


def _csv(folder: Path, judged: Judged) -> tuple[Path, ...]:
    from probe.report.csv import write_services_csv, write_verdicts_csv
    from probe.report.datapackage import write_datapackage

    verdicts, services, package = (
        folder / name for name in ("verdicts.csv", "services.csv", "datapackage.json")
    )
    record = judged.record
    write_verdicts_csv(verdicts, record.run_id, judged.verdicts, record.vantage, simulated=record.simulated)
    write_services_csv(services, judged.record.run_id, judged.services, judged.record.vantage)
    write_datapackage(package, judged.record)
    return verdicts, services, package


def _svg(folder: Path, judged: Judged) -> tuple[Path, ...]:
    from probe.report.pictures import write_pictures

    return write_pictures(folder, judged.trials)


EXPORTS: Final[Mapping[str, Export]] = {"csv": _csv, "svg": _svg}
"""Name of a format and what writes it."""
