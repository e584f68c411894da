"""The reasons under the table: why, for every target that is not simply reachable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from probe.locale import _, ngettext, say_notes
from probe.model.words import WORST_FIRST, State
from probe.report import words
from probe.report.console_text import (
    ACCUSING,
    STYLES,
    compared,
    confirmation,
    label_of,
    located,
    paragraph,
    reason,
)
from probe.report.show import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

    from probe.model.verdict import Verdict

INPUTS_SHOWN: Final = 6
GROUPS_SHOWN: Final = 60
"""Reasons told under one state: a list of ten thousand addresses is read in the CSV."""
SAID_ALREADY: Final = "these data do not show"
"""Where a reason holds this, it bears the wording for its place itself."""

Group = list["Verdict"]


def details(
    console: Console, verdicts: Sequence[Verdict], *, asn: str, width: int, common: Sequence[str]
) -> None:
    """Print the reasons, state by state from worst to best, each under what may be said of such a state.

    `common` are caveats that were said already.
    """
    groups = grouped(filter(_worth_telling, verdicts))  # of a long list nearly all are as they should be
    for state in WORST_FIRST:
        _section(
            console, [g for g in groups if g[0].state is state], state, asn=asn, width=width, common=common
        )


def grouped(verdicts: Iterable[Verdict]) -> list[Group]:
    """Put together targets of a service that got the same verdict for the same reason."""
    groups: dict[tuple[object, ...], Group] = {}
    for v in verdicts:
        key = (v.service, v.state, v.mechanism, v.located, v.confirmed, v.reason_code, v.template)
        groups.setdefault((*key, v.control_source, v.notes, v.caveats), []).append(v)
    return list(groups.values())


def _worth_telling(verdict: Verdict) -> bool:
    return verdict.state is not State.REACHABLE or bool(verdict.notes or verdict.mechanism or verdict.caveats)


def common_caveats(verdicts: Iterable[Verdict]) -> tuple[str, ...]:
    """Return what holds for every accusation of the run, to be said once."""
    all_of_them = [{str(caveat) for caveat in v.caveats} for v in verdicts if v.state in ACCUSING]
    return tuple(sorted(set.intersection(*all_of_them))) if all_of_them else ()


def _section(
    console: Console, groups: list[Group], state: State, *, asn: str, width: int, common: Sequence[str]
) -> None:
    """Print the reasons of one state."""
    if not groups:
        return
    console.print()
    console.print(Text(_(words.STATES[state]).upper(), style=STYLES[state]))
    for sentence in _wording(groups, state, asn):
        paragraph(console, sentence, "italic", width, 2)
    shown = ""
    for group in sorted(groups, key=lambda g: g[0].service)[:GROUPS_SHOWN]:
        if group[0].service != shown:
            shown = group[0].service
            console.print()
            console.print(Text(f"  {visible(shown, 60)}", style="bold"))
        _group(console, group, width, common)
    if len(groups) > GROUPS_SHOWN:
        more = _("and {n} more in verdicts.csv").format(n=len(groups) - GROUPS_SHOWN)
        paragraph(console, more, "dim", width, 2)


def _wording(groups: Sequence[Group], state: State, asn: str) -> Iterable[str]:
    """Yield what may be said of a state, and of an accusation by where the evidence locates it."""
    if state in words.STATES_MEAN:
        yield _(words.STATES_MEAN[state])
    if state in ACCUSING:
        unsaid = [v for group in groups for v in group if SAID_ALREADY not in v.because]
        for key in dict.fromkeys(words.place(v.located, v.mechanism) for v in unsaid):
            place = _(words.LOCATED[key])
            said = _(words.WORDING[key]).format(operator=words.operator(asn))
            yield f"{place[:1].upper()}{place[1:]}{_(': ')}{_inside(said)}"


def _inside(sentence: str) -> str:
    """Return a sentence as it stands after a colon: without its capital, unless that is an abbreviation's."""
    return sentence if sentence[1:2].isupper() else f"{sentence[:1].lower()}{sentence[1:]}"


def _group(console: Console, group: Group, width: int, common: Sequence[str]) -> None:
    first = group[0]
    inputs = [visible(v.input, 200) for v in group[:INPUTS_SHOWN]]
    if len(group) > INPUTS_SHOWN:
        inputs.append(_("and {n} more").format(n=len(group) - INPUTS_SHOWN))
    paragraph(console, ", ".join(inputs), "", width, 4)
    line = Text(label_of(first))
    for code in (first.mechanism, first.reason_code or ""):
        if code:
            line.append(f" [{visible(code, 60)}]", style="dim")
    if line:
        paragraph(console, line, "", width, 6)
    why = reason(first)
    if any(v.because != first.because for v in group):
        why = _("For the first: {why}").format(why=_inside(why))
    paragraph(console, why, "", width, 6)
    for note in say_notes(first):
        paragraph(console, _("Note: {note}").format(note=visible(note, 600)), "", width, 6)
    for caveat in first.caveats:
        if caveat not in common:
            paragraph(console, _(words.CAVEATS[caveat]), "yellow", width, 6)
    paragraph(console, _facts(first), "dim", width, 6)


def _facts(verdict: Verdict) -> str:
    """Return confirmed or not, where, how many tries, and compared with what."""
    n, k = verdict.n_observations, verdict.n_controls
    parts = [confirmation(verdict), located(verdict)] if verdict.state in ACCUSING else []
    parts += [
        ngettext("{n} observation", "{n} observations", n).format(n=n),
        ngettext("{n} control", "{n} controls", k).format(n=k),
        _("compared with {what}").format(what=compared([verdict])),
    ]
    return _("; ").join(parts)
