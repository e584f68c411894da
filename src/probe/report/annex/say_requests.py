"""Statement 21: what the letter asks of each addressee, and a form in which each finding can be answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from probe.locale import N_, _
from probe.report import words
from probe.report.annex import terms
from probe.report.annex.blocks import Items, Paragraph, Table
from probe.report.annex.requests import MADE, NO_FINDING, UNCERTAIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from probe.report.annex.blocks import Block
    from probe.report.annex.facts import Annex
    from probe.report.annex.records import Request

ITEMS: Final[Mapping[str, Mapping[str, str]]] = {
    "operator": {
        "reason": N_("State, for each finding below, the reason for what was observed on your network."),
        "legal_basis": N_(
            "Name the legal basis, if the finding goes back to a measure of yours or of others."
        ),
        "copy_of_the_order": N_(
            "Hand over a copy of any order or demand that you were given, and publish it."
        ),
        "date_of_lifting": N_("State from when it was in force, and when it was or will be lifted."),
        "preservation_of_logs": N_("Preserve logs and settings that bear on these findings."),
        "deadline": N_("Answer by the date that the letter names."),
        "tariff_rule": N_("State whether a rule of the subscriber's tariff has this effect."),
        "whose_equipment": N_(
            "State whether it was done on equipment of your own or on equipment of others in your network."
        ),
        "disclose_disruptions": N_(
            "Tell your subscribers publicly of disruptions: when they began, how they stand, when service "
            "is back."
        ),
    },
    "government": {
        "end": N_("If a measure of public authority stands behind a finding below, end it."),
        "repeal": N_("Repeal rules that permit shutting down, slowing or blocking of networks and services."),
        "publish": N_("Publish every order and demand that concerns these services, with its legal basis."),
    },
    "service": {
        "keep_access_open": N_("Keep your service open to these users."),
        "resist": N_("Resist demands to restrict it, by the means of law that you have."),
        "disclose": N_(
            "Disclose what you see of disruptions: when they began, how they stand, when they ended."
        ),
        "transparency_report": N_("Report demands to restrict your service in a transparency report."),
    },
}


def requests(annex: Annex) -> Iterator[Block]:
    """21: the letter's requests, each addressee apart."""
    if not annex.requests:
        yield Paragraph(text=_("The letter's requests are not part of this annex."))
        return
    if annex.simulated:
        yield Paragraph(text=_("Made in the built-in lab: nothing is asked of anybody."), strong=True)
        return
    for one in annex.requests:
        yield Paragraph(text=terms.addressee(one.kind, one.name), strong=True)
        yield from _SAYS[one.status](annex, one)


def _made(annex: Annex, request: Request) -> Iterator[Block]:
    yield Items(items=tuple(_(ITEMS[request.kind][key]) for key in request.items), ordered=True)
    by_number = {one.number: one for one in annex.findings}
    found = [by_number[number] for number in request.findings]
    yield Table(
        caption=_("Form of reply: each finding can be answered by itself"),
        head=(
            _("No."),
            _("Target"),
            _("Finding"),
            _("Run"),
            _("It is so / it is not so / other cause"),
            _("Reason, basis, date of lifting"),
        ),
        rows=tuple(
            (
                str(one.number),
                terms.shown(one.input),
                _("; ").join(filter(None, (terms.state(one.state), words.mechanism(one.mechanism)))),
                one.run,
                "",
                "",
            )
            for one in found
        ),
        right=(0,),
        code=(1, 3),
        widths=(0.06, 0.26, 0.2, 0.12, 0.18, 0.18),
    )


def _nothing(annex: Annex, request: Request) -> Iterator[Block]:
    del annex, request
    yield Paragraph(text=_("Nothing was found that this addressee could be asked about."))


def _uncertain(annex: Annex, request: Request) -> Iterator[Block]:
    del annex
    yield Paragraph(
        text=_(
            "OPERATOR_UNCERTAIN: no request is made, because it is not certain that these findings were "
            "made on this operator's network."
        )
    )
    yield Items(items=tuple(terms.said(terms.CAUSES, cause) for cause in request.causes))


_SAYS: Final = {MADE: _made, NO_FINDING: _nothing, UNCERTAIN: _uncertain}
