"""`probe judge`: the verdicts of a stored run again, offline."""

from pathlib import Path
from typing import Annotated

import typer

from probe.cli import options as o
from probe.cli.described import described
from probe.locale import _


def add_to(app: typer.Typer) -> None:
    """Give the application the command `judge`."""
    app.command(
        "judge",
        help=described(
            _("Judge a stored run again, offline."),
            "probe judge results/20261121T101500Z-AS12389-4f2a",
            "probe judge RUN --baseline elsewhere.json -o judged-again",
            ("probe judge ooni.jsonl -o results", _("OONI measurements, by this program's rules")),
        ),
    )(judge)


def judge(
    *,
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN|FILE.jsonl", help=_("A folder under results/, or a file of OONI measurements.")
        ),
    ],
    baseline: o.BaselineFile = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "-o", "--out", metavar="DIR", help=_("Write the verdicts there instead; of a file, the runs.")
        ),
    ] = None,
    pairs: Annotated[
        bool, typer.Option("--pairs", help=_("Draw the speeds compared, of every target tested."))
    ] = False,
    json_lines: o.JsonLines = False,
    lang: o.Lang = "",
) -> None:
    """Judge again and show the verdicts."""
    o.speak(lang)
    if run.is_file():
        from probe.cli.importing import judge_file

        raise typer.Exit(judge_file(run, baseline, out, json_lines=json_lines))
    from probe.cli.measuring import judge_again

    raise typer.Exit(judge_again(run, baseline, out, pairs=pairs, json_lines=json_lines))
