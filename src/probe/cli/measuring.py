"""What the measuring commands do once their options are parsed: prepare, ask, run, show."""

import dataclasses
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from probe.cli import exits
from probe.cli.places import check_baseline_out, check_export
from probe.locale import _, ngettext

if TYPE_CHECKING:
    from probe.cli.asked import Asked
    from probe.model.network import Network
    from probe.model.options import RunRecord
    from probe.model.verdict import Verdict
    from probe.pipeline.inputs import Inputs
    from probe.pipeline.request import Prepared
    from probe.pipeline.run import RunResult
    from probe.report.trials import TargetTrials


def measure(asked: "Asked", *, dry_run: bool, json_lines: bool, fail_on: frozenset[str]) -> int:
    """Do what `probe run` does; return the exit code."""
    from probe.cli.asking import consented, would_run
    from probe.cli.dry_run import tell
    from probe.cli.ephemeral import tell_of_killed
    from probe.cli.exporting import write_csv
    from probe.cli.options import STDOUT
    from probe.cli.standing import tell_if_undetected

    with exits.told():
        network = real_network()
        asked = _placed(asked)
        if dry_run:
            tell(would_run(asked), json_lines=json_lines)
            return exits.OK
        tell_of_killed()
        check_export(asked.export)
        prepared = consented(asked, network)
        if prepared is None:
            return exits.NOTHING
        with _kept(asked, prepared) as keeping:
            result = _watched_run(keeping, network)
            tell_if_undetected(keeping, result.record)
            if asked.export != STDOUT:
                _show(result, keeping, json_lines=json_lines, run=result.folder, kept=not asked.ephemeral)
            if result.refused is not None:
                raise result.refused
            if asked.export is not None:
                write_csv([result.folder], None if asked.export == STDOUT else asked.export)
    if result.exit_code == exits.OK and any(v.state in fail_on for v in result.verdicts):
        return exits.FAIL_ON
    return result.exit_code


def real_network() -> "Network":
    """Return the network of this machine; opening it sends nothing."""
    from probe.measure.dial import RealNetwork

    return RealNetwork()


def _placed(asked: "Asked") -> "Asked":
    """Return it with the place that what is not kept lies in for a while; a disk is told of."""
    if not asked.ephemeral:
        return asked
    from probe.cli.ephemeral import place, tell_where

    tell_where(where := place())
    return replace(asked, results=where)


@contextmanager
def _kept(asked: "Asked", prepared: "Prepared") -> "Iterator[Prepared]":
    """Yield what is run: where it was asked for, in a folder that is gone when the block ends."""
    if not asked.ephemeral:
        yield prepared
        return
    from probe.cli.ephemeral import tell_end, vanishing

    with vanishing(prepared.request.results) as folder:
        yield dataclasses.replace(prepared, request=replace(prepared.request, results=folder))
    tell_end()


def _watched_run(prepared: "Prepared", network: "Network") -> "RunResult":
    from probe.cli.watching import observer
    from probe.pipeline.run import run

    with observer() as watching:
        return run(prepared, network, watching)


def _show(
    result: "RunResult",
    prepared: "Prepared | None",
    *,
    json_lines: bool,
    run: Path,
    pairs: bool = False,
    baseline: Path | None = None,
    kept: bool = True,
) -> None:
    """Print the outcome on stdout, as a table or JSON Lines; `pairs` draws those of every target tested.

    What is not kept has no files to name.
    """
    from probe.cli.terminal import console
    from probe.report.console import Outcome, show

    if json_lines:
        print_json(result.record, chain((result.network,), result.verdicts))
        return
    options = result.record.options
    outcome = Outcome(
        folder=str(result.folder) if kept else "",
        stands_on=str(run) if kept and run.resolve() != result.folder.resolve() else "",
        record=result.record,
        network=result.network,
        services=result.services,
        verdicts=result.verdicts,
        trials=_trials(result, run, every=pairs),
        facts=_facts(run, baseline, result.inputs),
        errors=_errors(result) if prepared is not None else "",
        controls_known=bool(
            options.controls or options.control_proxy or (prepared is not None and prepared.baseline)
        ),
    )
    show(console(sys.stdout), outcome)


def show_stored(result: "RunResult") -> None:
    """Print the outcome of a run that lies on disk, as a table."""
    _show(result, None, json_lines=False, run=result.folder)


