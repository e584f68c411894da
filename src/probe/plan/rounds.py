"""The tries that every target gets, and the order in which targets take their turn."""

import hashlib
from collections.abc import Iterable, Sequence
from itertools import zip_longest

from probe.model.options import RunOptions
from probe.model.target import Step, Target


def round_steps(
    target: Target,
    options: RunOptions,
    *,
    started_s: float,
    done: int = 0,
    addresses: tuple[str, ...] = (),
) -> tuple[Step, ...]:
    """Return the rounds of one target that are still to come, spaced by `options.round_gap_s`.

    `started_s` is when the first of them may begin, in seconds since the run began; `done` rounds lie
    behind us already (a run that is taken up again).
    """
    return tuple(
        Step(
            target=target,
            experiment=target.experiment,
            round=number,
            addresses=addresses,
            not_before_s=started_s + (number - done) * options.round_gap_s,
        )
        for number in range(done, options.rounds)
    )


def neutral_steps(
    neutrals: Iterable[Target], resolvers: Iterable[Target], *, number: int, not_before_s: float
) -> tuple[Step, ...]:
    """Return one full round of the neutral set, by name, and of public resolvers, by address.

    Without the latter a dead resolver here and a dead network would look alike.
    """
    pages = [(target, target.experiment) for target in neutrals]
    asked = [(target, "neutral") for target in resolvers if target.input.startswith("dns+udp://")]
    return tuple(
        Step(target=target, experiment=experiment, round=number, not_before_s=not_before_s)
        for target, experiment in (*pages, *asked)
    )


def network_steps(targets: Iterable[Target]) -> tuple[Step, ...]:
    """Return what is asked of the network itself before any target: portal checks, the sinkhole."""
    return tuple(Step(target=target, experiment=target.experiment) for target in targets)


def interleave(targets: Sequence[Target], seed: int) -> tuple[Target, ...]:
    """Shuffle by the seed and take turns between services.

    A bad minute then hurts many services a little rather than one service in all its endpoints, and
    no service's endpoints stand in a burst that a middlebox would notice.
    """
    by_service: dict[str, list[Target]] = {}
    for target in sorted(targets, key=lambda t: _lot(seed, t.target_id)):
        by_service.setdefault(target.service, []).append(target)
    turns = zip_longest(*by_service.values())
    return tuple(target for turn in turns for target in turn if target is not None)


def _lot(seed: int, name: str) -> bytes:
    return hashlib.sha256(f"{seed}:{name}".encode()).digest()
