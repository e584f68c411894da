"""An operator's flow log, made up, and how many subscribers a published annex leaves possible.

The log has who contacted which name in which second: what an operator keeps of names in DNS and TLS. In it
are ordinary subscribers and people who measured the same at another minute of that day. Whoever searches it
knows the annex, with all that travels in it, and nothing else. `python -m unit.flow_log` in tests/ prints it.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from msgspec.structs import replace

from probe.model.measurement import Measurement
from probe.model.words import State
from probe.report.annex import annex_of
from probe.report.annex.attachments import attachments
from probe.report.annex.facts import as_json
from probe.report.annex.letter import Disclosure, Letter
from probe.report.told import Told
from probe.store import codec
from unit.a_run import a_measurement, a_round_trip
from unit.told_runs import BEGAN, KNOWN, a_told, found

SUBSCRIBERS = 5000
MEASURING = 30
"""Others in the same network who ran the same that day, each at a minute of their own."""
DAY = datetime(2026, 11, 21, tzinfo=UTC)
SEED = 20261121
NEUTRALS = {"neutral-a.example": 0.02, "neutral-b.example": 0.01, "neutral-c.example": 0.005}
"""Sites that a run visits to compare, and the share of subscribers who do so in an hour."""
EVERYDAY = {f"everyday-{n}.example": 0.5 / (1 + n / 4) for n in range(20)}
RARE = {f"rare-{n}.example": 0.002 for n in range(5)}
WIDE = {f"seldom-{n}.example": 0.05 for n in range(60)}
CASES: dict[str, dict[str, float]] = {
    "one everyday page": dict(list(EVERYDAY.items())[:1]),
    "three everyday pages": dict(list(EVERYDAY.items())[:3]),
    "one page that few visit": dict(list(RARE.items())[:1]),
    "the default set": EVERYDAY | WIDE,
}
"""What was measured: names, and the share of subscribers who contact each within an hour of their own."""
ROUNDS, APART_S = 3, 25
SLACK_S = 1
"""How far the clocks of the volunteer and of the operator may be apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clue:
    """One thing that an annex tells: this name was contacted between these seconds of the day."""

    name: str
    first: int
    last: int


Log = dict[str, dict[int, list[int]]]
"""By name, by subscriber: seconds of the day. Subscriber 0 is the volunteer."""


