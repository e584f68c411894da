"""`probe run`: measure, judge, show."""

from pathlib import Path
from typing import Annotated

import typer

from probe.cli import options as o
from probe.cli.described import described
from probe.locale import _


def add_to(app: typer.Typer) -> None:
    """Give the application the command `run`."""
    app.command(
        "run",
        help=described(
            _("Measure the default set, or only the services named."),
            ("probe run --dry-run", _("what would be contacted; sends nothing")),
            ("probe run", _("the default set")),
            ("probe run telegram youtube --control ooni", _("two services, compared with OONI's helpers")),
            ("probe run --list my.csv --asn AS12389", _("a list of your own, your operator declared")),
            ("probe run --ephemeral --export -", _("nothing is kept, the verdicts are printed as CSV")),
        ),
    )(run)


BESIDE_RESUME = frozenset(
    (
        *("resume", "vpn", "asn_table", "results", "max_mb", "max_minutes"),
        *("dry_run", "yes", "json_lines", "lang", "fail_on", "export"),
    )
)
"""What may be typed beside --resume: budgets and showing. The rest is as the run was begun."""


def run(
    context: typer.Context,
    *,
    services: o.Services = None,
    lists: o.Lists = None,
    urls: o.Urls = None,
    apps: o.Apps = None,
    registry_files: o.RegistryFiles = None,
    vpn: o.Vpn = None,
    results: o.Results = o.RESULTS,
    ephemeral: o.Ephemeral = False,
    export: o.Export = None,
    baseline: o.BaselineFile = None,
    control: o.Control = None,
    control_proxy: o.ControlProxy = "",
    throughput: o.Throughput = True,
    rounds: o.Rounds = o.ROUNDS,
    confirm_after: o.ConfirmAfter = o.CONFIRM_AFTER_S,
    concurrency: o.Concurrency = o.CONCURRENCY,
    timeout: o.Timeout = o.TIMEOUT_S,
    max_mb: o.MaxMb = o.MAX_MB,
    max_minutes: o.MaxMinutes = o.MAX_MINUTES,
    dns: o.Dns = "",
    asn: o.Asn = "",
    asn_table: o.AsnTable = None,
    region: o.Region = "withheld",
    network_name: o.NetworkName = "",
    access_type: o.AccessType = "",
    include_elevated: o.Elevated = False,
    include_high_risk: o.HighRisk = False,
    dry_run: o.DryRun = False,
    trust_anchor: Annotated[
        Path | None,
        typer.Option("--trust-anchor", metavar="FILE", help=_("The DNS root's keys, as DS records.")),
    ] = None,
    yes: o.Yes = False,
    json_lines: o.JsonLines = False,
    lang: o.Lang = "",
    fail_on: Annotated[
        str,
        typer.Option("--fail-on", metavar="STATE,...", help=_("End with 1 if a target is in such a state.")),
    ] = "",
    resume: Annotated[
        Path | None, typer.Option("--resume", metavar="RUN", help=_("Go on with a run that was interrupted."))
    ] = None,
) -> None:
    """Parse, measure, and end with the run's exit code."""
    o.speak(lang)
    from probe.cli.asked import asked
    from probe.cli.measuring import measure

    if resume is not None:
        o.alone(context, "--resume", BESIDE_RESUME)
    if ephemeral and o.typed(context, "results"):
        raise typer.BadParameter(
            _("it does not go together with {others}.").format(others="--results"), param_hint="--ephemeral"
        )
    if json_lines and export == o.STDOUT:
        raise typer.BadParameter(
            _("it does not go together with {others}.").format(others="--json"), param_hint="--export -"
        )
    failing = o.states(fail_on)
    typed = asked(
        "probe run",
        services=services,
        lists=lists,
        urls=urls,
        apps=apps,
        registry_files=registry_files,
        vpn=vpn,
        results=results,
        baseline=baseline,
        control=control,
        control_proxy=control_proxy,
        throughput=throughput,
        rounds=rounds,
        confirm_after=confirm_after,
        concurrency=concurrency,
        timeout=timeout,
        max_mb=max_mb,
        max_minutes=max_minutes,
        dns=dns,
        asn=asn,
        asn_table=asn_table,
        ephemeral=ephemeral,
        export=export,
        region=region,
        network_name=network_name,
        access_type=access_type,
        include_elevated=include_elevated,
        include_high_risk=include_high_risk,
        resume=resume,
        trust_anchor=trust_anchor,
        yes=yes,
    )
    raise typer.Exit(measure(typed, dry_run=dry_run, json_lines=json_lines, fail_on=failing))
