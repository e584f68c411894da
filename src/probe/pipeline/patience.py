"""Waiting for the time of a comparison of speeds, where everybody can see for what and until when."""

import asyncio
from collections.abc import Callable
from typing import Final

from probe.measure.runner import Session
from probe.model.observer import Observer
from probe.model.target import Step

TELL_EVERY_S: Final = 1.0
"""While it waits nothing else of the program is under way, so that drawing disturbs nobody."""


async def until_due(
    step: Step, *, session: Session, observer: Observer, elapsed_s: Callable[[], float]
) -> None:
    """Return when the step may begin: at its time, and with room for its names in the handshake budget.

    Who watches is told of the step, and for as long as it waits how long that will still be.
    """
    while True:
        due, pacing = max(step.not_before_s - elapsed_s(), 0.0), session.pacing_s(step)
        wait = max(due, pacing)
        observer.transferring(step, wait_s=wait, is_paced=pacing > due)
        if wait <= 0:
            return
        await asyncio.sleep(min(wait, TELL_EVERY_S))
