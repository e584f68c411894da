"""Among many tests some confirm by chance: Holm's adjustment takes back what their number allows."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from msgspec.structs import replace

from probe.judge.constants import MULTIPLE_P
from probe.judge.decide import holm
from probe.judge.note import AMONG_MANY, note, text_of
from probe.model.words import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from probe.model.verdict import Verdict

P_VALUE = "p_value"
"""The parameter of a confirmed verdict that bears the pooled sign test's p."""


def multiplicity(verdicts: Iterable[Verdict]) -> Mapping[int, Verdict]:
    """Return, by their place, those verdicts unconfirmed that so many tests may bring by chance.

    Every target whose transfers were compared counts as tested, whatever came of it; one that was not
    confirmed has nothing to lose and takes part as p = 1. A verdict without a p value was not confirmed by
    counting and stays as it is; a freeze that pairs confirm has theirs. The order does not matter.
    """
    confirmed: dict[int, tuple[Verdict, float]] = {}
    n_others = 0
    for place, verdict in enumerate(verdicts):
        p = _confirmed_p(verdict)
        if p is not None:
            confirmed[place] = verdict, p
        elif verdict.goodput_ratio is not None:
            n_others += 1
    if not confirmed:
        return {}
    n_tested = len(confirmed) + n_others
    adjusted = holm([*(p for _, p in confirmed.values()), *[1.0] * n_others])
    return {
        place: _unconfirmed(verdict, n_tested, p)
        for (place, (verdict, _)), p in zip(confirmed.items(), adjusted, strict=False)
        if p > MULTIPLE_P
    }


def _confirmed_p(verdict: Verdict) -> float | None:
    """Return the p value that a confirmation by counting rests on; 1 where it says none that makes sense."""
    if verdict.state is not State.THROTTLED or not verdict.confirmed:
        return None
    told = next((value for name, value in verdict.params if name == P_VALUE), None)
    if told is None:
        return None
    try:
        p = float(told)
    except ValueError:
        return 1.0
    return p if isfinite(p) and 0 <= p <= 1 else 1.0


def _unconfirmed(verdict: Verdict, n_tested: int, adjusted: float) -> Verdict:
    added = note(AMONG_MANY, n=n_tested, p=f"{adjusted:.4g}")
    return replace(
        verdict,
        confirmed=False,
        notes=(*verdict.notes, text_of(added)),
        notes_apart=(*verdict.notes_apart, added),
    )
