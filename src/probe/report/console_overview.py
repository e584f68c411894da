"""The table at the top: one row a service, worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich import box
from rich.table import Table
from rich.text import Text

from probe.locale import _, ngettext
from probe.model.words import WORST_FIRST, State
from probe.report import words
from probe.report.console_text import ACCUSING, STYLES, compared, confirmation, label_of, located, stuck
from probe.report.show import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from probe.model.verdict import ServiceVerdict, Verdict

ROOMY: Final = 100
"""Columns from which the overview says what was compared with."""
UNRELATED: Final = ("list", "url")
"""Services that are no services but addresses somebody put together: they have a row a state, no roll-up."""

Row = tuple[State, str, str, str]
"""State, service, how, compared with."""
Alike = dict[tuple[object, ...], tuple["Verdict", int]]
"""One of those that this table says the same of, and how many they are, in the order of the first."""


def overview(services: Iterable[ServiceVerdict], verdicts: Iterable[Verdict], width: int) -> Table:
    """Return the table; narrow terminals lose columns, never words."""
    by_service: dict[str, Alike] = {}
    for v in verdicts:
        alike = by_service.setdefault(v.service, {})
        key = (v.state, v.mechanism, v.reason_code, v.control_source, v.confirmed)
        first, n = alike.get(key, (v, 0))
        alike[key] = first, n + 1
    rows = sorted(
        (row for service in services for row in _rows(service, by_service.get(service.service, {}))),
        key=lambda row: WORST_FIRST.index(row[0]),
    )
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), header_style="bold")
    table.add_column(_("state"), no_wrap=True)
    table.add_column(_("service"), overflow="fold", max_width=22)
    table.add_column(_("how"), overflow="fold")
    if width >= ROOMY:
        table.add_column(_("compared with"), overflow="fold", max_width=34)
    for state, service, how, against in rows:
        cells = [Text(_(words.STATES[state]), style=STYLES[state]), Text(service), Text(stuck(how))]
        table.add_row(*cells, *([Text(stuck(against))] if width >= ROOMY else []))
    return table


def _rows(service: ServiceVerdict, members: Alike) -> Iterable[Row]:
    name = visible(service.service, 60)
    if service.service not in UNRELATED:
        same = [v for v, _n in members.values() if v.state is service.state]
        yield service.state, name, _how(service), compared(same)
        return
    n_all = sum(n for _v, n in members.values())
    for state in WORST_FIRST:
        same = [v for v, _n in members.values() if v.state is state]
        if same:
            n_same = sum(n for v, n in members.values() if v.state is state)
            labels = dict.fromkeys(label_of(v) or _(words.STATES_HOW[state]) for v in same)
            said = [*list(labels)[:3], *(["..."] if len(labels) > 3 else [])]
            yield state, name, _("; ").join([*said, _share(n_same, n_all)]), compared(same)


def _how(service: ServiceVerdict) -> str:
    """Return mechanism, confirmation and how many of the service's targets share the state."""
    parts = [label_of(service) or _(words.STATES_HOW[service.state])]
    if service.state in ACCUSING:
        parts += [confirmation(service), located(service)]
    same = getattr(service, f"n_{service.state}")
    if same != service.n_targets:
        parts.append(_share(same, service.n_targets))
    return _("; ").join(parts)


def _share(k: int, n: int) -> str:
    return ngettext("{k} of {n} target", "{k} of {n} targets", n).format(k=k, n=n)
