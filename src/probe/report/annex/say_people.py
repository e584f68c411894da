"""Statements about the document and the people: 1, 3, 4, 5, 6, 15, 19, 20."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probe.locale import _, ngettext
from probe.report import words
from probe.report.annex import terms
from probe.report.annex.blocks import Items, Paragraph, Table
from probe.report.annex.disclosure import MERGED, WHOLE_PERIOD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from probe.report.annex.blocks import Block
    from probe.report.annex.facts import Annex


def identity(annex: Annex) -> Iterator[Block]:
    """1: document id, version, when it was made, which letter it goes with."""
    letter = annex.letter
    rows = [
        (_("Document"), annex.document_id),
        (_("Version of its form"), annex.schema_version),
        (_("Made at"), terms.time(annex.generated_utc)),
        (_("Supports the letter"), terms.shown(letter.title) or _("not stated")),
        (
            _("Addressees"),
            "; ".join(terms.addressee(one.kind, one.name) for one in letter.addressees) or _("not stated"),
        ),
        (_("Disclosure"), _("public") if letter.disclosure == "public" else _("full")),
        (_("Runs counted"), str(len(annex.runs))),
    ]
    yield Table(head=(_("What"), _("Statement")), rows=tuple(rows), widths=(0.3, 0.7))
    if letter.disclosure == "public":
        yield Paragraph(
            text=_(
                "This is the public form: each time of a run is the begin of the hour in which it falls, "
                "runs are named by the first digits of their root hash, and who served as a control is "
                "told by role."
            )
        )
    if annex.simulated:
        yield Paragraph(text=lab(), strong=True)


def lab() -> str:
    """Return what is said on every page of an annex that was made of runs of the lab."""
    return _("Made in the built-in lab: this is evidence of nothing.")


def people(annex: Annex) -> Iterator[Block]:
    """3: who measured, who compiled, how to reach them."""
    letter = annex.letter
    nobody = _("not stated")
    rows = [
        (_("Measured by"), terms.shown(letter.measured_by) or nobody),
        (_("Number of volunteers"), volunteers(annex)),
        (_("Compiled by"), terms.shown(letter.compiled_by) or nobody),
        (_("Contact"), terms.shown(letter.contact) or nobody),
        (_("Fingerprint of the compiler's key"), terms.shown(letter.key_fingerprint) or nobody),
    ]
    yield Table(head=(_("Who"), _("Statement")), rows=tuple(rows), widths=(0.3, 0.7))
    yield Paragraph(
        text=_("Volunteers are named by role or pseudonym only. These are statements of the compiler.")
    )


def volunteers(annex: Annex) -> str:
    """Return how many volunteers measured: the compiler's statement, else what is certain."""
    n = annex.letter.n_volunteers
    return _("at least 1") if n is None else _("{n}, by the compiler's statement").format(n=n)


def period(annex: Annex) -> Iterator[Block]:
    """4: first and last measurement, and how wrong the clocks were."""
    yield Paragraph(
        text=_("The first run began at {first}, the last ended at {last}.").format(
            first=terms.time(annex.first_utc), last=terms.time(annex.last_utc)
        )
    )
    if annex.letter.disclosure == "public":
        yield Paragraph(text=_("12:00 stands for any time from 12:00 to 12:59."))
    unknown = _("not known")
    yield Table(
        caption=_("Runs, in order of their begin"),
        head=(_("Run"), _("Network"), _("Began"), _("Ended"), _("Clock offset, s"), _("Measurements")),
        rows=tuple(
            (
                run.name,
                terms.asn(run.asn),
                terms.time(run.started_utc),
                terms.time(run.ended_utc),
                unknown if run.clock_offset_s is None else f"{run.clock_offset_s:g}",
                str(run.n_measurements),
            )
            for run in annex.runs
        ),
        code=(0,),
        right=(4, 5),
    )
    yield Paragraph(text=_("The clock offset is true time minus the time of the machine that measured."))
    stopped = [run for run in annex.runs if run.stopped]
    if stopped:
        text = ngettext(
            "{n} run did not come to its end; what it measured until then is counted: {runs}.",
            "{n} runs did not come to their end; what they measured until then is counted: {runs}.",
            len(stopped),
        )
        yield Paragraph(text=text.format(n=len(stopped), runs=terms.listed(run.name for run in stopped)))


