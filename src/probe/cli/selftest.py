"""`probe self-test`: how often this program would see throttling on this link though there is none."""

from typing import Annotated

import typer

from probe.cli import options as o
from probe.cli.described import described
from probe.locale import _


def add_to(app: typer.Typer) -> None:
    """Give the application the command `self-test`."""
    app.command(
        "self-test",
        help=described(
            _(
                "Compare neutral sites with themselves, as a target would be compared, and say how often that"
                " errs on this link. It takes a few minutes; every run adds its own controls to the estimate."
            ),
            ("probe self-test", _("24 trials")),
            ("probe self-test --trials 120 --max-mb 40", _("a tighter bound")),
        ),
    )(self_test)


Helper = Annotated[
    list[str] | None,
    typer.Option("--control", metavar="URL", help=_("A helper of your campaign whose transfers are used.")),
]


def self_test(
    *,
    trials: Annotated[
        int,
        typer.Option(
            "--trials", metavar="N", min=12, max=600, help=_("Transfers; twelve make one comparison.")
        ),
    ] = 24,
    results: o.Results = o.RESULTS,
    control: Helper = None,
    timeout: o.Timeout = o.TIMEOUT_S,
    max_mb: o.MaxMb = o.MAX_MB,
    max_minutes: o.MaxMinutes = o.MAX_MINUTES,
    dns: o.Dns = "",
    asn: o.Asn = "",
    asn_table: o.AsnTable = None,
    region: o.Region = "withheld",
    network_name: o.NetworkName = "",
    access_type: o.AccessType = "",
    dry_run: o.DryRun = False,
    yes: o.Yes = False,
    json_lines: Annotated[bool, typer.Option("--json", help=_("One JSON object on stdout."))] = False,
    lang: o.Lang = "",
) -> None:
    """Parse, measure, and end with the exit code."""
    o.speak(lang)
    from probe.cli.asked import asked
    from probe.cli.self_testing import measure

    typed = asked(
        "probe self-test",
        results=results,
        control=control or ["none"],
        timeout=timeout,
        max_mb=max_mb,
        max_minutes=max_minutes,
        dns=dns,
        asn=asn,
        asn_table=asn_table,
        region=region,
        network_name=network_name,
        access_type=access_type,
        yes=yes,
        trials=trials,
    )
    if typed.controls and "ooni" in typed.controls:
        raise typer.BadParameter(_("OONI's helpers serve no transfers."), param_hint="--control")
    raise typer.Exit(measure(typed, dry_run=dry_run, json_lines=json_lines))
