"""What a finished run looks like on a terminal: the network, an overview, the reasons, and what to do next.

Everything is shown as `Text`, never as markup, and every value that came from outside passes `visible`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from rich.text import Text

from probe.locale import _, ngettext, say_notes
from probe.model.words import WORST_FIRST
from probe.report import words
from probe.report.categories import category_table
from probe.report.console_details import common_caveats, details
from probe.report.console_overview import overview
from probe.report.console_text import STYLES, WIDEST, label_of, paragraph, reason, unpadded
from probe.report.console_trials import speeds
from probe.report.next_steps import advice
from probe.report.show import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from probe.model.options import RunRecord
    from probe.model.verdict import ServiceVerdict, Verdict
    from probe.report.trials import TargetTrials


class Outcome(Struct, frozen=True, kw_only=True):
    """A judged run, as much of it as is shown."""

    folder: str
    """Empty where nothing is kept."""
    stands_on: str = ""
    """The folder of the measurements, where it is another."""
    record: RunRecord
    network: Verdict
    services: tuple[ServiceVerdict, ...]
    verdicts: Sequence[Verdict]
    """Without the network's own."""
    trials: tuple[TargetTrials, ...] = ()
    """Pairs to be drawn."""
    facts: tuple[str, ...] = ()
    """What registries, routing and paths showed, a sentence each."""
    errors: str = ""
    """How often comparisons of speed err on this link; empty where none were made."""
    controls_known: bool = True
    """Whether a control was asked for; if not, the summary says what one would add."""


def show(console: Console, outcome: Outcome) -> None:
    """Print the whole outcome, the network first, then services from worst to best."""
    width = min(console.width, WIDEST)
    services = sorted(
        (s for s in outcome.services if s.service != "network"),
        key=lambda s: (WORST_FIRST.index(s.state), not s.confirmed),
    )
    if outcome.record.simulated:
        text = _("Made in the built-in lab: not evidence of anything.")
        paragraph(console, text, "bold", width)
        console.print()
    if outcome.record.imported_from:
        text = _("Measured by another program ({software}); only judged here.")
        software = visible(outcome.record.vantage.software, 200) or _("unknown")
        paragraph(console, text.format(software=software), "bold", width)
        console.print()
    measured = outcome.verdicts
    if outcome.network.reason_code is not None:  # then the network is the finding: no paragraph a target
        measured = tuple(v for v in measured if v.n_observations)
    there = {v.service for v in measured}
    untouched = len(outcome.verdicts) - len(measured)
    common = common_caveats(measured)
    _network(console, outcome, width)
    if untouched:
        text = ngettext("{n} target was not measured.", "{n} targets were not measured.", untouched)
        paragraph(console, text.format(n=untouched), "", width, 2)
    for caveat in common:
        paragraph(console, words.sentence(_(words.CAVEATS[caveat])), "yellow", width, 2)
    if untouched:
        services = [service for service in services if service.service in there]
    if services:
        unpadded(console, overview(services, measured, width), width)
    if (by_category := category_table(measured)) is not None:
        unpadded(console, by_category, width)
    asn = outcome.record.vantage.probe_asn
    details(console, measured, asn=asn, width=width, common=common)
    speeds(console, outcome.trials, width)
    if outcome.errors:
        paragraph(console, outcome.errors, "", width)
    facts(console, outcome.facts, width)
    _farewell(console, outcome, width)


def _network(console: Console, outcome: Outcome, width: int) -> None:
    found = outcome.network
    vantage = outcome.record.vantage
    place = [visible(vantage.probe_asn, 20) if vantage.probe_asn != "AS0" else _("operator not declared")]
    line_kind = words.ACCESS.get(vantage.access_type)
    named = (vantage.probe_network_name, _(line_kind) if line_kind else vantage.access_type)
    place += [visible(part, 60) for part in named if part]
    line = Text(_("Network"), style="bold").append(f"  {', '.join(place)}{_(': ')}", style="")
    line.append(label_of(found), style=STYLES[found.state])
    paragraph(console, line, "", width)
    paragraph(console, reason(found), "", width, 2)
    for note in say_notes(found):
        paragraph(console, _("Note: {note}").format(note=visible(note, 600)), "", width, 2)


def facts(console: Console, sentences: Sequence[str], width: int) -> None:
    """Print what was observed and is not judged."""
    if not sentences:
        return
    console.print()
    console.print(Text(_("Facts"), style="bold"))
    for sentence in sentences:
        paragraph(console, sentence, "", width, 2)


def _farewell(console: Console, outcome: Outcome, width: int) -> None:
    """Say where the files are and what to do next."""
    folder = visible(outcome.folder, 1000)
    console.print()
    stands_on = visible(outcome.stands_on, 1000)
    if stands_on:
        console.print(Text(_("Files"), style="bold"))
        paragraph(console, folder, "", width, 2)
        text = _("verdicts.csv is the one to send; what it stands on lies in {folder}.")
        paragraph(console, text.format(folder=stands_on), "", width, 2)
        paragraph(console, _("It holds exact times: it is not for publishing."), "", width, 2)
        console.print()
    elif folder:
        console.print(Text(_("Files"), style="bold"))
        paragraph(console, folder, "", width, 2)
        text = _("verdicts.csv is the one to send; measurements.jsonl is what it stands on.")
        paragraph(console, text, "", width, 2)
        text = _("It holds exact times. What may be published: {command}")
        command = f"probe report {folder} --format csv --disclosure public"
        paragraph(console, text.format(command=command), "", width, 2)
        console.print()
    console.print(Text(_("What next"), style="bold"))
    for line in advice(
        outcome.record,
        stands_on or folder,
        outcome.network,
        outcome.verdicts,
        has_control=outcome.controls_known,
    ):
        paragraph(console, line, "", width, 2)