def networks(annex: Annex) -> Iterator[Block]:
    """5: whose network, by which source."""
    unnamed = _("not in the table")
    yield Table(
        head=(
            _("AS"),
            _("Registered name"),
            _("Commercial name"),
            _("Country"),
            _("Access"),
            _("Who says the AS"),
            _("Runs"),
        ),
        rows=tuple(
            (
                terms.asn(row.asn),
                terms.shown(row.registered_name) or unnamed,
                terms.shown(row.commercial_name) or unnamed,
                terms.shown(row.country, 20),
                ", ".join(terms.said(words.ACCESS, one) for one in row.access_types) or _("not stated"),
                ", ".join(terms.said(terms.ASN_SOURCES, one) for one in row.sources),
                str(row.n_runs),
            )
            for row in annex.networks
        ),
        right=(6,),
    )
    if annex.known.operators_dated:
        yield Paragraph(
            text=_("Names are those of the table of operators of {date}. Its sources: {source}").format(
                date=annex.known.operators_dated, source=terms.shown(annex.known.operators_source)
            )
        )
    tables = sorted({run.as_table_dated for run in annex.runs if run.asn_source == "detected"} - {""})
    if tables:
        yield Paragraph(
            text=_("Tables that AS numbers were detected by: of {dates}.").format(dates=terms.listed(tables))
        )
    names = [name for row in annex.networks for name in row.declared_names]
    if names:
        yield Paragraph(
            text=_("Operators as the volunteers named them: {names}.").format(names=terms.listed(names))
        )


def places(annex: Annex) -> Iterator[Block]:
    """6: where, as finely as the volunteers chose, and tools that lead around the operator."""
    special = {
        MERGED: _("several, merged"),
        "withheld": _("withheld"),
        WHOLE_PERIOD: _("the whole period"),
    }
    yield Table(
        head=(_("Region"), _("When"), _("Runs")),
        rows=tuple(
            (
                special.get(cell.region) or terms.shown(cell.region, 20),
                special.get(cell.hour) or terms.time(cell.hour),
                str(cell.n_runs),
            )
            for cell in annex.cells
        ),
        right=(2,),
    )
    if annex.letter.disclosure == "public" and len(annex.runs) > 1 and annex.letter.n_volunteers != 1:
        yield Paragraph(
            text=_("Regions and hours that fewer than 3 runs share are merged, so that nobody is picked out.")
        )
    around = [run for run in annex.runs if run.bypass]
    if not around:
        yield Paragraph(text=_("No VPN, proxy or similar tool was declared or detected in any run."))
        return
    yield Items(
        items=tuple(
            _("Run {run}: tools declared or detected: {tools}.").format(
                run=run.name, tools=terms.listed(run.bypass)
            )
            for run in around
        )
    )


def events(annex: Annex) -> Iterator[Block]:
    """15: what others say happened, apart from what was measured."""
    if not annex.letter.events:
        yield Paragraph(text=_("No events are set beside these measurements."))
        return
    yield Paragraph(
        text=_(
            "These events are told by the sources named. They were not measured, and that they coincide "
            "with a finding does not show that one brought about the other."
        )
    )
    yield Table(
        head=(_("Date"), _("Event"), _("Source")),
        rows=tuple(
            (terms.shown(one.date, 30), terms.shown(one.what, 900), terms.shown(one.source, 900))
            for one in annex.letter.events
        ),
        widths=(0.16, 0.5, 0.34),
    )


def custody(annex: Annex) -> Iterator[Block]:
    """19: who had the runs in hand, by role."""
    yield Table(
        head=(_("Run"), _("Time"), _("Role"), _("What was done")),
        rows=tuple(
            (
                one.run,
                terms.time(one.time_utc),
                terms.said(terms.ROLES, one.role),
                terms.said(terms.ACTIONS, one.action),
            )
            for one in annex.custody
        ),
        code=(0,),
    )
    yield Paragraph(
        text=_("This annex was made at {time} by the compiler.").format(time=terms.time(annex.generated_utc))
    )


def redactions(annex: Annex) -> Iterator[Block]:
    """20: what was masked before anything was written."""
    if not annex.redactions:
        yield Paragraph(text=_("Nothing was masked."))
        return
    yield Paragraph(
        text=_(
            "What could name the volunteer was masked before it was written; the run holds a mark in its "
            "place. A mask changes no failure, no time and no address of a service."
        )
    )
    yield Table(
        head=(_("Category"), _("Masked")),
        rows=tuple((terms.shown(one.word, 60), str(one.n)) for one in annex.redactions),
        code=(0,),
        right=(1,),
    )
