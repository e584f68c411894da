"""Apps in shops: how they are typed, what is refused, and with what they are compared."""

from pathlib import Path

import pytest

from probe.model.appstore import App, app_of, lookup_of
from probe.model.options import RunOptions
from probe.pipeline.contacts import contacts_of
from probe.targets import CatalogueError, read_catalogue, target_of_app
from probe.targets.apps import app_in
from unit.a_catalogue import SERVICE, copy_of_the_catalogue, refused

PAGES = {
    "apple:686449807:ru": "https://apps.apple.com/ru/app/id686449807",
    "apple:id686449807:RU": "https://apps.apple.com/ru/app/id686449807",
    "Google:org.telegram.messenger:kz": (
        "https://play.google.com/store/apps/details?id=org.telegram.messenger&hl=en&gl=KZ"
    ),
}
STORE = SERVICE.replace(
    'input = "https://sample.example/"\nexperiment = "web"',
    'input = "https://apps.apple.com/ru/app/id686449807"\nexperiment = "store"\n'
    'control_app = "324715238"\nelsewhere = "us"',
)


@pytest.mark.parametrize(("typed", "page"), PAGES.items())
def test_what_is_typed_becomes_the_address_of_a_page_and_can_be_read_again(typed: str, page: str) -> None:
    app = app_in(typed)
    assert app.page == page
    assert app_of(page) == app


@pytest.mark.parametrize(
    ("typed", "problem", "hint"),
    [
        ("686449807", "three parts", "Type apple:NUMBER:COUNTRY"),
        ("apple:686449807", "three parts", "Type apple:NUMBER:COUNTRY"),
        ("aple:686449807:ru", "'aple' is no shop", "Did you mean apple?"),
        ("xyz:686449807:ru", "'xyz' is no shop", "Type apple:NUMBER:COUNTRY"),
        ("apple:12345:ru", "'12345' is no app", "what follows id in the address"),
        ("apple:0686449807:ru", "is no app", "what follows id in the address"),
        ("apple:org.wikipedia:ru", "is no app", "what follows id in the address"),
        ("google:wikipedia:ru", "'wikipedia' is no app", "what follows id= in the address"),
        ("google:org..wikipedia:ru", "is no app", "what follows id= in the address"),
        ("google:org.wiki&gl=US:ru", "is no app", "what follows id= in the address"),
        ("google:" + "a." * 80 + "b:ru", "is no app", "what follows id= in the address"),
        ("apple:686449807:zz", "'zz' is no country", "two letters of ISO 3166"),
        ("apple:686449807:", "'' is no country", "two letters of ISO 3166"),
        ("apple:686449807:rus", "'rus' is no country", "two letters of ISO 3166"),
    ],
)
def test_what_is_no_app_is_refused_with_what_to_type_instead(typed: str, problem: str, hint: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        target_of_app(typed, ())
    assert problem in caught.value.problem
    assert hint in caught.value.hint


def test_an_app_is_compared_with_the_control_app_that_the_catalogue_names_for_its_shop() -> None:
    known = tuple(read_catalogue().targets())
    apple = target_of_app("apple:686449807:ru", known)
    assert (apple.experiment, apple.control_app, apple.elsewhere) == ("store", "324715238", "us")
    assert target_of_app("google:org.one:us", known).control_app == "org.wikipedia"
    assert target_of_app("google:org.one:us", known).elsewhere == "de"
    assert target_of_app("apple:324715238:ru", known).control_app == ""
    assert target_of_app("apple:686449807:ru", ()).control_app == ""


@pytest.mark.parametrize(
    "url",
    [
        "https://apps.apple.com/",
        "https://apps.apple.com/ru/app/id12",
        "https://play.google.com/store/apps/details?id=org.one",
        "https://apps.apple.com.example/ru/app/id686449807",
        "",
    ],
)
def test_other_addresses_are_no_pages_of_apps(url: str) -> None:
    assert app_of(url) is None


def test_apples_interface_is_asked_about_several_apps_at_once() -> None:
    assert lookup_of("ru", "1", "2") == "https://itunes.apple.com/lookup?id=1,2&country=ru"


def test_the_host_of_the_interface_is_told_before_it_is_contacted() -> None:
    catalogue = read_catalogue()
    target = catalogue.target("app-store/telegram-ru")
    hosts = [c.host for c in contacts_of(catalogue, (target,), RunOptions()) if c.purpose == "target"]
    assert hosts == ["apps.apple.com", "itunes.apple.com"]
    other = catalogue.target("google-play/telegram-ru")
    hosts = [c.host for c in contacts_of(catalogue, (other,), RunOptions()) if c.purpose == "target"]
    assert hosts == ["play.google.com"]


@pytest.mark.parametrize(
    ("change", "line", "problem", "hint"),
    [
        (("id686449807", "telegram"), 12, "no page of an app", "Write https://apps.apple.com/ru/app/"),
        (("/ru/", "/zz/"), 12, "no page of an app", "Write https://apps.apple.com/ru/app/"),
        (('"324715238"', '"org.wikipedia"'), 14, "is no other app of this shop", "control_app ="),
        (('"324715238"', '"686449807"'), 14, "is no other app of this shop", "control_app ="),
        (('control_app = "324715238"\n', ""), 10, "is no other app of this shop", "control_app ="),
        (('"us"', '"ru"'), 15, "'ru' is no other country", 'elsewhere = "us"'),
        (('"us"', '"zz"'), 15, "'zz' is no other country", 'elsewhere = "us"'),
        (('"https://apps', '"http://apps'), 12, "does not take http://", "https://"),
    ],
)
def test_an_app_that_cannot_be_compared_is_refused_in_its_file(
    tmp_path: Path, change: tuple[str, str], line: int, problem: str, hint: str
) -> None:
    folder = copy_of_the_catalogue(tmp_path)
    (folder / "sample.toml").write_text(STORE.replace(*change))
    with refused("sample.toml", line, problem, hint):
        read_catalogue(folder)


def test_an_app_of_ones_own_catalogue_is_read(tmp_path: Path) -> None:
    folder = copy_of_the_catalogue(tmp_path)
    (folder / "sample.toml").write_text(STORE.replace("id686449807", "id686449808"))
    target = read_catalogue(folder).target("sample/web")
    assert (target.control_app, target.elsewhere) == ("324715238", "us")
    assert app_of(target.input) == App(shop="apple", app="686449808", storefront="ru")


def test_mirrors_alone_are_refused_and_none_speaks_for_its_site(tmp_path: Path) -> None:
    folder = copy_of_the_catalogue(tmp_path)
    path = folder / "sample.toml"
    path.write_text(SERVICE + 'role = "mirror"\n')
    with refused("sample.toml", 1, "nothing but mirrors", "Add the endpoint that it mirrors"):
        read_catalogue(folder)
    mirror = '\n[[endpoint]]\nid = "two"\nrole = "mirror"\ninput = "https://b.example/"\nexperiment = "web"\n'
    path.write_text(SERVICE + mirror + "essential = true\n")
    with refused("sample.toml", 20, "a mirror never speaks for its site", "Leave the field out."):
        read_catalogue(folder)
    path.write_text(SERVICE + mirror)
    assert read_catalogue(folder).target("sample/two").role == "mirror"
