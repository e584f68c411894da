"""What the annex states, in no language: figures, machine words, hashes, as far as disclosure allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probe.report.annex.letter import Letter
    from probe.report.told import Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Annex:
    """Everything that any statement prints."""

    letter: Letter
    simulated: bool


def annex_of(runs: Sequence[Told], letter: Letter) -> Annex:
    """Return what the annex of these runs states."""
    return Annex(letter=letter, simulated=any(one.record.simulated for one in runs))
