"""Catalogue and baseline files on the terminal; nothing is sent."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from probe.cli import exits
from probe.cli.terminal import console
from probe.locale import N_, _
from probe.report.console_text import unpadded
from probe.report.show import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from probe.model.target import Target

PAIRED = {
    "": N_("{path}, only if a page came slowly"),
    "own": N_("{path}, under its own and a neutral name"),
    "name": N_("its name at a neutral server"),
}
"""How a target is examined for throttling whatever its pages show."""


def show_services() -> None:
    """Print every service: id, tier, number of targets, title."""
    from probe.targets import read_catalogue

    with exits.told():
        catalogue = read_catalogue()
    _table(
        (_("service"), _("tier"), _("by default"), _("targets"), _("title")),
        (
            (s.service, s.risk, _("yes") if s.default else _("no"), str(len(s.targets)), s.title)
            for s in catalogue.services
        ),
    )


def show_service(name: str) -> None:
    """Print one service's targets, with what they are and when they were last looked at."""
    from probe.targets import read_catalogue

    with exits.told():
        catalogue = read_catalogue()
    for service in catalogue.services:
        if service.service == name:
            break
    else:
        exits.stop(_("There is no service {name} in the catalogue.").format(name=name), "probe targets list")
    sys.stdout.write(f"{visible(service.title)} ({service.risk}, {service.rule})\n")
    _table(
        (_("target"), _("input"), _("role"), _("dated")),
        ((t.target_id, t.input, t.role, t.dated) for t in service.targets),
    )
    for names in dict.fromkeys(t.who for t in service.targets if t.who):
        asked = ", ".join(map(visible, names))
        line = _("Asked over plain DNS too, to see who answers: {names}.").format(names=asked)
        sys.stdout.write(line + "\n")
    for line in (*_apps(service.targets), *_transfers(service.targets)):
        sys.stdout.write(line + "\n")


def _apps(targets: "Sequence[Target]") -> "Iterator[str]":
    """Yield with what apps in shops are compared, and who is asked about them beside the page."""
    from probe.model.appstore import hosts_beside

    told = _("Apps are compared with the app {control} there, and with the storefront {elsewhere}{also}.")
    beside = _("; {hosts} is asked too")
    lines = []
    for t in targets:
        if t.control_app:
            hosts = ", ".join(hosts_beside(t.input))
            also = beside.format(hosts=hosts) if hosts else ""
            lines.append(told.format(control=visible(t.control_app), elsewhere=t.elsewhere, also=also))
    yield from dict.fromkeys(lines)


def _transfers(targets: "Sequence[Target]") -> "Iterator[str]":
    """Yield which targets transfers are made for, and why not for others."""
    for t in targets:
        if t.paired or t.large_object:
            how = _(PAIRED[t.paired]).format(path=visible(t.large_object))
            yield _("Transfers of {target}: {how}.").format(target=visible(t.target_id), how=how)
    for sentence in dict.fromkeys(t.no_object for t in targets if t.no_object):
        yield _("No large object: {why}.").format(why=visible(sentence))


def show_baseline(file: Path) -> None:
    """Print what a baseline file holds."""
    from probe.store import read_baseline

    with exits.told():
        baseline = read_baseline(file)
    sys.stdout.write(
        _("Recorded {when} from {asn} ({country}), run {run}.").format(
            when=baseline.recorded_utc.isoformat(),
            asn=visible(baseline.probe_asn),
            country=visible(baseline.probe_cc),
            run=visible(baseline.run_id),
        )
        + "\n"
    )
    _table(
        (_("target"), _("answered"), _("status"), _("addresses")),
        (
            (t.target_id, f"{t.n_ok}/{t.n}", str(t.status_code or ""), ", ".join(t.addresses))
            for t in baseline.targets
        ),
    )


def _table(titles: "Iterable[str]", rows: "Iterable[tuple[str, ...]]") -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for title in titles:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*(Text(visible(str(cell))) for cell in row))
    unpadded(console(sys.stdout), table)
