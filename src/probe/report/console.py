"""What a finished run looks like on a terminal: an overview, the reasons, and what to do next.

Everything is shown as `Text`, never as markup, and every value that came from outside passes `visible`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich import box
from rich.table import Table
from rich.text import Text

from probe.locale import _, ngettext, say
from probe.model.words import WORST_FIRST, State
from probe.report import words
from probe.report.next_steps import advice
from probe.report.show import encodable, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

    from probe.model.options import RunRecord
    from probe.model.verdict import ServiceVerdict, Verdict

STYLES: Final = {
    "blocked": "bold red",
    "throttled": "bold magenta",
    "geoblocked": "yellow",
    "down": "yellow",
    "inconclusive": "cyan",
    "reachable": "green",
}
ACCUSING: Final = (State.BLOCKED, State.THROTTLED)
WIDEST: Final = 120
"""Columns used at most: longer lines are hard to read."""
ROOMY: Final = 100
"""Columns from which the overview says what was compared with."""
INPUTS_SHOWN: Final = 6
GROUPS_SHOWN: Final = 60
"""Reasons told under one state: a list of ten thousand addresses is read in the CSV."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A judged run, as much of it as is shown."""

    folder: str
    record: RunRecord
    network: Verdict
    services: tuple[ServiceVerdict, ...]
    verdicts: tuple[Verdict, ...]
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
        _say(console, _("Made in the built-in lab: not evidence of anything."), "bold", width)
        console.print()
    _network(console, outcome, width)
    console.print(overview(services, outcome.verdicts, width), width=width)
    sections = {service.service: service.state for service in services}
    groups = [group for group in grouped(outcome.verdicts) if _worth_telling(group[0])]
    for state in WORST_FIRST:
        # A target stands with its service; one without a service stands by itself, and is never lost.
        members = [g for g in groups if sections.get(g[0].service, g[0].state) is state]
        _details(console, outcome, members, state, width)
    _farewell(console, outcome, width)


def _say(console: Console, text: str | Text, style: str, width: int, indent: int = 0) -> None:
    """Print a paragraph wrapped at the width, every line indented, none padded."""
    paragraph = text if isinstance(text, Text) else Text(text, style=style)
    if not console.encoding.lower().startswith("utf"):  # escapes are wider than letters: before wrapping
        paragraph = Text(encodable(paragraph.plain, console.encoding), style=style)
    for line in paragraph.wrap(console, max(width - indent, 20), overflow="fold"):
        line.rstrip()
        console.print(Text(" " * indent).append_text(line), soft_wrap=True)


def _network(console: Console, outcome: Outcome, width: int) -> None:
    found = outcome.network
    vantage = outcome.record.vantage
    place = [vantage.probe_asn if vantage.probe_asn != "AS0" else _("operator not declared")]
    place += [visible(part, 60) for part in (vantage.probe_network_name, vantage.access_type) if part]
    line = Text(_("Network"), style="bold").append(f"  {', '.join(place)}: ", style="")
    line.append(label_of(found), style=STYLES[found.state])
    _say(console, line, "", width)
    _say(console, reason(found), "", width, 2)


def label_of(found: Verdict | ServiceVerdict) -> str:
    """Return what was found in a few words: the mechanism where there is one, else the reason code."""
    if found.mechanism:
        return words.mechanism(found.mechanism)
    if found.reason_code and found.reason_code in words.REASONS:
        return _(words.REASONS[found.reason_code])
    return ""


def reason(found: Verdict) -> str:
    """Return the reason in the language in use, safe to look at."""
    return visible(say(found), 1200)


def overview(services: Sequence[ServiceVerdict], verdicts: Iterable[Verdict], width: int) -> Table:
    """Return one row per service; narrow terminals lose columns, never words."""
    by_service: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_service.setdefault(verdict.service, []).append(verdict)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), header_style="bold", width=None)
    table.add_column(_("state"), no_wrap=True)
    table.add_column(_("service"), overflow="fold", max_width=22)
    table.add_column(_("how"), overflow="fold", ratio=None)
    if width >= ROOMY:
        table.add_column(_("compared with"), overflow="fold", max_width=34)
    for service in services:
        members = by_service.get(service.service, [])
        cells = [
            Text(_(words.STATES[service.state]), style=STYLES[service.state]),
            Text(visible(service.service, 60)),
            Text(_how(service)),
        ]
        if width >= ROOMY:
            cells.append(Text(_compared(v for v in members if v.state is service.state)))
        table.add_row(*cells)
    return table


def _how(service: ServiceVerdict) -> str:
    """Return mechanism, confirmation and how many of the service's targets share the state."""
    parts = [label_of(service) or _(words.STATES_HOW[service.state])]
    if service.state in ACCUSING:
        parts.append(_("confirmed") if service.confirmed else _("not confirmed"))
        parts.append(_(words.LOCATED[service.located]))
    same = getattr(service, f"n_{service.state}")
    if same != service.n_targets:
        parts.append(
            ngettext("{k} of {n} target", "{k} of {n} targets", service.n_targets).format(
                k=same, n=service.n_targets
            )
        )
    return "; ".join(part for part in parts if part)


