"""What a catalogue keeps of every sentence: its figures, its machine words; and its own typography."""

import ast
import re
from collections.abc import Iterator

import pytest

from probe import locale
from unit import translations
from unit.test_locale import OTHERS, fields, texts

MACHINE_WORD = re.compile(
    r"`[^`]*`"  # what is typed
    r"|(?<![\w-])--[a-z][a-z-]*"  # options
    r"|https?://[^\s)]*"
    r"|\b[\w./-]+\.(?:csv|jsonl|json|txt|toml|conf|ovpn|pub|po|md|zip)\b"
    r"|\b(?:AS|UDP/|TCP/)\d+"
    r"|\b(?:SHA-256|Ed25519|BagIt|UTF-8|WireGuard|NXDOMAIN|SERVFAIL|REFUSED|QUIC|TLS|ICMP|RDAP|RIPEstat|CSV)\b"
)
"""What is never translated, wherever it stands."""
FIGURE = re.compile(r"\d+(?:[.,:]\d+)*")
SAME_EVERYWHERE = re.compile(
    r"(?:\{[^{}]*\}|[\W\d_]|\b(?:SHA-256|DNS|TLS|TCP|UDP|QUIC|ICMP|LGBT|AS|p|s|Mbit/s|kbit/s|ms)\b)+"
)
"""A sentence without a word to translate: placeholders, signs, units, names of protocols."""
ALIKE = {
    "fr": {
        "Arguments",
        "Code",
        "Contact",
        "Contradictions",
        "Culture",
        "Date",
        "Document",
        "Note: {note}",
        "Option",
        "Options",
        "Religion",
        "Page",
        "Service",
        "Services",
        "Observations",
        "Signature",
        "Source",
        "Verdict",
        "Verdicts",
        "coalition",
        "confirmation",
        "mobile",
        "observation",
        "service",
        "{n} minute",
        "{n} minutes",
        "{n} observation",
        "{n} observations",
        "{n} service",
        "{n} services",
        "{n} verdict",
        "{n} verdicts",
    }
}
"""Words that a language spells as English does."""
FRENCH_SPACE = "\u202f"


def sentences(lang: str) -> Iterator[tuple[str, str]]:
    """Yield every (English, translated) pair; of a plural, each of its forms with the English plural."""
    for message in translations.read(lang):
        if not message.id:
            continue
        english = message.id if isinstance(message.id, str) else message.id[-1]
        for text in texts(message.string):
            if text:
                yield english, text


def figures(text: str) -> list[str]:
    """Return the figures of a sentence, sorted, a decimal comma read as a point."""
    return sorted(figure.replace(",", ".") for figure in FIGURE.findall(re.sub(r"\{[^{}]*\}", "", text)))


@pytest.mark.parametrize("lang", OTHERS)
def test_the_figures_of_a_sentence_are_the_same_in_every_language(lang: str) -> None:
    other = [(english, text) for english, text in sentences(lang) if figures(english) != figures(text)]
    assert other == []


@pytest.mark.parametrize("lang", OTHERS)
def test_what_is_typed_and_what_machines_read_is_not_translated(lang: str) -> None:
    lost = [
        (word, text)
        for english, text in sentences(lang)
        for word in MACHINE_WORD.findall(english)
        if word.rstrip(".,") not in text
    ]
    assert lost == []


@pytest.mark.parametrize("lang", OTHERS)
def test_no_sentence_is_left_in_english(lang: str) -> None:
    known = ALIKE.get(lang, set())
    copied = {
        english
        for english, text in sentences(lang)
        if english == text and not SAME_EVERYWHERE.fullmatch(english) and english not in known
    }
    assert copied == set()


@pytest.mark.parametrize("lang", OTHERS)
def test_every_plural_form_has_the_parameters_of_its_sentence(lang: str) -> None:
    for message in translations.read(lang):
        if message.id and not isinstance(message.id, str):
            wanted = set().union(*(fields(form) for form in message.id))
            assert [fields(form) for form in texts(message.string)] == [wanted] * (2 + (lang == "ru"))


@pytest.mark.parametrize("lang", OTHERS)
def test_a_translation_begins_and_ends_with_the_same_spaces(lang: str) -> None:
    def edges(text: str) -> tuple[bool, bool]:
        return text[:1].isspace(), text[-1:].isspace()

    assert [
        e for e, text in sentences(lang) if edges(e) != edges(text) and not e.startswith((":", ";"))
    ] == []


def test_french_signs_stand_after_a_narrow_space_that_no_line_may_break() -> None:
    for english, text in sentences("fr"):
        bare = re.sub(r"`[^`]*`", "", text)
        assert not re.search(r" [;!?»%]| :(?!:)|« ", bare), english
        assert not re.search(r"[^\W\d_][;!?»](?!\w)", bare), english
        assert not re.search(r"\w'\w", bare), english
        assert bare.count("«" + FRENCH_SPACE) == bare.count("«") == bare.count(FRENCH_SPACE + "»"), english


def test_russian_says_it_in_cyrillic() -> None:
    allowed = re.compile(r"(?:\{[^{}]*\}|[\W\d_]|[A-Za-z])+")
    latin = {
        text
        for english, text in sentences("ru")
        if allowed.fullmatch(text) and not SAME_EVERYWHERE.fullmatch(text)
    }
    assert latin == set()


def test_every_sentence_marked_in_the_source_is_found_where_it_stands() -> None:
    """Also one within an f-string, which the extractor does not see into."""
    known = {
        message.id if isinstance(message.id, str) else message.id[0] for message in translations.messages()
    }
    missed = [
        (str(path.relative_to(translations.SOURCE)), text)
        for folder in translations.SPEAKING
        for path in sorted((translations.SOURCE / folder).rglob("*.py"))
        for text in _marked(ast.parse(path.read_text(encoding="utf-8")))
        if text and text not in known
    ]
    assert missed == []


def _marked(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            first = node.args[0]
            if node.func.id in translations.KEYWORDS and isinstance(first, ast.Constant):
                yield str(first.value)


def test_packages_that_speak_are_all_searched_for_sentences() -> None:
    importing = {
        path.relative_to(translations.SOURCE).parts[0]
        for path in translations.SOURCE.rglob("*.py")
        if re.search(
            r"^\s*from probe\.locale import [^\n]*\b(_|N_|ngettext)\b", path.read_text(), re.MULTILINE
        )
    }
    assert importing <= set(translations.SPEAKING)


@pytest.mark.parametrize(
    ("n", "expected"), [(0, "0 mesure"), (1, "1 mesure"), (2, "2 mesures"), (21, "21 mesures")]
)
def test_french_counts_nothing_in_the_singular(n: int, expected: str) -> None:
    locale.use("fr")
    try:
        said = locale.ngettext("With {n} earlier run here", "With {n} earlier runs here", n).format(n=n)
    finally:
        locale.use("en")
    assert said.startswith(f"Avec {expected} ")
