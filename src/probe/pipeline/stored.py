"""What a stored run set out to do, for `--resume` and for a baseline recorded `--for` it."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from probe.model.options import RunRecord
from probe.model.target import Service
from probe.pipeline.inputs import read_inputs
from probe.store import RunFolder

MOST_ADDRESSES = 4


class Stored(Struct, frozen=True, kw_only=True):
    """The plan of a run that lies on disk."""

    record: RunRecord
    services: tuple[Service, ...]
    addresses: Mapping[str, tuple[str, ...]]
    """What names resolved to there, by target: at most four each, to be tried elsewhere too."""


def read_stored(path: Path) -> Stored:
    """Read it. Raises StoreError."""
    with RunFolder.open(path) as folder:
        inputs = read_inputs(folder)
        addresses: dict[str, dict[str, None]] = {}
        for measurement in folder.measurements():
            if not measurement.is_control:
                seen = addresses.setdefault(measurement.target_id, {})
                seen |= {c.ip: None for c in measurement.tcp_connect if c.hop == 0}
        return Stored(
            record=folder.read_run(),
            services=inputs.services,
            addresses={target: tuple(seen)[:MOST_ADDRESSES] for target, seen in addresses.items()},
        )
