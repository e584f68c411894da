"""Which sentences a person may see, and whether the catalogues have them all.

`python tests/unit/translations.py` brings the .po files up to date with the source (new sentences come in
empty, old ones go) and compiles the .mo files that are shipped beside them.
"""

import importlib
import io
import pkgutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

import probe.judge
from probe.judge.count_layer import OPERATIONS
from probe.judge.note import NOTES
from probe.judge.outcome import NOBODY, SOURCE_WORDS, THIS_NETWORK, THROUGH_BYPASS
from probe.judge.rule import Rule
from probe.judge.vpn import OPERATIONS as EXCHANGES
from probe.locale import LANGUAGES
from probe.model import failure
from probe.targets.check import WORDS

SOURCE = Path(__file__).parents[2] / "src" / "probe"
LOCALE = SOURCE / "locale"
HEADER = """{comment}msgid ""
msgstr ""
"Language: {lang}\\n"
"Plural-Forms: {plural}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
"""No dates, no names and no places in it: the same sentences give the same bytes. The comment before it,
with the glossary, is the translator's and is kept."""
SPEAKING = ("cli", "report", "pipeline", "evidence", "locale")
"""Packages with sentences of their own; those of judge are in its tables."""
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}


def rules() -> Iterator[Rule[object]]:
    """Yield every rule in a table of a module of judge."""
    for info in pkgutil.walk_packages(probe.judge.__path__, "probe.judge."):
        yield from _rules_in(list(vars(importlib.import_module(info.name)).values()))


def _rules_in(value: object) -> Iterator[Rule[object]]:
    if isinstance(value, Rule):
        yield value
    elif isinstance(value, Mapping):
        yield from _rules_in(list(value.values()))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _rules_in(item)


def messages() -> Catalog:
    """Return a catalogue of every sentence in the source, without translations."""
    catalogue = Catalog(project="interference-probe")
    for file, _line, message, _comments, _context in extract_from_dir(
        SOURCE, [(f"{folder}/**.py", "python") for folder in SPEAKING], {}, KEYWORDS
    ):
        catalogue.add(message, locations=[(file, 0)])
    for rule in rules():
        if rule.because:
            catalogue.add(rule.because, locations=[(f"judge: {rule.rule_id}", 0)])
    for words in WORDS:
        for word in words:
            catalogue.add(word, locations=[("targets: what is old", 0)])
    for template in NOTES:
        catalogue.add(template, locations=[("judge: a note", 0)])
    for word in (
        *OPERATIONS.values(),
        *EXCHANGES.values(),
        *SOURCE_WORDS.values(),
        NOBODY,
        THIS_NETWORK,
        THROUGH_BYPASS,
        " and ",
    ):
        catalogue.add(word, locations=[("judge: a parameter", 0)])
    for name, word in vars(failure).items():
        if isinstance(word, str) and name.isupper() and not word.endswith(" "):
            catalogue.add(word, locations=[("a failure", 0)])
    return catalogue


def read(lang: str) -> Catalog:
    """Return a language's catalogue as it stands in its .po file."""
    with po(lang).open("rb") as file:
        return read_po(file, locale=lang, abort_invalid=True)


def po(lang: str) -> Path:
    """Return the path of a language's text catalogue."""
    return LOCALE / lang / "LC_MESSAGES" / "probe.po"


def compiled(lang: str) -> bytes:
    """Return what the .mo file of a language must hold."""
    catalogue = read(lang)
    catalogue.creation_date = catalogue.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def update(lang: str) -> None:
    """Bring a .po file up to date with the source, and compile it."""
    known = read(lang)
    known.update(messages(), no_fuzzy_matching=True)
    known.obsolete.clear()
    write(lang, known)


def write(lang: str, known: Catalog) -> None:
    """Write a language's .po file, and what is compiled of it."""
    with po(lang).open(encoding="utf-8") as file:
        comment = "".join(takewhile(lambda line: line.startswith("#"), file))
    body = io.BytesIO()
    write_po(body, known, width=110, no_location=True, omit_header=True)
    head = HEADER.format(comment=comment, lang=lang, plural=known.plural_forms)
    po(lang).write_bytes(head.encode() + body.getvalue())
    po(lang).with_suffix(".mo").write_bytes(compiled(lang))


if __name__ == "__main__":
    for language in LANGUAGES:
        if language != "en":
            update(language)
