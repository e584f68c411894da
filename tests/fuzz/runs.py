"""Harnesses of runs: folders of strangers, their measurements judged."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from zipfile import ZipFile

import msgspec
from msgspec.structs import replace

from fuzz.files import a_baseline
from fuzz.harness import Harness, scratch
from probe.judge import build_facts, digest_control, judge_target, network_finding, network_verdict
from probe.model.measurement import Measurement
from probe.model.target import Service, Target
from probe.model.words import Risk
from probe.pipeline.finish import ODD
from probe.pipeline.inputs import CONTROLS, SERVICES, read_claims, read_inputs
from probe.store import OwnValues, Redactor, RunFolder, StoreError, codec, encode_baseline
from probe.store.journal import FIRST, chained
from unit import a_run as made
from unit.a_bag import SAMPLE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from probe.judge import RunFacts


@lru_cache(maxsize=1)
def sample() -> Path:
    """Return the kept bag's folder, unpacked."""
    with ZipFile(SAMPLE) as zipped:
        zipped.extractall(scratch() / "sample")
    (bag,) = (scratch() / "sample").iterdir()
    return bag


def _lines() -> list[bytes]:
    """Return records of every experiment of the kept run, the shortest each, without their chain."""
    shortest: dict[tuple[str, bool], bytes] = {}
    for line in (sample() / "data" / "measurements.jsonl").read_bytes().splitlines():
        record = json.loads(line)
        del record["prev_sha256"]
        plain = json.dumps(record, separators=(",", ":")).encode()
        kind = (record["experiment"], record["is_control"])
        if kind not in shortest or len(plain) < len(shortest[kind]):
            shortest[kind] = plain
    return [line for line in shortest.values() if len(line) < MAX_RECORD]


MAX_RECORD: Final = 4096


def _journal() -> Callable[[bytes], None]:
    results = scratch() / "journal"
    results.mkdir()
    nobody = Redactor(OwnValues())
    RunFolder.create(results, "run", redactor=nobody).close()
    path = results / "run" / "measurements.jsonl"

    def read(data: bytes) -> None:
        line = chained(data[1:], FIRST) if data[:1] == b"{" else data
        path.write_bytes(line)
        for torn in path.parent.glob("*.torn-*"):
            torn.unlink()
        with suppress(StoreError), RunFolder.open(path.parent, redactor=nobody) as run:
            for measurement in run.measurements():
                assert run.of_target(measurement.target_id)
        with suppress(StoreError), RunFolder.open(path.parent, redactor=nobody) as run:
            run.index()
            list(run.of_experiment("web"))
        with RunFolder.open(path.parent, append=True, redactor=nobody):
            assert path.stat().st_size <= len(line)

    return read


def _journal_seeds() -> Iterator[bytes]:
    yield from (b"{" + line for line in _lines())
    yield b"{" + codec.encode(made.a_full_measurement())
    yield b'{"prev_sha256":"' + FIRST.encode() + b'","x":' + b"[" * 1500 + b"\n"
    yield b"{" + b'{"target_id":"a","x":' + b"[" * 3000 + b"]" * 500 + b"}"


def _target_of(measurement: Measurement) -> Target:
    return Target(
        target_id=measurement.target_id,
        service="url",
        input=measurement.input,
        experiment=measurement.experiment,
    )


def _facts() -> RunFacts:
    with RunFolder.open(sample()) as run:
        record, inputs = run.read_run(), read_inputs(run)
        controls = inputs.control_targets()
        digests = [
            digest_control(m, controls[m.target_id]) for m in run.measurements() if m.target_id in controls
        ]
    held = inputs.controls
    return build_facts(
        options=record.options, vantage=record.vantage, neutrals=held.neutrals, network_targets=held.network,
        resolvers=held.resolvers, ranges=held.ranges, baseline=None, history=held.history, digests=digests,
        stopped="",
    )  # fmt: skip


