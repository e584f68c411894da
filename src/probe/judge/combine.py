"""Roll up the targets of a service by its own rule (METHOD 5, combine)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct, field

from probe.model.target import MIRROR
from probe.model.verdict import ServiceVerdict
from probe.model.words import WORST_FIRST, Located, ReasonCode, State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from probe.model.target import Service
    from probe.model.verdict import Verdict


class _Part(NamedTuple):
    """What decides whether a verdict is heard."""

    is_named: bool
    """Its target is one that the service's rule asks for."""
    is_mirror: bool
    lacks_family: bool


class _Tally(Struct):
    """What verdicts come to, without the verdicts: a list has ten thousand."""

    counts: Counter[State] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    mechanisms: dict[State, set[str]] = field(default_factory=dict)
    spokesmen: dict[State, Verdict] = field(default_factory=dict)
    """Whose words a service of that state borrows."""

    def hear(self, verdict: Verdict) -> None:
        """Count one in."""
        self.counts[verdict.state] += 1
        if verdict.reason_code is not None:
            self.codes[verdict.reason_code.value] += 1
        self.mechanisms.setdefault(verdict.state, set()).add(verdict.mechanism)
        self._offer(verdict)

    def add(self, other: _Tally) -> None:
        """Count in what another counted."""
        self.counts += other.counts
        self.codes += other.codes
        for state, mechanisms in other.mechanisms.items():
            self.mechanisms.setdefault(state, set()).update(mechanisms)
        for verdict in other.spokesmen.values():
            self._offer(verdict)

    def _offer(self, verdict: Verdict) -> None:
        before = self.spokesmen.get(verdict.state)
        if before is None or _rank(verdict) < _rank(before):
            self.spokesmen[verdict.state] = verdict


def roll_up(service: Service, verdicts: Iterable[Verdict]) -> ServiceVerdict:
    """Return the service's state: `any`, `all` or `essential`, as its file says.

    A mirror has a row of its own and is not heard: that it works does not make the site reachable.
    """
    named = {t.target_id for t in service.targets if t.essential}
    mirrors = {t.target_id for t in service.targets if t.role == MIRROR}
    tallies: dict[_Part, _Tally] = {}
    started_utc, ended_utc = "", ""
    for verdict in verdicts:
        part = _Part(
            is_named=service.rule != "essential" or verdict.target_id in named,
            is_mirror=verdict.target_id in mirrors,
            lacks_family=verdict.reason_code is ReasonCode.FAMILY_UNAVAILABLE,
        )
        tallies.setdefault(part, _Tally()).hear(verdict)
        if verdict.started_utc:
            started_utc = min(started_utc or verdict.started_utc, verdict.started_utc)
        ended_utc = max(ended_utc, verdict.ended_utc)
    everything = _sum(tallies.values())
    heard = _sum(tallies[part] for part in _heard(tallies))
    state = _any(heard) if service.rule == "any" else _worst(heard)
    chosen = heard.spokesmen.get(state)
    agree = heard.mechanisms.get(state, set())
    because = chosen.because if chosen is not None else "No target of it was measured."
    if service.rule == "any" and chosen is None and heard.counts:
        counted = ((s, everything.counts[s]) for s in State)
        because = "Its endpoints differ: " + ", ".join(f"{n} {s.value}" for s, n in counted if n) + "."
    return ServiceVerdict(
        service=service.service,
        state=state,
        mechanism=min(agree) if len(agree) == 1 else (chosen.mechanism if chosen is not None else ""),
        located=chosen.located if chosen is not None else Located.UNKNOWN,
        confirmed=chosen.confirmed if chosen is not None else False,
        reason_code=chosen.reason_code if chosen is not None else _reason(heard),
        because=because,
        n_targets=everything.counts.total(),
        n_reachable=everything.counts[State.REACHABLE],
        n_throttled=everything.counts[State.THROTTLED],
        n_blocked=everything.counts[State.BLOCKED],
        n_geoblocked=everything.counts[State.GEOBLOCKED],
        n_down=everything.counts[State.DOWN],
        n_inconclusive=everything.counts[State.INCONCLUSIVE],
        started_utc=started_utc,
        ended_utc=ended_utc,
    )


def _heard(parts: Iterable[_Part]) -> list[_Part]:
    """Return the parts that count: those that the rule names, without mirrors; all where that leaves none."""
    every = list(parts)
    heard = [part for part in every if part.is_named]
    heard = [part for part in heard if not part.is_mirror] or heard or every
    # What needs a family that this link lacks says nothing of the service, unless all of it does.
    return [part for part in heard if not part.lacks_family] or heard


def _sum(tallies: Iterable[_Tally]) -> _Tally:
    whole = _Tally()
    for tally in tallies:
        whole.add(tally)
    return whole


def _any(heard: _Tally) -> State:
    """Reachable if one is; else the state that all share; else inconclusive."""
    states = set(heard.counts)
    if State.REACHABLE in states:
        return State.REACHABLE
    return states.pop() if len(states) == 1 else State.INCONCLUSIVE


def _worst(heard: _Tally) -> State:
    return min(heard.counts, key=WORST_FIRST.index, default=State.INCONCLUSIVE)


def _rank(verdict: Verdict) -> tuple[bool, bool, str]:
    """Return by what a spokesman is chosen, the least of all: a confirmed one first.

    Of what is reachable one that met something all the same: a forged answer, an app that is gone.
    """
    is_plain = verdict.state is State.REACHABLE and not verdict.mechanism
    return is_plain, not verdict.confirmed, verdict.target_id


def _reason(heard: _Tally) -> ReasonCode:
    """Return why nothing is said: the code that most targets have, the first by name among equals."""
    if heard.codes:
        return ReasonCode(min(heard.codes, key=lambda code: (-heard.codes[code], code)))
    return ReasonCode.DISCORDANT_RERUN if heard.counts else ReasonCode.NOT_MEASURED