def _errors(result: "RunResult") -> str:
    """Return how often comparisons err on this link, where the run made any."""
    if all(verdict.goodput_ratio is None for verdict in result.verdicts):
        return ""
    from probe.cli.self_testing import line_after_a_run

    return line_after_a_run(result.folder, result.record)


def _facts(run: Path, baseline: Path | None, inputs: "Inputs") -> tuple[str, ...]:
    """Return what a run observed beside its verdicts, a sentence each; a baseline's instead of its own."""
    from probe.pipeline.fact_list import facts_of_run
    from probe.report.facts import lines

    return tuple(lines(facts_of_run(run, baseline, inputs)))


def _trials(result: "RunResult", run: Path, *, every: bool) -> "tuple[TargetTrials, ...]":
    """Return the pairs of what is throttled, or of all; the measurements are read only for that."""
    throttled = {v.target_id for v in result.verdicts if v.state == "throttled"}
    if not every and not throttled:
        return ()
    from probe.pipeline.trials import trials_of_run

    return trials_of_run(run, None if every else throttled)


def print_json(record: "RunRecord", verdicts: Iterable["Verdict"]) -> None:
    """Write one JSON object a verdict, with the keys of verdicts.csv."""
    import json

    from probe.report.columns import VERDICT_COLUMNS, VerdictRow

    for verdict in verdicts:
        row = VerdictRow(
            run_id=record.run_id, verdict=verdict, vantage=record.vantage, simulated=record.simulated
        )
        line = {column.name: column.value(row) for column in VERDICT_COLUMNS}
        sys.stdout.write(json.dumps(line, ensure_ascii=True) + "\n")


def demonstrate(scenario: str, results: Path, *, json_lines: bool) -> int:
    """Do what `probe demo` does; return the exit code."""
    from probe.cli.watching import observer
    from probe.lab import SCENARIOS
    from probe.pipeline import demo

    if scenario and scenario not in SCENARIOS:
        exits.stop(_("There is no scenario {name}.").format(name=scenario), "probe demo --list-scenarios")
    with exits.told(), observer() as watching:
        result = demo(scenario, results, watching)
    _show(result, None, json_lines=json_lines, run=result.folder)
    if result.refused is not None:
        with exits.told():
            raise result.refused
    return result.exit_code


def name_scenarios() -> None:
    """Print the lab's scenarios, one a line, with what happens in each."""
    from probe.lab import SCENARIOS

    width = max(map(len, SCENARIOS))
    for name, scenario in SCENARIOS.items():
        sys.stdout.write(f"{name:{width}}  {scenario.title}\n")


def judge_again(run: Path, baseline: Path | None, out: Path | None, *, pairs: bool, json_lines: bool) -> int:
    """Do what `probe judge` does; return the exit code."""
    from probe.pipeline import rejudge

    with exits.told():
        result = rejudge(run, baseline, out)
        _show(result, None, json_lines=json_lines, run=run, pairs=pairs, baseline=baseline)
    return result.exit_code


def record_baseline(asked: "Asked", out: Path) -> int:
    """Do what `probe baseline record` does; return the exit code."""
    from probe.cli.asking import consented
    from probe.cli.watching import observer
    from probe.pipeline import record_baseline as record

    with exits.told():
        check_baseline_out(out)
        network = real_network()
        prepared = consented(asked, network)
        if prepared is None:
            return exits.NOTHING
        with observer() as watching:
            baseline, code = record(prepared, network, watching, out=out)
    _written(out, len(baseline.targets))
    return code


def baseline_from(run: Path, out: Path) -> None:
    """Make a baseline file of a stored run, and say where it lies."""
    from probe.pipeline import baseline_from_run

    with exits.told():
        check_baseline_out(out)
        baseline = baseline_from_run(run, out)
    _written(out, len(baseline.targets))


def _written(out: Path, n_targets: int) -> None:
    """Say where a baseline lies and what it is for."""
    from probe.report.show import visible

    shown = visible(str(out), 1000)
    sys.stdout.write(
        ngettext("{n} target written: {file}", "{n} targets written: {file}", n_targets).format(
            n=n_targets, file=shown
        )
        + "\n"
        + _("Compare with it: probe run --baseline {file}").format(file=shown)
        + "\n"
    )
