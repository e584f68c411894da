"""`probe baseline`: what targets look like from a network where nothing interferes."""

from pathlib import Path
from typing import Annotated

import typer

from probe.cli import options as o
from probe.cli.described import described
from probe.locale import _

Out = Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help=_("The file to write."))]

group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


def add_to(app: typer.Typer) -> None:
    """Give the application the group `baseline`."""
    app.add_typer(
        group,
        name="baseline",
        help=described(
            _("Record how targets answer elsewhere."),
            "probe baseline record all -o elsewhere.json",
            "probe run --baseline elsewhere.json",
        ),
    )


@group.command(
    "record",
    help=described(
        _("Measure targets on a network where nothing interferes, and keep how they answered."),
        "probe baseline record telegram youtube -o elsewhere.json",
        "probe baseline record --for RUN -o elsewhere.json",
    ),
)
def record(
    context: typer.Context,
    *,
    out: Out,
    services: o.Services = None,
    lists: o.Lists = None,
    urls: o.Urls = None,
    apps: o.Apps = None,
    vpn: o.Vpn = None,
    for_run: Annotated[
        Path | None, typer.Option("--for", metavar="RUN", help=_("The targets and addresses of that run."))
    ] = None,
    results: o.Results = o.RESULTS,
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
    yes: o.Yes = False,
    lang: o.Lang = "",
) -> None:
    """Measure, and keep how targets answered."""
    o.speak(lang)
    from probe.cli.asked import asked
    from probe.cli.measuring import record_baseline

    if for_run is not None:
        every = {parameter.name or "" for parameter in context.command.params}
        o.alone(context, "--for", frozenset(every - {"services", "lists", "urls", "apps"}))
    typed = asked(
        "probe baseline record",
        services=services,
        lists=lists,
        urls=urls,
        apps=apps,
        vpn=vpn,
        results=results,
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
        region=region,
        network_name=network_name,
        access_type=access_type,
        include_elevated=include_elevated,
        include_high_risk=include_high_risk,
        for_run=for_run,
        yes=yes,
    )
    raise typer.Exit(record_baseline(typed, out))


@group.command(
    "from",
    help=described(
        _("Make a baseline of a run that is there already."),
        "probe baseline from results/20261121T101500Z-AS12389-4f2a -o elsewhere.json",
    ),
)
def from_run(
    run: Annotated[Path, typer.Argument(metavar="RUN", help=_("A folder under results/."))],
    out: Out,
    lang: o.Lang = "",
) -> None:
    """Make a baseline of a stored run."""
    o.speak(lang)
    from probe.cli.measuring import baseline_from

    baseline_from(run, out)


@group.command(
    "show",
    help=described(
        _("Show what a baseline file holds."),
        "probe baseline show elsewhere.json",
    ),
)
def show(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=_("A baseline file."))], lang: o.Lang = ""
) -> None:
    """Show a baseline."""
    o.speak(lang)
    from probe.cli.showing import show_baseline

    show_baseline(file)
