"""What changed between two runs, said in one language, in the sections that every format draws."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from probe.locale import N_, _, ngettext, spoken
from probe.report import words
from probe.report.annex.blocks import Block, Document, Items, Paragraph, Section, Table
from probe.report.compare import (
    NETWORK,
    Compared,
    Difference,
    ServiceChange,
    TimeChange,
)
from probe.report.compare_public import UNTOLD_IN_PUBLIC
from probe.report.console_text import confirmation, label_of, located
from probe.report.show import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from probe.model.verdict import ServiceVerdict, Verdict

DIFFERENT_NETWORKS: Final = N_(
    "The two runs were not made in the same place: what differs between them may come of that alone."
)
DIFFERENT_MEASURING: Final = N_(
    "The two runs were not made alike: what differs between them may come of that alone."
)
LIMITS: Final = (
    N_("Two runs are two moments; what lies between them was not seen."),
    N_("That something changed does not show why, nor by whose equipment or order."),
    N_(
        "Times count as changed where the medians of both runs, of three tries at least, lie further apart"
        " than both spreads together, and further than 10 ms or, for rates, a tenth."
    ),
)
FIELD_NAMES: Final = {
    "probe_asn": N_("AS number"),
    "probe_network_name": N_("network name"),
    "probe_cc": N_("country"),
    "access_type": N_("kind of line"),
    "region": N_("region"),
    "resolver_class": N_("kind of resolver"),
    "resolver_asn": N_("the resolver's AS number"),
    "bypass": N_("bypass tools"),
    "software_version": N_("version of the program"),
    "rules_version": N_("version of the rules"),
    "simulated": N_("made in the built-in lab"),
    "imported_from": N_("whose records"),
    "controls": N_("controls"),
    "control_proxy": N_("proxy used as a control"),
    "dns": N_("resolver named for the run"),
    "rounds": N_("rounds"),
}
STEP_NAMES: Final = {
    "dns_ms": N_("name resolution"),
    "connect_ms": N_("TCP connect"),
    "tls_ms": N_("TLS handshake"),
    "ttfb_ms": N_("first byte of the answer"),
    "goodput_kbps": N_("rate of transfers"),
}
KINDS: Final = {"new": N_("new"), "gone": N_("gone"), "changed": N_("changed"), "times": N_("times")}


def document(between: Compared, *, public: bool) -> Document:
    """Return the comparison in the language in use; a public one was `veiled` before."""
    told = _Teller(between, public=public)
    ended = max(r.ended_utc or r.started_utc for r in (between.before.record, between.after.record))
    sections: tuple[tuple[str, str, Callable[[], Iterator[Block]]], ...] = (
        ("runs", _("The two runs"), told.runs),
        ("services", _("Services"), told.services),
        ("targets", _("Targets"), told.targets),
        ("times", _("Times and rates"), told.times),
        ("limits", _("What a comparison does not show"), told.limits),
    )
    return Document(
        lang=spoken(),
        title=_("What changed between two runs"),
        subtitle=told.subtitle(),
        running_head=told.subtitle(),
        author="",
        generated=datetime.fromisoformat(ended).astimezone(UTC),
        sections=tuple(
            Section(number=number, key=key, title=title, blocks=tuple(blocks()))
            for number, (key, title, blocks) in enumerate(sections, 1)
        ),
        labels={"page": _("Page"), "contents": _("Contents"), "attached": _("Attached files")},
    )


class _Teller:
    """Says one comparison."""

    def __init__(self, between: Compared, *, public: bool) -> None:
        self._it = between
        self._public = public
        self._names = (between.before.record.run_id, between.after.record.run_id)

    def subtitle(self) -> str:
        return _("From {before} to {after}").format(before=self._names[0], after=self._names[1])

    def runs(self) -> Iterator[Block]:
        """Say what differs between the runs themselves, before anything else."""
        it = self._it
        if it.before.record.simulated or it.after.record.simulated:
            yield Paragraph(text=_("Made in the built-in lab: not evidence of anything."), strong=True)
        if it.networks:
            yield Paragraph(text=_(DIFFERENT_NETWORKS), strong=True)
        if it.measuring:
            yield Paragraph(text=_(DIFFERENT_MEASURING), strong=True)
        rows = [
            (_("began"), it.before.record.started_utc, it.after.record.started_utc),
            *(self._row(d) for d in (*it.networks, *it.measuring)),
        ]
        yield Table(
            head=("", _("first run"), _("second run")),
            rows=((_("run"), *self._names), *rows),
            widths=(0.16, 0.42, 0.42),
        )
        if not it.changed:
            yield Paragraph(text=_("Nothing changed."), strong=True)

    def services(self) -> Iterator[Block]:
        if not self._it.services:
            yield Paragraph(text=_("No service changed."))
            return
        yield Table(
            head=(_("service"), _("before"), _("after")),
            rows=tuple((_service(c), _found(c.before), _found(c.after)) for c in self._it.services),
            widths=(0.2, 0.4, 0.4),
        )

    def targets(self) -> Iterator[Block]:
        changed = [c for c in self._it.targets if c.kind != "times" and c.service != NETWORK]
        same = self._it.n_same
        yield Paragraph(
            text=ngettext("{n} target did not change.", "{n} targets did not change.", same).format(n=same)
        )
        if changed:
            yield Table(
                head=(_("target"), _("what"), _("before"), _("after")),
                rows=tuple(
                    (visible(c.input), _(KINDS[c.kind]), _found(c.before), _found(c.after)) for c in changed
                ),
                widths=(0.32, 0.1, 0.29, 0.29),
                code=(0,),
            )

    def times(self) -> Iterator[Block]:
        rows = tuple((visible(c.input), *_timed(t)) for c in self._it.targets for t in c.times)
        if not rows:
            yield Paragraph(text=_("No times or rates moved beyond their spread."))
            return
        yield Table(
            head=(_("target"), _("step"), _("before"), _("after")),
            rows=rows,
            widths=(0.4, 0.2, 0.2, 0.2),
            code=(0,),
            right=(2, 3),
        )

    def limits(self) -> Iterator[Block]:
        yield Items(items=tuple(map(_, LIMITS)))

    def _row(self, d: Difference) -> tuple[str, str, str]:
        name = _(FIELD_NAMES[d.field])
        if self._public and d.field in UNTOLD_IN_PUBLIC:
            return name, _("not told"), _("not told")
        before, after = (visible(text) or _("none") for text in (d.before, d.after))
        return name, before, after


def _service(change: ServiceChange) -> str:
    return visible(change.service)


def _found(found: Verdict | ServiceVerdict | None) -> str:
    """Return a verdict in a cell: state, how, and what is known of where and how surely."""
    if found is None:
        return _("not measured")
    parts = [_(words.STATES[found.state]), label_of(found)]
    if found.mechanism and found.state in {"blocked", "throttled"}:
        parts += [confirmation(found), located(found)]
    return _("; ").join(filter(None, parts))


def _timed(change: TimeChange) -> tuple[str, str, str]:
    form = _("{n} kbit/s") if change.step == "goodput_kbps" else _("{n} ms")
    before, after = (form.format(n=f"{t.middle:.0f}") for t in (change.before, change.after))
    return _(STEP_NAMES[change.step]), before, after