def _judge() -> Callable[[bytes], None]:
    facts = _facts()
    with RunFolder.open(sample()) as run:
        targets = {each.target_id: each for each in read_inputs(run).targets()}
        controls = read_inputs(run).control_targets()
        history = read_inputs(run).controls.history
        own = [m for m in run.measurements() if m.target_id in targets]

    def read(data: bytes) -> None:
        try:
            measurement = codec.decode(data)
        except ValueError:
            return
        # What judging a stored run makes an error with its line of.
        with suppress(*ODD):
            control = controls.get(measurement.target_id)
            if control is not None:
                network_verdict(network_finding([digest_control(measurement, control)], history))
        with suppress(*ODD):
            target = targets.get(measurement.target_id) or _target_of(measurement)
            beside = [m for m in own if m.target_id == target.target_id]
            for heard in ([measurement], [*beside, measurement]):
                verdict = judge_target(facts, target, heard).verdict
                assert "{" not in verdict.because or "{" in data.decode("utf-8", "replace")
                codec.encode(verdict)

    return read


def judge_seeds() -> Iterator[bytes]:
    yield from _lines()
    full = replace(made.a_full_measurement(), target_id="url/start.probe-lab.example-48a0d48c7d")
    yield codec.encode(full)


_PARTS: Final = (
    "run.json",
    f"inputs/{SERVICES}",
    f"inputs/{CONTROLS}",
    "inputs/baseline.json",
    "inputs/claims.json",
    "verdicts.jsonl",
)


def _run() -> Callable[[bytes], None]:
    results = scratch() / "runs"
    results.mkdir()
    folder = results / "run"
    nobody = Redactor(OwnValues())
    RunFolder.create(results, "run", redactor=nobody).close()
    for content in _run_seeds():
        (folder / _PARTS[content[0]]).write_bytes(content[1:])
    whole = {name: (folder / name).read_bytes() for name in _PARTS}

    def read(data: bytes) -> None:
        which = data[0] % len(_PARTS) if data else 0
        name = _PARTS[which]
        (folder / name).write_bytes(data[1:])
        try:
            with RunFolder.open(folder, redactor=nobody) as run, suppress(StoreError):
                _READERS[which](run)
        finally:
            (folder / name).write_bytes(whole[name])

    return read


def _inputs(run: RunFolder) -> None:
    inputs = read_inputs(run)
    inputs.targets()
    inputs.facts()
    inputs.control_targets()


_READERS: Final[tuple[Callable[[RunFolder], object], ...]] = (
    RunFolder.read_run,
    _inputs,
    _inputs,
    _inputs,
    read_claims,
    lambda run: list(run.read_verdicts()),
)


def _run_seeds() -> Iterator[bytes]:
    target = Target(target_id="url/a", service="url", input="https://a.example/", experiment="web")
    service = Service(service="url", title="url", rule="any", risk=Risk.LOW, targets=(target,))
    with RunFolder.open(sample()) as run:
        controls = read_inputs(run).controls
    controls = replace(
        controls, neutrals=controls.neutrals[:1], network=(), resolvers=(), ranges={"x": ("192.0.2.0/24",)}
    )
    yield b"\0" + codec.document(made.a_record())
    yield b"\1" + msgspec.json.encode(service) + b"\n"
    yield b"\2" + msgspec.json.encode(controls)
    yield b"\3" + encode_baseline(a_baseline())
    yield b"\4" + b'[{"input":"https://a.example/"}]\n'
    yield b"\5" + codec.encode(made.a_verdict()) + b"\n"


HARNESSES: Final = (
    Harness(
        name="journal",
        reads="journals of measurements",
        make=_journal,
        seeds=_journal_seeds,
        kind="json",
        head=1,
        max_len=MAX_RECORD,
    ),
    Harness(name="run", reads="run.json, inputs, verdicts", make=_run, seeds=_run_seeds, kind="json", head=1),
    Harness(
        name="judge",
        reads="measurements that are judged",
        make=_judge,
        seeds=judge_seeds,
        kind="json",
        max_len=MAX_RECORD,
    ),
)
