"""docs/coverage.md answers everything that the letters name, and claims nothing that does not exist."""

import re
import tomllib
from itertools import chain
from pathlib import Path
from typing import Any, Final

import pytest
import typer

from probe.cli.commands import app
from probe.model.words import MECHANISMS, Caveat, ReasonCode
from probe.report.columns import VERDICT_COLUMNS
from probe.store import run_folder
from probe.targets import read_catalogue
from unit.translations import rules

ROOT: Final = Path(__file__).parents[2]
TEXT: Final = (ROOT / "docs" / "coverage.md").read_text()
ANSWERS: Final = {"measured", "partly", "not yet", "cannot"}

SYSTEMS: Final = (
    "Twitter (X) slowed from 10 March 2021",
    "threats of the same to Google",
    "content removed from Apple's and Google's stores and platforms (an opposition app)",
    "Google's and Cloudflare's DNS blocked, disruptions of 8 September 2021",
    "mobile internet of Moscow shut down, July and August 2019",
    "mobile internet of Ingushetia shut down, 2018 and 2019",
    "Telegram blocked 2018 to 2020",
    "millions of addresses hit besides (collateral blocking)",
    "Belarus, August 2020",
    "websites of opposition media blocked wholesale",
    "social media to be blocked or slowed",
    "X (Twitter), Instagram, Facebook blocked 2022",
    "Telegram and WhatsApp slowed in five regions of the Far East, January 2024",
    "YouTube slowed in seven regions",
    "channels with more than 50,000 subscribers",
    "34 platforms told to delete content about VPNs, blocked if they refuse",
    "connectivity slowed at a funeral in Moscow, 1 March 2024",
    "internet, social media, channels to stay open before, during and after the election",
    "firms leaving: Microsoft, Adobe, Nvidia, Dropbox, Snapchat, Coursera",
    "Cogent (5 March 2022) and Lumen end service to Russian customers",
    "attacks on name servers of .RU/.РФ and of their registrars",
    "Visa and Mastercard stop payments for online services",
    ".RU taken out of the root zone",
    "RIPE takes back addresses and AS numbers",
    "social networks, messengers, VPN services to stay stable and free",
    "connectivity of the Russian segment",
    "access to truthful information",
    "domain registrars cut off users",
    "software platforms cut off users",
    "game services cut off users",
    "cryptocurrency exchanges cut off users",
    "cloud services cut off users",
    "accounts of Russian users blocked or labelled",
    "slow or unreachable foreign sites",
    'a separate "sovereign" internet',
)
RECOMMENDATIONS: Final = (
    "denounce shutdowns publicly",
    "resist and push back against orders",
    "preserve evidence, reveal demands",
    "disclose disruptions: when, their status, when back",
    "contest orders in court",
    "consult civil society, transparency reports",
    "keep the internet open before, during and after elections, also during unrest",
    "no shutting down, slowing or blocking",
    "repeal laws that legitimise shutdowns or outlaw VPNs",
    "keep serving users in Russia",
    "keep networks connected",
    "security and confidence",
    "honour human-rights obligations",
    "independent media stay reachable",
    "international cooperation",
)
OPERATORS: Final = (
    "Rostelecom",
    "MTS",
    "MegaFon",
    "VimpelCom (Beeline, VEON)",
    "TransTeleCom",
    "ER-Telecom (Dom.ru)",
    "Rascom",
)
ADDRESSEES: Final = (
    "Apple",
    "Google",
    "Twitter",
    "Facebook",
    "Cloudflare",
    "Yandex",
    "president and government of Russia",
    "international IT and telecom companies",
    "companies, governments, civil society",
)
"""The letters' own list, closed: a letter that comes later adds to it, nothing is taken away."""


def tables(title: str) -> list[list[list[str]]]:
    """Return the tables of a section: rows of cells, without their heads."""
    section = TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    found = re.findall(r"(?:^\|.*\|\n)+", section, re.MULTILINE)
    return [[cells(line) for line in table.splitlines()[2:]] for table in found]


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


ANSWERED: Final = [row[1:] for row in tables("Systems and events")[0]] + [
    row[2:] for row in tables("Recommendations")[0]
]
"""What is named, the answer, by what."""


def test_everything_that_the_letters_name_has_one_row() -> None:
    assert [row[1] for row in tables("Systems and events")[0]] == list(SYSTEMS)
    assert [row[2] for row in tables("Recommendations")[0]] == list(RECOMMENDATIONS)
    operators, others = tables("Addressees")
    assert [row[1] for row in operators] == list(OPERATORS)
    assert [row[1] for row in others] == list(ADDRESSEES)


