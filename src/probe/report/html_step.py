"""One operation as a line on a page, and what a measurement of several came to."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct, field

from probe.locale import N_, _

MOST_MORE: Final = 24
"""Lines beneath one step."""
OK: Final = N_("an answer came")


class Step(Struct, frozen=True, kw_only=True):
    """One operation."""

    what: str
    whom: str = ""
    came: str
    """The failure string, or what came."""
    failed: bool = False
    layer: int = 3
    """0 asks for an address, 1 connects, 2 shakes hands, 3 asks for what the target is there for."""
    t0: float | None = None
    """Seconds since the measurement began."""
    ms: float | None = None
    more: tuple[str, ...] = field(default=())


def outcome_of(steps: tuple[Step, ...]) -> Step | None:
    """Return what a measurement came to: what failed first after an address was known, else how far it came.

    That there is no address of one family is no failure where the other has one. None where nothing was done.
    """
    real = [step for step in steps if step.came]
    failed = next((step for step in real if step.failed and step.layer), None)
    return failed or max(real, key=lambda step: (step.layer, not step.failed), default=None)


def timed(one: Any, **fields: Any) -> Step:
    """Return a step of something that has a begin, an end and perhaps a failure."""
    failure: str | None = one.failure
    came = failure if failure is not None else fields.pop("came")
    fields.pop("came", None)
    more = tuple(line for line in fields.pop("more", ()) if line)[:MOST_MORE]
    ms = max(one.t - one.t0, 0.0) * 1000
    return Step(came=came, failed=failure is not None, t0=one.t0, ms=ms, more=more, **fields)


def place(ip: str, port: int) -> str:
    """Return address and port as people write them."""
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


def or_nothing(parts: tuple[str, ...]) -> str:
    """Return them joined, or that there is nothing."""
    return ", ".join(parts) or _("nothing")
