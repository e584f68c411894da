"""Roll up the targets of a service by its own rule (METHOD 5, combine)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probe.model.target import MIRROR
from probe.model.verdict import ServiceVerdict
from probe.model.words import WORST_FIRST, Located, ReasonCode, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probe.model.target import Service
    from probe.model.verdict import Verdict


def roll_up(service: Service, verdicts: Sequence[Verdict]) -> ServiceVerdict:
    """Return the service's state: `any`, `all` or `essential`, as its file says.

    A mirror has a row of its own and is not heard: that it works does not make the site reachable.
    """
    verdicts = sorted(verdicts, key=lambda v: v.target_id)
    counts = {state: sum(v.state is state for v in verdicts) for state in State}
    essential = {t.target_id for t in service.targets if t.essential}
    heard = [v for v in verdicts if v.target_id in essential] if service.rule == "essential" else verdicts
    mirrors = {t.target_id for t in service.targets if t.role == MIRROR}
    heard = [v for v in heard if v.target_id not in mirrors] or heard or verdicts
    # What needs a family that this link lacks says nothing of the service, unless all of it does.
    heard = [v for v in heard if v.reason_code is not ReasonCode.FAMILY_UNAVAILABLE] or heard
    state = _any(heard) if service.rule == "any" else _worst(heard)
    chosen = _spokesman(heard, state)
    agree = {v.mechanism for v in heard if v.state is state}
    because = chosen.because if chosen is not None else "No target of it was measured."
    if service.rule == "any" and chosen is None and heard:
        because = "Its endpoints differ: " + ", ".join(f"{n} {s.value}" for s, n in counts.items() if n) + "."
    return ServiceVerdict(
        service=service.service,
        state=state,
        mechanism=agree.pop() if len(agree) == 1 else (chosen.mechanism if chosen is not None else ""),
        located=chosen.located if chosen is not None else Located.UNKNOWN,
        confirmed=chosen.confirmed if chosen is not None else False,
        reason_code=chosen.reason_code if chosen is not None else _reason(heard),
        because=because,
        n_targets=len(verdicts),
        n_reachable=counts[State.REACHABLE],
        n_throttled=counts[State.THROTTLED],
        n_blocked=counts[State.BLOCKED],
        n_geoblocked=counts[State.GEOBLOCKED],
        n_down=counts[State.DOWN],
        n_inconclusive=counts[State.INCONCLUSIVE],
        started_utc=min((v.started_utc for v in verdicts if v.started_utc), default=""),
        ended_utc=max((v.ended_utc for v in verdicts if v.ended_utc), default=""),
    )


def _any(verdicts: Sequence[Verdict]) -> State:
    """Reachable if one is; else the state that all share; else inconclusive."""
    states = {v.state for v in verdicts}
    if State.REACHABLE in states:
        return State.REACHABLE
    return states.pop() if len(states) == 1 else State.INCONCLUSIVE


def _worst(verdicts: Sequence[Verdict]) -> State:
    return min((v.state for v in verdicts), key=WORST_FIRST.index, default=State.INCONCLUSIVE)


def _spokesman(verdicts: Sequence[Verdict], state: State) -> Verdict | None:
    """Return the verdict whose words the service borrows: of its state, a confirmed one first.

    Of what is reachable one that met something all the same: a forged answer, an app that is gone.
    """
    of_state = [v for v in verdicts if v.state is state]
    return min(of_state, key=lambda v: (_is_plain(v), not v.confirmed, v.target_id)) if of_state else None


def _is_plain(verdict: Verdict) -> bool:
    return verdict.state is State.REACHABLE and not verdict.mechanism


def _reason(verdicts: Sequence[Verdict]) -> ReasonCode:
    """Return why nothing is said: the code that most targets have."""
    codes = sorted(v.reason_code.value for v in verdicts if v.reason_code is not None)
    if codes:
        return ReasonCode(max(codes, key=codes.count))
    return ReasonCode.DISCORDANT_RERUN if verdicts else ReasonCode.NOT_MEASURED
