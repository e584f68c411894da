"""One language at a time: English is the source text, catalogues of other languages lie beside this file.

Only what a person sees is translated; files always hold English.
"""

from __future__ import annotations

import gettext
import os
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from probe.system.language import of_the_desktop

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from probe.model.verdict import Verdict

LANGUAGES: Final = ("en", "ru", "fr")
"""Those with a complete catalogue."""
YES: Final = frozenset({"y", "yes", "д", "да", "o", "oui"})
"""What is taken for a yes, casefolded, whichever language asked."""

WORDY: Final = {
    "failure": ", ",
    "operation": ", ",
    "controls": ", ",
    "families": " and ",
    "state": ", ",
}
"""Parameters whose parts are words of a closed set (failure strings, operations, kinds of control), and what
joins the parts."""

FOLDER: Final = Path(__file__).parent
"""Where the catalogues lie."""
_now: list[gettext.NullTranslations] = [gettext.NullTranslations()]
_lang: list[str] = ["en"]


def use(lang: str) -> None:
    """Speak this language from now on; LookupError for one that has no catalogue."""
    if lang not in LANGUAGES:
        raise LookupError(lang)
    _lang[0] = lang
    _now[0] = _translations(lang)


@contextmanager
def in_language(lang: str) -> Iterator[None]:
    """Speak this language for a while; LookupError for one that has no catalogue."""
    before = _lang[0]
    use(lang)
    try:
        yield
    finally:
        use(before)


@lru_cache(maxsize=len(LANGUAGES))
def _translations(lang: str) -> gettext.NullTranslations:
    if lang == "en":
        return gettext.NullTranslations()
    return gettext.translation("probe", FOLDER, [lang])


def spoken() -> str:
    """Return the language now in use, one of `LANGUAGES`."""
    return _lang[0]


def from_environment(environ: Mapping[str, str] | None = None) -> str:
    """Return the language the user's locale asks for, or English where there is none of it.

    The variables are POSIX's, in POSIX's order: LC_ALL, LC_MESSAGES, LANG. Where none is set, the desktop
    may know.
    """
    values = os.environ if environ is None else environ
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := values.get(variable):
            lang = value.split(".")[0].split("_")[0].lower()
            return lang if lang in LANGUAGES else "en"
    lang = of_the_desktop()
    return lang if lang in LANGUAGES else "en"


def _(message: str) -> str:
    """Return the message in the language in use."""
    return _now[0].gettext(message) if message else ""


def ngettext(singular: str, plural: str, n: int) -> str:
    """Return the form of the message that fits the number."""
    return _now[0].ngettext(singular, plural, n)


def N_(message: str) -> str:  # noqa: N802 -- gettext's customary name for "mark for extraction, translate later"
    """Mark a message for the catalogue where it stands in a table; `_` translates it when it is shown."""
    return message


def say(verdict: Verdict) -> str:
    """Return the reason of a verdict in the language in use.

    A template that the catalogue does not know comes from a stranger's file or another version: nothing is
    put into it, the English sentence is returned as it was written.
    """
    return _filled(verdict.template, verdict.params, verdict.because)


def said_by(template: str, params: tuple[tuple[str, str], ...], english: str) -> str:
    """Return a reason in the language in use, as `say` does, where there is no verdict by it any more."""
    return _filled(template, params, english)


def say_notes(verdict: Verdict) -> tuple[str, ...]:
    """Return the notes of a verdict in the language in use; in English where only that is known."""
    if len(verdict.notes_apart) != len(verdict.notes):
        return verdict.notes
    pairs = zip(verdict.notes_apart, verdict.notes, strict=True)
    return tuple(_filled(one.template, one.params, english) for one, english in pairs)


def _filled(template: str, params: tuple[tuple[str, str], ...], english: str) -> str:
    translated = _(template)
    if translated == template:
        return english
    try:
        return translated.format_map({name: _word(name, value) for name, value in params})
    except KeyError:
        return english


def _word(name: str, value: str) -> str:
    """Return a parameter in the language in use, where it is made of words of ours rather than of values."""
    if name == "asn":
        return _("this network (operator not declared)") if value == "AS0" else _(value)
    if name not in WORDY:
        return value
    joint = WORDY[name]
    return _(joint).join(_(part) for part in value.split(joint))
