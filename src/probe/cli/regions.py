"""Names of Russia's regions, in English, Russian and French, and the ISO 3166-2 codes they stand for."""

import difflib
import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

TABLE: Final = Path(__file__).with_name("regions.toml")
LONGEST: Final = 80
"""Characters of a name that are looked at; no region's is longer."""


@cache
def names() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Return the names of each code by language, the first of each being the official one."""
    return {
        code: {lang: tuple(known) for lang, known in languages.items()}
        for code, languages in _table()["names"].items()
    }


def codes_of(name: str) -> tuple[str, ...]:
    """Return every code that a name may mean, none where nothing is called so.

    A name that is written out in full counts before one that agrees only without words such as oblast.
    """
    whole = plain(name)
    return _found(whole, plain) or _found(bare(name), bare)


def nearest(name: str) -> tuple[str, ...]:
    """Return the codes of at most three regions that are called nearly so, the likeliest first."""
    if not bare(name):
        return ()
    known = {written: code for code, given in _given() for written in (plain(given), bare(given))}
    known.update((plain(code), code) for code in names())
    close = difflib.get_close_matches(plain(name), known, 8, 0.7)
    return tuple(dict.fromkeys(known[written] for written in close))[:3]


def told(codes: tuple[str, ...], lang: str) -> tuple[str, ...]:
    """Return codes as a person is asked about them: `Altai Krai (RU-ALT)`."""
    return tuple(f"{names()[code][lang][0]} ({code})" for code in codes)


def plain(name: str) -> str:
    """Return a name in small letters without accents, the two dots of yo, hyphens, apostrophes and dots."""
    letters = unicodedata.normalize("NFKD", name[:LONGEST].casefold())
    kept = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(re.findall(r"\w+", kept))


def bare(name: str) -> str:
    """Return the plain name without the words for region, territory, republic, city."""
    return " ".join(word for word in plain(name).split() if word not in _kinds())


def _found(wanted: str, written: Callable[[str], str]) -> tuple[str, ...]:
    if not wanted:
        return ()
    return tuple(dict.fromkeys(code for code, given in _given() if written(given) == wanted))


def _given() -> Iterator[tuple[str, str]]:
    for code, languages in names().items():
        for known in languages.values():
            for given in known:
                yield code, given


@cache
def _kinds() -> frozenset[str]:
    return frozenset(plain(word) for word in _table()["kinds"])


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(TABLE.read_text("utf-8"))
