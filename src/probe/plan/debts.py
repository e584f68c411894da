"""What a verdict still needs becomes Steps: one row per kind of debt."""

from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from probe.model.options import RunOptions
from probe.model.target import Debt, Step, Target
from probe.model.words import SMALL_SEGMENTS, Owed

MAX_STEPS_PER_TARGET = 16
"""Rounds, debts and all: whatever judging asks for, a target's measuring ends."""
CROSS_PER_SERVICE = 3
"""Where another control carries the verdict, a cross experiment only names the trigger. It costs some thirty
handshakes: three names of a service show it, and the rest would hold up the run."""
CROSS_PER_LIST = 12
CROSS_AT_ONCE = 2
"""Experiments share the neutral names, and each name has its handshake budget."""


def cross_allowed(target: Target, options: RunOptions, *, so_far: int) -> bool:
    """Say whether a target may have a cross experiment when its service has had `so_far` already.

    Without a helper or proxy the experiment is the only control there is, and every target may have it.
    """
    if not (options.controls or options.control_proxy):
        return True
    return so_far < (CROSS_PER_LIST if target.service in ("list", "url") else CROSS_PER_SERVICE)


def steps_for(
    debt: Debt,
    target: Target,
    *,
    options: RunOptions,
    rounds_done: int,
    neutrals: Sequence[Target] = (),
) -> tuple[Step, ...]:
    """Return the steps that pay a debt; none when it cannot be paid here (no control, no neutral).

    `neutrals` are foreign and white-listed neutrals with `addresses` filled in from this run, for CROSS.
    """
    payment = _PAYMENTS.get(debt.what)  # transfers are paid apart: `plan.transfers`
    return () if payment is None else payment(debt, target, options, rounds_done, tuple(neutrals))


def _round(
    debt: Debt, target: Target, _options: RunOptions, done: int, _neutrals: tuple[Target, ...]
) -> tuple[Step, ...]:
    return (
        Step(
            target=target,
            experiment=target.experiment,
            round=done,
            addresses=debt.addresses,
            not_before_s=debt.not_before_s,
            reason=debt.what,
        ),
    )


def _aside(experiment: str) -> Callable[..., tuple[Step, ...]]:
    def payment(
        debt: Debt, target: Target, _options: RunOptions, done: int, _neutrals: tuple[Target, ...]
    ) -> tuple[Step, ...]:
        return (
            Step(
                target=replace(target, input=debt.url) if debt.url else target,
                experiment=experiment,
                round=done,
                addresses=debt.addresses,
                not_before_s=debt.not_before_s,
                reason=debt.what,
            ),
        )

    return payment


def _control(
    debt: Debt, target: Target, options: RunOptions, done: int, neutrals: tuple[Target, ...]
) -> tuple[Step, ...]:
    if not (options.controls or options.control_proxy):
        return ()
    return _aside("control")(debt, target, options, done, neutrals)


def _cross(
    debt: Debt, target: Target, _options: RunOptions, done: int, neutrals: tuple[Target, ...]
) -> tuple[Step, ...]:
    if not neutrals or not debt.addresses:
        return ()
    scheme = "http" if debt.plain else "https"
    return (
        Step(
            target=replace(target, input=f"{scheme}://{debt.server_name}/") if debt.server_name else target,
            experiment="cross",
            round=done,
            addresses=debt.addresses,
            neutrals=neutrals,
            not_before_s=debt.not_before_s,
            reason=debt.what,
        ),
    )


_PAYMENTS: Mapping[Owed, Callable[..., tuple[Step, ...]]] = {
    Owed.ROUND: _round,
    Owed.ADDRESSES: _round,
    Owed.RESOLVER: _aside("resolver"),
    Owed.CONTROL: _control,
    Owed.CONTROL_AGAIN: _control,
    Owed.CROSS: _cross,
    Owed.SMALL_SEGMENTS: _aside(SMALL_SEGMENTS),
}
