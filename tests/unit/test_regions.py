"""Regions are typed as ISO 3166-2 codes, those of Russia in English, Russian and French by name too."""

import tomllib

import pytest
import typer

from probe.cli import regions
from probe.cli.options import region


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("withheld", "withheld"),
        ("RU", "RU"),
        ("ru-kha", "RU-KHA"),
        ("KZ-75", "KZ-75"),
        ("by-HM", "BY-HM"),
        ("Khabarovsk", "RU-KHA"),
        ("Khabarovsk Krai", "RU-KHA"),
        ("Хабаровский край", "RU-KHA"),
        ("хабаровск", "RU-KHA"),
        ("Kraï de Khabarovsk", "RU-KHA"),
        ("krai de khabarovsk", "RU-KHA"),
        ("Primorsky", "RU-PRI"),
        ("Приморье", "RU-PRI"),
        ("Primorié", "RU-PRI"),
        ("Амурская обл.", "RU-AMU"),
        ("oblast de l’Amour", "RU-AMU"),
        ("Yakutia", "RU-SA"),
        ("Республика Саха (Якутия)", "RU-SA"),
        ("Iakoutie", "RU-SA"),
        ("Сахалин", "RU-SAK"),
        ("Ingushetia", "RU-IN"),
        ("Ингушетия", "RU-IN"),
        ("Ingouchie", "RU-IN"),
        ("Орел", "RU-ORL"),
        ("Орёл", "RU-ORL"),
        ("ХАНТЫ-МАНСИЙСКИЙ АО", "RU-KHM"),
        ("St. Petersburg", "RU-SPE"),
        ("Saint-Pétersbourg", "RU-SPE"),
        ("Россия", "RU"),
    ],
)
def test_a_region_is_known_by_code_and_by_name(typed: str, code: str) -> None:
    assert region(typed) == code


def test_moscow_is_the_city_and_its_oblast_has_its_own_name() -> None:
    assert [region(name) for name in ("Moscow", "Москва", "Moscou", "г. Москва")] == ["RU-MOW"] * 4
    assert [region(name) for name in ("Moscow Oblast", "Московская", "oblast de Moscou")] == ["RU-MOS"] * 3


@pytest.mark.parametrize("typed", ["Altai", "Алтай", "Altaï"])
def test_a_name_of_two_regions_is_asked_about(typed: str) -> None:
    with pytest.raises(typer.BadParameter) as refused:
        region(typed)
    assert refused.value.message == (
        f"{typed!r} may be Altai Republic (RU-AL) or Altai Krai (RU-ALT): type the code of yours."
    )


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        ("Khabarowsk", "Khabarovsk Krai (RU-KHA)"),
        ("Сахолин", "Sakhalin Oblast (RU-SAK)"),
        ("Ingushetya", "Republic of Ingushetia (RU-IN)"),
    ],
)
def test_a_name_that_is_almost_right_is_answered_with_the_nearest(typed: str, near: str) -> None:
    with pytest.raises(typer.BadParameter) as refused:
        region(typed)
    assert refused.value.message.startswith(f"{typed!r} is no known region. Did you mean {near}")


def test_regions_are_told_in_the_language_in_use() -> None:
    assert regions.told(("RU-KHA", "RU-MOW"), "ru") == ("Хабаровский край (RU-KHA)", "Москва (RU-MOW)")
    assert regions.told(("RU-SA",), "fr") == ("République de Sakha (RU-SA)",)


def test_a_code_that_iso_does_not_have_for_russia_is_answered_with_the_nearest() -> None:
    with pytest.raises(typer.BadParameter, match=r"'RU-KHB' is no known region\. .*\(RU-KHA\)"):
        region("RU-KHB")


@pytest.mark.parametrize("typed", ["", "   ", "oblast", "область", "?", "Atlantis", "R", "x" * 100_000])
def test_what_is_no_region_is_refused_with_what_to_type(typed: str) -> None:
    with pytest.raises(typer.BadParameter, match=r"Type RU, RU-KHA or withheld\.$"):
        region(typed)


def test_the_table_has_all_of_isos_regions_of_russia_and_no_other() -> None:
    codes = list(regions.names())
    assert (codes[0], len(codes)) == ("RU", 84)
    assert codes[1:] == sorted(codes[1:])
    assert all(code.startswith("RU-") and code[3:].isalpha() and code.isupper() for code in codes[1:])


def test_every_region_has_names_in_three_languages() -> None:
    assert {tuple(languages) for languages in regions.names().values()} == {("en", "ru", "fr")}
    assert all(known for languages in regions.names().values() for known in languages.values())


def test_only_altai_is_called_like_another_region() -> None:
    shared = {
        given
        for languages in regions.names().values()
        for known in languages.values()
        for given in known
        if len(regions.codes_of(given)) > 1
    }
    assert shared == {"Алтай", "Altaï"}


def test_the_table_says_whence_and_of_when_it_is() -> None:
    table = tomllib.loads(regions.TABLE.read_text("utf-8"))
    assert table["dated"].isoformat() == "2026-11-21"
    assert table["source"].startswith("ISO 3166-2:RU")
