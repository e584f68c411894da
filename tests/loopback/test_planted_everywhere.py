"""Servers that send the volunteer back in every spelling: none of it in run, bag, zip or any report."""

from __future__ import annotations

import asyncio
import html
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs

from loopback.planting import COOKIE, FORMS, FOUR, HOME, HOST, NEEDLES, SIX, USER, WHO, found_in
from loopback.test_planted_run import Warned
from probe import locale
from probe.cli.exporting import WRITERS, Order
from probe.lab import ca, open_lab, pages
from probe.lab import lab as the_lab
from probe.lab.records import Answer, Rule, Scenario, Site
from probe.model.options import RunOptions
from probe.pipeline.folder import open_run
from probe.pipeline.request import RunRequest, prepare
from probe.pipeline.run import RunResult, concluded, measure
from probe.pipeline.sealing import Sealed, seal
from probe.report.annex.letter import Addressee, Letter
from probe.targets import read_catalogue

if TYPE_CHECKING:
    from pathlib import Path

    from probe.lab.records import Request

PAGE, NOTICE, AWAY, CAUGHT, FAULT = (
    f"{name}.probe-lab.example" for name in ("page", "notice", "away", "caught", "fault")
)
ALL = " ".join(f" {text} " for text in FORMS.values())
ADDRESSES = " ".join(f" {text} " for name, text in FORMS.items() if name not in WHO)
IN_A_HEADER = {name: text for name, text in FORMS.items() if "\0" not in text}


def sent_back(_request: Request) -> Answer:
    """Return a page with everything in its title, its text and its headers."""
    headers = tuple((f"X-Client-{n}", text) for n, text in enumerate(IN_A_HEADER.values()))
    answer = pages.page(
        f"You are {FOUR} {SIX} {USER}@{HOST}",
        f"<p>{html.escape(ALL)}</p><!-- {ALL} -->",
        more=(("Set-Cookie", f"{COOKIE}; path=/"), ("X-Forwarded-For", FOUR), *headers),
    )
    return structs.replace(answer, body=answer.body + ALL.encode("utf-16-le"))


def noticed(_request: Request) -> Answer:
    """Return an operator's notice with the addresses of whom it is shown to, in place of the page.

    A page that shows this machine's own names accuses nobody: those are in the other pages.
    """
    told = f"<p>{html.escape(ADDRESSES)} {ADDRESSES}</p></body>".encode()
    return Answer(headers=pages.headers(("X-Your-IP", FOUR)), body=pages.NOTICE.replace(b"</body>", told))


def led_away(request: Request) -> Answer:
    """Return a redirect that bears it all, to the page."""
    if "?" in request.path:
        return sent_back(request)
    forms = (text for name, text in IN_A_HEADER.items() if "base64" not in name and " " not in text)
    query = "&".join(f"p{n}={text}" for n, text in enumerate(forms))
    return pages.redirect(f"https://{AWAY}/go?ip={FOUR}&user={USER}&{query}")


SCENARIO = Scenario(
    name="planted",
    title="Servers send the volunteer back",
    sites={
        PAGE: Site(answer=sent_back),
        NOTICE: Site(answer=noticed, only_here=True),
        AWAY: Site(answer=led_away),
        CAUGHT: Site(certificate="planted"),
    },
    rules=(Rule(stage="hello", what="mitm", names=(CAUGHT,), detail="planted"),),
)


@pytest.fixture
def result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunResult:
    """Measure the five sites, on the volunteer's machine."""
    monkeypatch.setenv("LOGNAME", USER)
    monkeypatch.setenv("HOME", HOME)
    monkeypatch.setattr("platform.node", lambda: HOST)
    monkeypatch.setattr(the_lab, "scenario_named", lambda _name: SCENARIO)
    issuers = {**ca.ISSUERS, "planted": f"{FOUR} {USER}@{HOST} 203-0-113-77.pppoe"}
    monkeypatch.setattr(ca, "ISSUERS", issuers)

    async def main() -> RunResult:
        catalogue = read_catalogue()
        async with open_lab("planted", catalogue, rtt_s=0.0) as lab:
            ours = lab.network.resolve_system

            def resolve(name: str) -> tuple[str, ...]:
                if name == FAULT:
                    raise RuntimeError(f"{name} is not for {ALL}")
                return ours(name)

            monkeypatch.setattr(lab.network, "resolve_system", resolve)
            request = RunRequest(
                results=tmp_path / "results",
                urls=(
                    f"https://{PAGE}/",
                    f"http://{NOTICE}/",
                    f"http://{AWAY}/",
                    f"https://{CAUGHT}/",
                    f"https://{FAULT}/",
                ),
                options=RunOptions(rounds=1, throughput=False, controls=lab.controls),
                vantage=lab.vantage,
            )
            prepared = prepare(request, catalogue=catalogue)
            opened = open_run(prepared, lab.network, simulated=True)
            observer: Any = Warned()
            with opened.folder:
                record = await measure(prepared, lab.network, observer, opened)
                return concluded(opened.folder, record, observer)

    return asyncio.run(main())


def test_the_search_finds_every_form_where_it_is(tmp_path: Path) -> None:
    for number, (form, text) in enumerate(FORMS.items()):
        file = tmp_path / str(number)
        file.write_text(f'{{"body": "x {text} y"}}')
        assert (str(number), form) in found_in(file)
        file.write_bytes(f"x {text} y".encode("utf-16-le"))
        assert (str(number), form) in found_in(file)


@pytest.mark.slow
def test_nothing_of_the_volunteer_is_in_run_bag_zip_or_any_report(
    result: RunResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = (result.folder / "measurements.jsonl").read_bytes()
    for evidence in (
        b"You are [ip]",
        b'["x-client-0","[client]"]',
        b'["set-cookie","[cookie]"]',
        b'["X-Your-IP","[ip]"]',
        b"/go?ip=[account]",
        b"CN=[ip] [user]@[host] [ip].pppoe",
    ):
        assert evidence in journal, evidence  # it was sent, and kept without what was planted
    states = {row.input: (str(row.state), row.mechanism) for row in result.verdicts}
    assert states[f"http://{NOTICE}/"] == ("blocked", "http.blockpage")
    sealed = seal(result.folder)
    assert isinstance(sealed, Sealed), sealed
    reports = tmp_path / "reports"
    for lang in locale.LANGUAGES:
        locale.use(lang)
        try:
            for form in WRITERS:
                for disclosure in ("public", "full"):
                    (reports / disclosure).mkdir(parents=True, exist_ok=True)
                    out = reports / disclosure / f"{lang}.{form}"
                    letter = Letter(
                        disclosure="full" if disclosure == "full" else "public",
                        title="Letter",
                        requests=True,
                        addressees=(Addressee(kind="operator", name="AS12389"),),
                    )
                    WRITERS[form].write(Order(runs=(sealed.bag,), letter=letter, out=out))
        finally:
            locale.use("en")
    made = [path for path in reports.rglob("*") if path.is_file()]
    assert len(made) >= 2 * len(locale.LANGUAGES) * (
        len(WRITERS) - 1
    )  # pictures of speeds: none were compared
    places = [*result.folder.rglob("*"), *sealed.bag.rglob("*"), sealed.zip, *made]
    assert {one for place in places if place.is_file() for one in found_in(place)} == set()
    assert len(NEEDLES) > 90
