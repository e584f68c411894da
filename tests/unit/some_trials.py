"""Transfers as they might have been: a policed name beside its control, on a link of 8 Mbit/s."""

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from probe.judge.decide import sign_test
from probe.model.measurement import Measurement
from probe.model.transfer import TRIAL_SECONDS, Arm, Purpose, Transfer
from probe.report.trials import Rates, TargetTrials, trials_of


def a_transfer(
    arm: Arm,
    bps: float,
    *,
    test: int = 0,
    number: int = 0,
    position: int = 0,
    purpose: Purpose = "pair",
    t0: float = 0.0,
    burst: int = 0,
    n_bytes: int = 131_072,
) -> Transfer:
    """Return a transfer that moves `burst` bytes at once, the rest at a rate, for as long as a trial may."""
    requested, first = t0 + 0.15, t0 + 0.2
    seconds = min((n_bytes - burst) * 8 / bps if bps else TRIAL_SECONDS, TRIAL_SECONDS)
    moved = min(n_bytes, burst + int(bps * seconds / 8))
    steps = [burst + (moved - burst) * n // 40 for n in range(41)]
    series = [(first, burst)] if burst else []
    series += [(first + seconds * (n + 1) / 40, b - a) for n, (a, b) in enumerate(pairwise(steps)) if b > a]
    return Transfer(
        t0=t0,
        t=first + seconds,
        failure=None,
        arm=arm,
        purpose=purpose,
        test=test,
        number=number,
        position=position,
        ip="192.0.2.7",
        port=443,
        server_name="media.example" if arm in "TX" else "www.example.org",
        host="media.example",
        path="/x.bin",
        direction="down",
        requested=requested,
        first_byte=first,
        status_code=200,
        declared_length=10_000_000,
        ended_by="we",
        chain_length=2,
        n_bytes=moved,
        n_socket_bytes=moved,
        series=tuple(series),
    )


def a_measurement(started_s: float, *transfers: Transfer) -> Measurement:
    return Measurement(
        measurement_uid=f"m-{started_s:g}",
        target_id="sample/media",
        service="sample",
        input="https://media.example/",
        experiment="throughput",
        round=0,
        is_control=False,
        measurement_start_time=datetime(2026, 11, 21, tzinfo=UTC),
        started_s=started_s,
        runtime_s=4.0,
        transfers=transfers,
    )


def a_policed_run(
    *, n: int = 6, ratio: float = 0.0175, link: float = 8e6, seed: int = 1
) -> tuple[Measurement, ...]:
    """Return two tests of `n` pairs at the target's address, and two pairs elsewhere."""
    lot = random.Random(seed)
    made = []
    for test in (0, 1):
        for number in range(n):
            control = link * lot.uniform(0.7, 1.1)
            tested = link * ratio * lot.uniform(0.9, 1.1)
            a = a_transfer("T", tested, test=test, number=number, burst=16_000 if ratio < 0.5 else 0)
            b = a_transfer("C1", control, test=test, number=number, position=1, t0=2.2)
            made.append(a_measurement(100 + 5 * number + 90 * test, a, b))
    for number in range(2):
        a = a_transfer("X", link * 0.9, number=number)
        b = a_transfer("C2", link * 0.95, number=number, position=1, t0=2.2)
        made.append(a_measurement(140 + 5 * number, a, b))
    return tuple(made)


def drawn(measurements: Sequence[Measurement], unfit: Mapping[str, str] | None = None) -> TargetTrials:
    """Return them as drawn, rates over whole trials: plainer than judging does it."""
    known = {
        (m.measurement_uid, arms): Rates(
            tested_bps=_rate(by_arm[suspect]),
            control_bps=_rate(by_arm[control]),
            unfit=(unfit or {}).get(m.measurement_uid, ""),
        )
        for m in measurements
        for by_arm in [{t.arm: t for t in m.transfers}]
        for arms, suspect, control in (("T/C1", "T", "C1"), ("X/C2", "X", "C2"))
        if suspect in by_arm and control in by_arm
    }
    found = trials_of(measurements, known, sign_test)
    assert found is not None
    return found


def _rate(transfer: Transfer) -> float:
    assert transfer.requested is not None
    return transfer.n_socket_bytes * 8 / (transfer.t - transfer.requested)
