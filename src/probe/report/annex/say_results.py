"""Statements about what was found: 2, 10, 12, 14, 16."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from probe.locale import _, ngettext, said_by
from probe.report import words
from probe.report.annex import terms
from probe.report.annex.blocks import Items, Paragraph, Table, Verbatim
from probe.report.annex.say_people import volunteers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from probe.report.annex.blocks import Block
    from probe.report.annex.facts import Annex
    from probe.report.annex.records import Finding, Span, Summary

MOST_UIDS: Final = 6
MOST_REASONS: Final = 40
"""Findings whose reason is printed in full; of the others the table tells."""


def summary(annex: Annex) -> Iterator[Block]:
    """2: each service on each network, all runs counted."""
    yield Table(
        head=(_("Service"), _("Network"), _("Finding"), _("How"), _("Runs"), _("Contradictions")),
        rows=tuple(
            (
                _title(row),
                terms.asn(row.asn),
                terms.state(row.state) if row.n_runs else "-",
                terms.mechanisms(row.mechanisms),
                f"{row.n_runs} ({terms.counted(row.states, words.STATES)})" if row.n_runs else "0",
                str(row.n_contradictions),
            )
            for row in annex.summary
        ),
        widths=(0.17, 0.11, 0.14, 0.28, 0.2, 0.1),
        right=(5,),
    )
    yield Paragraph(text=_("Number of volunteers: {n}.").format(n=volunteers(annex)))
    yield Paragraph(
        text=_(
            "Runs are all that were counted, good ones too. A contradiction is a run that came to another "
            "finding than the one seen most often; runs without a finding are none."
        )
    )
    lines = tuple(_spanned(row, span) for row in annex.summary for span in row.spans)
    if lines:
        yield Items(items=lines)


def _title(row: Summary) -> str:
    return _("The network itself") if row.service == "network" else terms.shown(row.title or row.service)


def _spanned(row: Summary, span: Span) -> str:
    """Say from when to when at least, for a series without a good run between."""
    told = {
        "service": _title(row),
        "network": terms.asn(row.asn),
        "state": terms.state(span.state),
        "first": terms.time(span.from_utc),
        "last": terms.time(span.to_utc),
    }
    if span.longest_gap_s is None:
        return _("{service}, network {network}: {state} in one run, at {first}.").format(**told)
    return ngettext(
        "{service}, network {network}: {state} from at least {first} to at least {last}, in {n} run "
        "without any other finding between; longest gap without a measurement: {gap}.",
        "{service}, network {network}: {state} from at least {first} to at least {last}, in {n} runs "
        "without any other finding between; longest gap without a measurement: {gap}.",
        span.n_runs,
    ).format(n=span.n_runs, gap=terms.duration(span.longest_gap_s), **told)


def counts(annex: Annex) -> Iterator[Block]:
    """10: runs by network and target, and what was left out."""
    yield Table(
        head=(_("Network"), _("Target"), _("What was measured"), "n", _("Findings"), _("Not counted")),
        rows=tuple(
            (
                terms.asn(row.asn),
                terms.shown(row.target_id, 120),
                terms.shown(row.input),
                str(row.n),
                terms.counted(row.states, words.STATES),
                terms.counted(row.excluded, terms.EXCLUDED),
            )
            for row in annex.counts
        ),
        code=(1, 2),
        right=(3,),
        widths=(0.1, 0.18, 0.3, 0.05, 0.2, 0.17),
    )
    reasons: dict[str, int] = {}
    for row in annex.counts:
        for one in row.reasons:
            reasons[one.word] = reasons.get(one.word, 0) + one.n
    if reasons:
        yield Table(
            caption=_("Why verdicts are no stronger"),
            head=(_("Reason"), _("Code"), _("Verdicts")),
            rows=tuple(
                (terms.said(words.REASONS, code), code, str(n)) for code, n in sorted(reasons.items())
            ),
            code=(1,),
            right=(2,),
        )
    if not annex.excluded:
        yield Paragraph(text=_("No run and no verdict was left out."))
    for left in annex.excluded:
        yield Paragraph(
            text=ngettext(
                "Left out: {n} verdict of {runs} ({reason}).",
                "Left out: {n} verdicts of {runs} ({reason}).",
                left.n_verdicts,
            ).format(
                n=left.n_verdicts,
                runs=ngettext("{n} run", "{n} runs", left.n_runs).format(n=left.n_runs),
                reason=terms.said(terms.EXCLUDED, left.reason),
            )
        )


def wording(annex: Annex) -> Iterator[Block]:
    """12: the scale of words, and each finding in it; where the evidence points, and no further."""
    yield Items(items=tuple(_(text) for text in terms.WORDINGS_MEAN.values()))
    yield Paragraph(
        text=_(
            "No finding is ascribed to a government, to an order or to one device. Where a finding is said "
            "to be located, that is what the measurements point at and no more."
        ),
        strong=True,
    )
    if not annex.findings:
        yield Paragraph(text=_("Nothing was found that needs these words."))
        return
    yield Table(
        head=(
            _("No."),
            _("Run"),
            _("Network"),
            _("Target"),
            _("Finding"),
            _("How"),
            _("Located"),
            _("Wording"),
        ),
        rows=tuple(
            (
                str(one.number),
                one.run,
                terms.asn(one.asn),
                terms.shown(one.input),
                terms.state(one.state),
                words.mechanism(one.mechanism) or "-",
                terms.said(words.LOCATED, words.place(one.located, one.mechanism)),
                _wording(one),
            )
            for one in annex.findings
        ),
        right=(0,),
        code=(1, 3),
        widths=(0.05, 0.1, 0.1, 0.22, 0.1, 0.17, 0.13, 0.13),
    )
    yield from _sentences(annex)
    yield from _reasons(annex)


def _wording(one: Finding) -> str:
    """Return the place on the scale; that a second, separate test agreed is told beside it."""
    said = terms.said(terms.WORDINGS, one.wording)
    if one.wording == "observed" and one.confirmed:
        return _("{wording}; a second, separate test agrees").format(wording=said)
    return said


def _sentences(annex: Annex) -> Iterator[Block]:
    """Yield what may be said of findings by where they are located, for each network."""
    said: dict[str, None] = {}
    for one in annex.findings:
        if one.state in {"blocked", "throttled"}:
            template = words.WORDING.get(words.place(one.located, one.mechanism), words.WORDING["unknown"])
            said.setdefault(_(template).format(operator=words.operator(one.asn)))
    if said:
        yield Items(items=tuple(said))


def _reasons(annex: Annex) -> Iterator[Block]:
    """Yield why each finding stands, by its rule."""
    texts = [
        _("No. {number}, rule {rule} of rules {version}: {because}").format(
            number=one.number,
            rule=terms.shown(one.rule_id, 100),
            version=one.rules_version,
            because=terms.shown(said_by(one.template, one.params, one.because), 1500),
        )
        for one in annex.findings[:MOST_REASONS]
        if one.because
    ]
    if texts:
        yield Items(items=tuple(texts))


def block_pages(annex: Annex) -> Iterator[Block]:
    """14: pages that came in place of a service."""
    if not annex.block_pages:
        yield Paragraph(text=_("No page came in place of a service."))
        return
    for page in annex.block_pages:
        yield Paragraph(
            text=_("In place of {targets} came this page, from {url}, with status {status}.").format(
                targets=terms.listed(page.targets),
                url=terms.shown(page.url),
                status=page.status_code or "-",
            )
        )
        if page.title:
            yield Paragraph(text=_("Its title: {title}").format(title=terms.shown(page.title)))
        yield Verbatim(text=terms.shown(page.text, 2000))
        yield Verbatim(text=f"SHA-256 {page.sha256}")


def measurements(annex: Annex) -> Iterator[Block]:
    """16: the measurements that each finding rests on."""
    if not annex.findings:
        yield Paragraph(text=_("There is no finding."))
        return
    yield Table(
        head=(_("No."), _("Target"), _("Rule"), _("Compared with"), _("Measurements")),
        rows=tuple(
            (
                str(one.number),
                terms.shown(one.target_id, 120),
                terms.shown(one.rule_id, 100),
                ", ".join(terms.said(words.CONTROLS, source) for source in one.control_source),
                _uids(one),
            )
            for one in annex.findings
        ),
        right=(0,),
        code=(1, 2, 4),
        widths=(0.05, 0.2, 0.18, 0.19, 0.38),
    )


def _uids(one: Finding) -> str:
    first = " ".join(one.measurement_uids[:MOST_UIDS])
    more = len(one.measurement_uids) - MOST_UIDS
    if more <= 0:
        return first or "-"
    return _("{uids} and {n} more").format(uids=first, n=more)
