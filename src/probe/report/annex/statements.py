"""The annex's 21 statements in the language in use, a section each, in their order."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from probe.locale import N_, _, ngettext, spoken
from probe.report.annex import (
    say_checks,
    say_method,
    say_people,
    say_requests,
    say_results,
    terms,
)
from probe.report.annex.attachments import attachments
from probe.report.annex.blocks import Document, Figure, Items, Paragraph, Section, Table, Verbatim
from probe.report.annex.facts import generated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from probe.report.annex.blocks import Block
    from probe.report.annex.facts import Annex
    from probe.report.told import Told

MOST_ROWS: Final = 400
"""Rows of a table that are printed; the JSON form and the attached tables hold all."""

SECTIONS: Final = (
    ("identity", N_("This document")),
    ("summary", N_("Summary by service and operator")),
    ("people", N_("Who measured and who compiled")),
    ("period", N_("When it was measured")),
    ("networks", N_("On whose networks")),
    ("places", N_("Where, and through what")),
    ("targets", N_("What exactly was measured")),
    ("method", N_("Method, versions and options")),
    ("controls", N_("Controls")),
    ("counts", N_("All runs counted")),
    ("errors", N_("Observed errors, and speeds")),
    ("wording", N_("Findings and the words for them")),
    ("limits", N_("Limits")),
    ("block_pages", N_("Pages that came instead")),
    ("events", N_("Events told by others")),
    ("measurements", N_("The measurements behind each finding")),
    ("integrity", N_("Hashes, signature and time stamp")),
    ("verification", N_("How to verify and to judge again")),
    ("custody", N_("Who had it in hand")),
    ("redactions", N_("What was masked")),
    ("requests", N_("Requests and form of reply")),
)
"""Machine word and title of each; a section's number is its place here."""


def document(annex: Annex, runs: Sequence[Told]) -> Document:
    """Return the annex as a document in the language in use; the runs are those it was made of."""
    says: dict[str, Callable[[Annex], Iterable[Block]]] = {
        "identity": say_people.identity,
        "summary": say_results.summary,
        "people": say_people.people,
        "period": say_people.period,
        "networks": say_people.networks,
        "places": say_people.places,
        "targets": say_method.targets,
        "method": say_method.method,
        "controls": say_method.controls,
        "counts": say_results.counts,
        "errors": partial(say_method.errors, runs=runs),
        "wording": say_results.wording,
        "limits": say_checks.limits,
        "block_pages": say_results.block_pages,
        "events": say_people.events,
        "measurements": say_results.measurements,
        "integrity": say_checks.integrity,
        "verification": say_checks.verification,
        "custody": say_people.custody,
        "redactions": say_people.redactions,
        "requests": say_requests.requests,
    }
    return Document(
        lang=spoken(),
        title=_("Technical annex: network measurements"),
        subtitle=terms.safe(_subtitle(annex)),
        running_head=terms.safe(_running_head(annex)),
        author=terms.shown(annex.letter.compiled_by),
        generated=generated(annex),
        sections=tuple(
            Section(
                number=number, key=key, title=_(title), blocks=tuple(map(_safe, _bounded(says[key](annex))))
            )
            for number, (key, title) in enumerate(SECTIONS, 1)
        ),
        labels={"page": _("Page"), "contents": _("Contents"), "attached": _("Attached files")},
        attachments=attachments(annex, runs),
    )


def _subtitle(annex: Annex) -> str:
    names = sorted({f"{row.commercial_name} ({row.asn})" for row in annex.networks if row.commercial_name})
    unnamed = sorted({terms.asn(row.asn) for row in annex.networks if not row.commercial_name})
    where = terms.listed((*names, *unnamed))
    text = _("{first} to {last}. Networks: {networks}").format(
        first=terms.time(annex.first_utc), last=terms.time(annex.last_utc), networks=where
    )
    return f"{terms.shown(annex.letter.title)}. {text}" if annex.letter.title else text


def _running_head(annex: Annex) -> str:
    """Return what stands on every page: the document, the root hash, and that a lab's run is no evidence."""
    roots = [run.root_sha256[:16] for run in annex.runs if run.root_sha256]
    n = len(annex.runs)
    if not roots:
        sealed = _("not sealed")
    elif n == 1:
        sealed = f"SHA-256 {roots[0]}..."
    else:
        sealed = ngettext("{k} of {n} run sealed", "{k} of {n} runs sealed", n).format(k=len(roots), n=n)
    head = f"{annex.document_id} · {sealed}"
    return f"{head} · {say_people.lab()}" if annex.simulated else head


def _bounded(blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield the blocks, no table longer than can be read, none that is empty."""
    for block in blocks:
        if isinstance(block, Items) and len(block.items) > MOST_ROWS:
            yield replace(block, items=block.items[:MOST_ROWS])
            yield _more(len(block.items) - MOST_ROWS)
        elif not isinstance(block, Table):
            yield block
        elif not block.rows:
            continue
        elif len(block.rows) <= MOST_ROWS:
            yield block
        else:
            yield replace(block, rows=block.rows[:MOST_ROWS])
            yield _more(len(block.rows) - MOST_ROWS)


def _safe(block: Block) -> Block:
    """Return a block none of whose signs is obeyed, whoever wrote them."""
    match block:
        case Paragraph():
            return replace(block, text=terms.safe(block.text))
        case Verbatim():
            return replace(block, text="\n".join(map(terms.safe, block.text.split("\n"))))
        case Items():
            return replace(block, items=tuple(map(terms.safe, block.items)))
        case Table():
            rows = tuple(tuple(map(terms.safe, row)) for row in block.rows)
            return replace(block, rows=rows, caption=terms.safe(block.caption))
        case Figure():
            return replace(block, caption=terms.safe(block.caption), alt=terms.safe(block.alt))


def _more(n: int) -> Paragraph:
    text = ngettext(
        "{n} more stands in the JSON form of this annex.", "{n} more stand in the JSON form of this annex.", n
    )
    return Paragraph(text=text.format(n=n))
