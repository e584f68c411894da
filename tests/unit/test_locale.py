"""Every sentence a person may see exists in Russian, with the same parameters, and ships compiled."""

import gettext
import string
from collections.abc import Iterator, Sequence

import pytest

from probe import locale
from probe.model.verdict import Note
from probe.report import words
from unit import translations
from unit.outcomes import a_blocked_verdict


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    locale.use("en")


OTHERS = [lang for lang in locale.LANGUAGES if lang != "en"]


def fields(message: str) -> set[str]:
    return {name for _text, name, _spec, _conversion in string.Formatter().parse(message) if name is not None}


def texts(translation: str | Sequence[str] | None) -> list[str]:
    """Return the one translation, or those of all plural forms."""
    return [translation] if isinstance(translation, str) else list(translation or ())


@pytest.mark.parametrize("lang", OTHERS)
def test_no_sentence_is_missing_in_a_language(lang: str) -> None:
    known = translations.read(lang)
    missing = [
        message.id
        for message in translations.messages()
        if message.id and ((entry := known.get(message.id)) is None or not all(texts(entry.string)))
    ]
    assert missing == [], "run tests/unit/translations.py, translate the empty entries, run it again"


@pytest.mark.parametrize("lang", OTHERS)
def test_every_translation_has_the_parameters_of_its_sentence(lang: str) -> None:
    for message in translations.read(lang):
        sources = [message.id] if isinstance(message.id, str) else list(message.id)
        targets = [text for text in texts(message.string) if text]
        wanted = set().union(*(fields(source) for source in sources))
        assert all(fields(target) == wanted for target in targets), message.id


@pytest.mark.parametrize("lang", OTHERS)
def test_the_compiled_catalogue_holds_what_the_text_one_says(lang: str) -> None:
    path = translations.po(lang).with_suffix(".mo")
    with path.open("rb") as file:
        shipped = gettext.GNUTranslations(file)
    for message in translations.read(lang):
        if isinstance(message.id, str):
            assert not message.id or not message.string or shipped.gettext(message.id) == message.string
        else:
            found = {shipped.ngettext(message.id[0], message.id[1], n) for n in range(200)}
            assert found == set(texts(message.string))


@pytest.mark.parametrize("lang", OTHERS)
def test_quotation_marks_and_dashes_of_a_translation_are_not_the_typewriters(lang: str) -> None:
    for message in translations.read(lang):
        for text in texts(message.string):
            assert " - " not in text


def test_a_verdict_is_said_in_the_language_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    class Fixed(gettext.NullTranslations):
        def gettext(self, message: str) -> str:
            return {"Reset in {k} of {n}.": "Сброс: {k} из {n}."}.get(message, message)

    verdict = a_blocked_verdict(
        template="Reset in {k} of {n}.", params=(("k", "3"), ("n", "4")), because="Reset in 3 of 4."
    )
    assert locale.say(verdict) == "Reset in 3 of 4."
    monkeypatch.setattr(locale, "_now", [Fixed()])
    assert locale.say(verdict) == "Сброс: 3 из 4."


def test_a_runs_warnings_are_said_in_the_language_in_use() -> None:
    locale.use("ru")
    assert words.warning("A fault of this program, not of the network: x/web: KeyError at run.py:3") == (
        "Внимание: Ошибка этой программы, а не сети: x/web: KeyError at run.py:3"
    )


def test_words_among_the_parameters_are_said_too_and_values_stay() -> None:
    locale.use("ru")
    verdict = a_blocked_verdict(
        template="{name}: {failure} here, and the same at {controls}: it fails for others too.",
        params=(
            ("name", "connection_reset"),
            ("failure", "connection_reset"),
            ("controls", "a proxy elsewhere"),
        ),
    )
    assert locale.say(verdict) == (
        "connection_reset: здесь сброс соединения, и у контроля (прокси в другом месте) то же самое: "
        "не работает и у других."
    )


def test_notes_are_said_in_the_language_in_use_and_a_strangers_stay_as_they_are() -> None:
    english = (
        "2 of 3 rounds failed (connection_reset)",
        "judged without regard to the network it would be: down",
    )
    known = (
        Note(
            template="{n} of {all} rounds failed ({failure})",
            params=(("all", "3"), ("failure", "connection_reset"), ("n", "2")),
        ),
        Note(
            template="judged without regard to the network it would be: {state}", params=(("state", "down"),)
        ),
    )
    verdict = a_blocked_verdict(notes=english, notes_apart=known)
    assert locale.say_notes(verdict) == english
    locale.use("ru")
    assert locale.say_notes(verdict) == (
        "неудачных раундов: 2 из 3 (сброс соединения)",
        "без оглядки на состояние сети вышло бы: не работает",
    )
    odd = a_blocked_verdict(notes=("As it was.",), notes_apart=(Note(template="{x.__class__}"),))
    assert locale.say_notes(odd) == ("As it was.",)
    assert locale.say_notes(a_blocked_verdict(notes=english)) == english


def test_a_network_without_a_number_is_this_network() -> None:
    locale.use("ru")
    template = next(r.because for r in translations.rules() if r.rule_id == "http.plain_other_page")
    said = locale.say(
        a_blocked_verdict(
            template=template, params=(("asn", "this network"), ("controls", ""), ("name", "x"))
        )
    )
    assert "абонентов этой сети" in said


@pytest.mark.parametrize("template", ["{k.__class__}", "{k:>99999999}", "{", "{0}", "{missing}"])
def test_a_template_from_a_strangers_file_is_never_filled_in(template: str) -> None:
    locale.use("ru")
    verdict = a_blocked_verdict(template=template, params=(("k", "3"),), because="As it was written.")
    assert locale.say(verdict) == "As it was written."


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "en"),
        ({"LANG": "ru_RU.UTF-8"}, "ru"),
        ({"LANG": "fr_FR.UTF-8"}, "fr"),
        ({"LC_ALL": "fr_CA"}, "fr"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "ru_RU.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_GB", "LC_MESSAGES": "ru"}, "ru"),
        ({"LC_ALL": "", "LANG": "ru"}, "ru"),
    ],
)
def test_the_locale_names_the_language(environ: dict[str, str], expected: str) -> None:
    assert locale.from_environment(environ) == expected


def test_a_language_without_a_catalogue_is_refused() -> None:
    with pytest.raises(LookupError):
        locale.use("de")
    assert locale.spoken() == "en"


@pytest.mark.parametrize(
    ("n", "expected"),
    [(1, "1 сервис"), (2, "2 сервиса"), (5, "5 сервисов"), (11, "11 сервисов"), (21, "21 сервис")],
)
def test_russian_counts_in_three_forms(n: int, expected: str) -> None:
    locale.use("ru")
    assert locale.ngettext("{n} service", "{n} services", n).format(n=n) == expected