def _compared(verdicts: Iterable[Verdict]) -> str:
    sources = dict.fromkeys(str(source) for verdict in verdicts for source in verdict.control_source)
    named = [source for source in sources if source != "none"] or ["none"]
    return ", ".join(_(words.CONTROLS[source]) for source in named)


def _details(
    console: Console, outcome: Outcome, groups: list[list[Verdict]], state: State, width: int
) -> None:
    """Print why, for every target that is not simply reachable, under what may be said of such a state."""
    if not groups:
        return
    console.print()
    console.print(Text(_(words.STATES[state]).upper(), style=STYLES[state]))
    if state in ACCUSING:
        asn = words.operator(outcome.record.vantage.probe_asn)
        accused = [g[0] for g in groups if g[0].state in ACCUSING]
        for located in dict.fromkeys(v.located for v in accused):
            _say(console, _(words.WORDING[located]).format(operator=asn), "italic", width, 2)
    elif state in words.STATES_MEAN:
        _say(console, _(words.STATES_MEAN[state]), "italic", width, 2)
    shown = ""
    groups.sort(key=lambda g: (g[0].service, WORST_FIRST.index(g[0].state)))
    for group in groups[:GROUPS_SHOWN]:
        if group[0].service != shown:
            shown = group[0].service
            console.print()
            console.print(Text(f"  {visible(shown, 60)}", style="bold"))
        _group(console, group, state, width)
    if len(groups) > GROUPS_SHOWN:
        _say(console, _("and {n} more in verdicts.csv").format(n=len(groups) - GROUPS_SHOWN), "dim", width, 2)


def grouped(verdicts: Iterable[Verdict]) -> list[list[Verdict]]:
    """Put together targets of a service that got the same verdict for the same reason."""
    groups: dict[tuple[object, ...], list[Verdict]] = {}
    for v in verdicts:
        key = (
            v.service,
            v.state,
            v.mechanism,
            v.confirmed,
            v.reason_code,
            v.template,
            v.control_source,
            v.notes,
        )
        groups.setdefault(key, []).append(v)
    return list(groups.values())


def _worth_telling(verdict: Verdict) -> bool:
    return verdict.state is not State.REACHABLE or bool(verdict.notes or verdict.mechanism or verdict.caveats)


def _group(console: Console, group: Sequence[Verdict], section: State, width: int) -> None:
    first = group[0]
    inputs = [visible(v.input, 200) for v in group[:INPUTS_SHOWN]]
    if len(group) > INPUTS_SHOWN:
        inputs.append(_("and {n} more").format(n=len(group) - INPUTS_SHOWN))
    heading = [_(words.STATES[first.state])] if first.state is not section else []
    line = Text(": ".join([*heading, *filter(None, [label_of(first)])]))
    for code in (first.mechanism, first.reason_code or ""):
        if code:
            line.append(f" [{visible(code, 60)}]", style="dim")
    _say(console, ", ".join(inputs), "", width, 4)
    if line:
        _say(console, line, "", width, 6)
    why = reason(first)
    if any(v.because != first.because for v in group):
        why = _("For the first: {why}").format(why=why)
    _say(console, why, "", width, 6)
    for note in first.notes:
        _say(console, _("Note: {note}").format(note=visible(note, 600)), "", width, 6)
    for caveat in first.caveats:
        _say(console, _(words.CAVEATS[caveat]), "yellow", width, 6)
    _say(console, _facts(first), "dim", width, 6)


def _facts(verdict: Verdict) -> str:
    """Return confirmed or not, where, how many tries, and compared with what."""
    parts = []
    if verdict.state in ACCUSING:
        parts += [
            _("confirmed") if verdict.confirmed else _("not confirmed"),
            _(words.LOCATED[verdict.located]),
        ]
    parts.append(
        ngettext("{n} observation", "{n} observations", verdict.n_observations).format(
            n=verdict.n_observations
        )
    )
    parts.append(ngettext("{n} control", "{n} controls", verdict.n_controls).format(n=verdict.n_controls))
    parts.append(_("compared with {what}").format(what=_compared([verdict])))
    return "; ".join(parts)


def _advice(outcome: Outcome) -> tuple[str, ...]:
    folder = visible(outcome.folder, 1000)
    return advice(
        outcome.record, folder, outcome.network, outcome.verdicts, has_control=outcome.controls_known
    )


def _farewell(console: Console, outcome: Outcome, width: int) -> None:
    """Say where the files are and what to do next."""
    console.print()
    console.print(Text(_("Files"), style="bold"))
    _say(console, visible(outcome.folder, 1000), "", width, 2)
    _say(
        console, _("verdicts.csv is the one to send; measurements.jsonl is what it stands on."), "", width, 2
    )
    console.print()
    console.print(Text(_("What next"), style="bold"))
    for line in _advice(outcome):
        _say(console, line, "", width, 2)
