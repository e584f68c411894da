"""The technical annex of a letter: facts in no language, then the same said in one, in sections."""

from probe.report.annex.facts import Annex, annex_of
from probe.report.annex.statements import document

__all__ = ["Annex", "annex_of", "document"]