def measured(names: Sequence[str], began: datetime) -> Iterator[tuple[str, datetime, bool]]:
    """Yield what a run contacts: name, time, and whether it is one of those it is compared with."""
    for n_round in range(ROUNDS):
        at = began + timedelta(seconds=n_round * APART_S)
        for number, name in enumerate((*NEUTRALS, *names)):
            yield name, at + timedelta(seconds=number // 4), name in NEUTRALS


def log_of(case: dict[str, float], began: datetime) -> Log:
    """Make the log: the volunteer, others who measured, and everybody else; always the same one."""
    chance = Random(SEED)
    log: Log = defaultdict(lambda: defaultdict(list))
    starts = [began]
    starts += [DAY + timedelta(seconds=int(chance.random() * 86_000)) for _each in range(MEASURING)]
    for subscriber, start in enumerate(starts):
        for name, at, _is_control in measured(tuple(case), start):
            log[name][subscriber].append(_second(at))
    for name, share in (NEUTRALS | case).items():
        for subscriber in range(MEASURING + 1, SUBSCRIBERS + MEASURING + 1):
            for hour in range(24):
                if chance.random() < share:
                    log[name][subscriber].append(hour * 3600 + int(chance.random() * 3600))
    return log


def told_of(case: dict[str, float], began: datetime) -> Told:
    """Return the volunteer's run as reports are told of it."""
    kept = tuple(_measurements(tuple(case), began))
    verdicts = [
        found(
            State.BLOCKED,
            began,
            target_id=f"url/{name}",
            service="url",
            input=f"https://{name}/",
            ended_utc=f"{began + timedelta(seconds=80):%Y-%m-%dT%H:%M:%SZ}",
        )
        for name in case
    ]
    told = a_told(
        hours=(began - BEGAN).total_seconds() / 3600, verdicts=verdicts, measurements=kept, sealed=True
    )
    return replace(told, journal=lambda: b"".join(codec.encode(one) + b"\n" for one in kept))


def _measurements(names: Sequence[str], began: datetime) -> Iterator[Measurement]:
    for number, (name, at, is_control) in enumerate(measured(names, began)):
        yield a_measurement(
            measurement_uid=f"{began:%Y%m%dT%H%M%SZ}-AS64500-0000-{number:06}",
            target_id=name if is_control else f"url/{name}",
            service="neutral" if is_control else "url",
            input=f"https://{name}/",
            is_control=is_control,
            measurement_start_time=at,
            requests=(a_round_trip(url=f"https://{name}/"),),
        )


def clues(runs: Sequence[Told], disclosure: Disclosure) -> tuple[list[Clue], str]:
    """Return what an annex and what travels in it tell, and all its text. Nothing else is looked at."""
    letter = Letter(disclosure=disclosure)
    annex = annex_of(runs, letter, KNOWN)
    files = {one.name: one.content.decode() for one in attachments(annex, runs)}
    told: dict[str, Any] = json.loads(as_json(annex))
    text = as_json(annex).decode() + "".join(files.values())
    exact = [Clue(name=name, first=at, last=at) for name, at in _journal(files.get("measurements.jsonl", ""))]
    if exact:
        return [_wider(clue, SLACK_S) for clue in exact], text
    first, _begin_s = _span(told["first_utc"])
    _last, end = _span(told["last_utc"])
    names = [re.sub(r"\A\w+://([^/]*)/.*\Z", r"\1", each["input"]) for each in told["targets"]]
    return [Clue(name=name, first=first, last=end) for name in names], text


def possible(log: Log, known: Sequence[Clue]) -> set[int]:
    """Return the subscribers whose flows fit every clue."""
    left: set[int] | None = None
    for clue in known:
        fitting = {
            subscriber
            for subscriber, seconds in log[clue.name].items()
            if any(clue.first <= second <= clue.last for second in seconds)
        }
        left = fitting if left is None else left & fitting
    return left or set()


def table(began: datetime = BEGAN) -> str:
    """Return how many of all subscribers remain possible, a row a case."""
    total = SUBSCRIBERS + MEASURING + 1
    lines = [
        f"| measured | remain of {total:,}, annex *public* | of them measured the same | annex *full* |",
        "|---|---|---|---|",
    ]
    for title, case in CASES.items():
        log, runs = log_of(case, began), (told_of(case, began),)
        public = possible(log, clues(runs, "public")[0])
        full = possible(log, clues(runs, "full")[0])
        alike = sum(subscriber <= MEASURING for subscriber in public)
        lines.append(f"| {title} | {len(public):,} | {alike} | {len(full)} |")
    return "\n".join(lines)


def _journal(text: str) -> Iterator[tuple[str, int]]:
    for line in text.splitlines():
        one = json.loads(line)
        host = re.sub(r"\A\w+://([^/]*)/.*\Z", r"\1", one["input"])
        yield host, _second(datetime.fromisoformat(one["measurement_start_time"]))


def _wider(clue: Clue, by: int) -> Clue:
    return dataclasses.replace(clue, first=clue.first - by, last=clue.last + by)


def _span(text: str) -> tuple[int, int]:
    """Return first and last second of the day that a time may mean, as exactly as it is told."""
    begin = _second(datetime.fromisoformat(text))
    hour_only = bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:00Z", text))
    return begin, begin + (3599 if hour_only else 0)


def _second(at: datetime) -> int:
    return int((at - DAY).total_seconds())


if __name__ == "__main__":
    print(table())  # noqa: T201 -- what it is for