def test_every_row_says_of_which_letter_it_is() -> None:
    rows = [*tables("Systems and events")[0], *tables("Recommendations")[0], *chain(*tables("Addressees"))]
    assert [row for row in rows if not re.fullmatch(r"[ABCD](, [ABCD])*", row[0])] == []


@pytest.mark.parametrize("row", ANSWERED, ids=lambda row: row[0][:40])
def test_an_answer_is_one_of_four_and_says_by_what_and_what_not(row: list[str]) -> None:
    _, answer, by = row
    assert answer in ANSWERS
    assert by
    if answer in {"measured", "partly"}:
        assert re.search(r"`[^`]+`", by)
    if answer == "partly":
        assert re.search(r"\b(not|cannot|nothing)\b", by)


def test_every_service_of_the_catalogue_is_named() -> None:
    assert [s.service for s in read_catalogue().services if f"`{s.service}`" not in TEXT] == []


def command(words: list[str]) -> Any:
    """Return the command that a line of words runs; KeyError where there is none."""
    found: Any = typer.main.get_command(app)
    for word in words:
        if not hasattr(found, "commands"):
            break
        found = found.commands[word]
    return found


def options(words: list[str]) -> set[str]:
    """Return the options of a command."""
    return {option for parameter in command(words).params for option in parameter.opts}


def known() -> set[str]:
    """Return everything that may stand in backquotes: nothing that does not exist."""
    catalogue = read_catalogue()
    return {
        *(service.service for service in catalogue.services),
        *(target.target_id for target in catalogue.targets()),
        *MECHANISMS,
        *ReasonCode,
        *Caveat,
        *(rule.rule_id for rule in rules()),
        *(column.name for column in VERDICT_COLUMNS),
        *("probe", "network", "verdicts.csv", "services.csv", run_folder.MEASUREMENTS),
        *(question.partition(" ")[0] for target in catalogue.targets() for question in target.who),
    }


QUOTED: Final = list(dict.fromkeys(re.findall(r"`([^`]+)`", TEXT)))


def exists(word: str, names: set[str]) -> bool:
    """Say whether there is such a command with its options, option of a run, or name."""
    words = word.split()
    if words[0] == "probe" and len(words) > 1:
        return {each for each in words if each.startswith("--")} <= options(words[1:])
    return words[0] in (options(["run"]) if word.startswith("--") else names)


def test_what_stands_in_backquotes_exists() -> None:
    names = known()
    assert [word for word in QUOTED if not exists(word, names)] == []


@pytest.mark.parametrize("word", ["probe run --nonsense", "--nonsense", "telegarm", "dns.angry"])
def test_what_does_not_exist_would_be_found(word: str) -> None:
    assert not exists(word, known())


def test_a_command_that_does_not_exist_would_be_found() -> None:
    with pytest.raises(KeyError):
        exists("probe nonsense", set())


def later() -> list[str]:
    """Return the commands whose help says that they come later."""
    commands = command([]).commands
    return [f"probe {name}" for name in commands if "(later)" in commands[name].help]


@pytest.mark.parametrize("row", ANSWERED, ids=lambda row: row[0][:40])
def test_what_comes_later_is_said_to(row: list[str]) -> None:
    produced = {re.sub(r"\{.*", "", rule.mechanism) for rule in rules()}
    for word in re.findall(r"`([^`]+)`", row[2]):
        waits = word in later() or word.endswith("detect")
        waits |= word in MECHANISMS and not any(word.startswith(made) for made in produced if made)
        assert not waits or "not yet" in row[2], word


def test_an_operators_known_notices_are_those_of_the_fingerprints() -> None:
    kinds = {"page": "page", "redirect": "redirect", "dns": "address"}
    notices: dict[str, set[str]] = {}
    for path in (ROOT / "src/probe/judge/fingerprints/data").glob("*.toml"):
        for table in tomllib.loads(path.read_text()).values():
            for entry in table if isinstance(table, list) else ():
                for number in entry.get("operator_asns", ()):
                    notices.setdefault(str(number), set()).add(kinds[entry["id"].partition(".")[0]])
    for _, name, numbers, said_known in tables("Addressees")[0]:
        found = {kind for number in re.findall(r"\d+", numbers) for kind in notices.get(number, ())}
        assert set(said_known.split(", ")) == found, name
