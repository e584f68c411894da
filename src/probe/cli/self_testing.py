"""What `probe self-test` does once its options are parsed, and how its estimate is said."""

import sys
from typing import TYPE_CHECKING

from probe.cli import exits
from probe.locale import _, ngettext

if TYPE_CHECKING:
    from pathlib import Path

    from probe.cli.asked import Asked
    from probe.judge import SelfTest
    from probe.model.options import RunRecord
    from probe.pipeline.run import RunResult
    from probe.pipeline.selftest import Errors


def measure(asked: "Asked", *, dry_run: bool, json_lines: bool) -> int:
    """Ask, measure, keep, and print; return the exit code."""
    from probe.cli.asking import consented, would_run
    from probe.cli.dry_run import tell
    from probe.cli.measuring import real_network
    from probe.cli.watching import observer
    from probe.pipeline.selftest import run_self_test

    with exits.told():
        network = real_network()
        if dry_run:
            tell(would_run(asked), json_lines=json_lines)
            return exits.OK
        prepared = consented(asked, network)
        if prepared is None:
            return exits.NOTHING
        with observer() as watching:
            result, errors = run_self_test(prepared, network, watching)
        if json_lines:
            _write_json(errors)
        else:
            show(result, errors)
    return result.exit_code


def _write_json(errors: "Errors") -> None:
    import json

    import msgspec

    sys.stdout.write(json.dumps(msgspec.to_builtins(errors), ensure_ascii=True) + "\n")


def show(result: "RunResult", errors: "Errors") -> None:
    """Print the network, this link now, the pool of all runs here, and where it is kept."""
    from probe.cli.terminal import console
    from probe.pipeline.selftest import FILE
    from probe.report.console_text import WIDEST, label_of, paragraph, reason
    from probe.report.show import visible

    out = console(sys.stdout)
    width = min(out.width, WIDEST)
    paragraph(out, f"{_('Network')}{_(': ')}{label_of(result.network)}", "bold", width)
    if result.network.reason_code is not None:
        paragraph(out, reason(result.network), "", width, 2)
    paragraph(out, _("This link, now"), "bold", width)
    for line in lines_of(errors.here):
        paragraph(out, line, "", width, 2)
    if errors.earlier_runs:
        runs = ngettext("With {n} earlier run here", "With {n} earlier runs here", errors.earlier_runs)
        paragraph(out, runs.format(n=errors.earlier_runs), "bold", width)
        for line in lines_of(errors.pooled):
            paragraph(out, line, "", width, 2)
    paragraph(out, _("Files"), "bold", width)
    paragraph(out, visible(str(result.folder / FILE), 1000), "", width, 2)


def lines_of(found: "SelfTest") -> tuple[str, ...]:
    """Return what an estimate says: how many trials, how often it errs at most, and what it cannot see."""
    if not found.n_trials:
        return (_("No neutral trial could be made: nothing can be said of errors here."),)
    made = ngettext("{n} neutral trial", "{n} neutral trials", found.n_trials).format(n=found.n_trials)
    if not found.n_tests:
        return (
            _("{trials}: too few for one comparison, which takes twelve at one server.").format(trials=made),
        )
    return (
        _("{trials}, spread of their speeds {spread}: {tests}.").format(
            trials=made,
            spread=f"{found.rsd:.2f}",
            tests=ngettext(
                "{n} comparison that shares none with another",
                "{n} comparisons that share none with another",
                found.n_tests,
            ).format(n=found.n_tests),
        ),
        _("Called throttled though nothing is: {n} of {all} ways of comparing them.").format(
            n=found.n_false, all=found.n_permutations
        ),
        _("So at most {bound} of comparisons here would be called so, with 95 % confidence.").format(
            bound=percent(found.bound)
        ),
        floor_of(found),
    )


def floor_of(found: "SelfTest") -> str:
    """Say what slowdown could not have been seen on this link."""
    if found.floor_ratio is None:
        return _("Even a slowdown to a thirtieth would not have been seen here.")
    return _("A slowdown of less than {times}-fold could not have been seen here reliably.").format(
        times=f"{1 / found.floor_ratio:.3g}"
    )


def percent(share: float) -> str:
    """Return a share in per cent, with two digits, rounded up: a bound never becomes a promise."""
    from math import ceil, floor, log10

    if share >= 1:
        return _("{n} %").format(n="100")
    digits = 1 - floor(log10(share * 100))
    step = 10.0**digits
    return _("{n} %").format(n=f"{ceil(share * 100 * step - 1e-9) / step:.{max(digits, 0)}f}")


def line_after_a_run(folder: "Path", record: "RunRecord") -> str:
    """Return what a run's controls, and those of earlier runs here, say of its errors; empty if too few."""
    from probe.pipeline.selftest import errors_of

    found = errors_of(folder, record).pooled
    if not found.n_tests:
        return ""
    made = ngettext("{n} neutral trial", "{n} neutral trials", found.n_trials).format(n=found.n_trials)
    return _(
        "By {trials} of this and earlier runs here, at most {bound} of comparisons would be called throttled"
        " though nothing is."
    ).format(trials=made, bound=percent(found.bound))
