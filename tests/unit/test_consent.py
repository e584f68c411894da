"""Consent comes before the first packet, in words, and is asked again when what was agreed to changes."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from probe import locale
from probe.cli.consent import Facts, Person, agreed, choose_controls, counts, minutes, screen
from probe.cli.memory import Memory
from probe.cli.speeds import NONE, Speeds, cost, speeds_of
from probe.model.options import RunOptions
from probe.pipeline.request import RunRequest, prepare


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    locale.use("en")


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(tmp_path / "config" / "consent.json")


FACTS = Facts(
    inputs=("https://x.com/", "https://www.youtube.com/"),
    n_services=2,
    n_hosts=5,
    n_neutrals=14,
    tiers=("low",),
    minutes=3.4,
    megabytes=4.2,
    controls=("ooni",),
    proxy="",
    network="AS64500||mobile|192.0.2.53",
    resolvers=("9.9.9.9",),
    results="results",
)
RESOLVERS = (
    "dns.google",
    "8.8.8.8",
    "cloudflare-dns.com",
    "1.1.1.1",
    "dns.quad9.net",
    "9.9.9.9",
    "77.88.8.8",
)


SPEEDS = Speeds(
    n=8, n_bytes=4_194_304, seconds=40, servers=("speedtest.selectel.ru", "fsn1-speed.hetzner.com")
)


class Sitter:
    """Somebody who answers from a list, and remembers what was shown."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.seen: list[str] = []

    def person(self) -> Person:
        return Person(show=self.seen.append, ask=self.ask)

    def ask(self, prompt: str) -> str:
        self.seen.append(prompt)
        if not self.answers:
            raise EOFError
        return self.answers.pop(0)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.seen).split())


@pytest.mark.parametrize(
    "words",
    [
        "5 hosts for 2 services, and 14 neutral sites",
        "About 3 min and 4 MB. Highest risk tier: low.",
        "your operator: sees which hosts your line contacts",
        "may have to keep that for years",
        "The pattern itself shows that a measuring tool runs.",
        "resolvers: see every name",
        "9.9.9.9",
        "helper (OONI's public test helpers): learns which targets you measure",
        "household or employer",
        "this disk: keeps the run in results",
        "`probe forget` removes it",
        "`probe run --dry-run`",
    ],
)
def test_the_screen_says_who_sees_what(words: str) -> None:
    assert words in " ".join(f"{screen(FACTS)} {counts(FACTS)}".split())


def test_the_screen_fits_eighty_columns_in_both_languages() -> None:
    for lang in locale.LANGUAGES:
        locale.use(lang)
        facts = replace(FACTS, speeds=SPEEDS)
        assert max(len(line) for line in f"{screen(facts)}\n{counts(facts)}".splitlines()) <= 80


def test_the_counts_stand_directly_above_the_question_on_a_screen_of_24_lines(memory: Memory) -> None:
    for lang in locale.LANGUAGES:
        locale.use(lang)
        sitter = Sitter("n")
        facts = replace(FACTS, resolvers=RESOLVERS, controls=(), speeds=SPEEDS)
        agreed(facts, sitter.person(), memory)
        assert sitter.seen[-2].strip() == counts(facts)
        assert len("\n".join(sitter.seen[:-1]).splitlines()) + 1 <= 24, lang


def test_who_sees_targets_names_though_it_is_no_target_is_said_with_what_that_costs() -> None:
    facts = replace(FACTS, speeds=SPEEDS)
    text = " ".join(f"{screen(facts)} {counts(facts)}".split())
    assert (
        "neutral servers: see your address and names of targets whose speed is compared there: "
        "speedtest.selectel.ru, fsn1-speed.hetzner.com." in text
    )
    assert "Of these, 4.2 MB and 40 s go into comparing the speed of 8 targets." in text
    assert "One that seems slow may take 6 MB and 3 min more." in text
    assert "neutral servers" not in screen(FACTS)


def test_speeds_are_counted_from_the_catalogue_and_left_out_where_nobody_wants_them() -> None:
    compared = speeds_of(prepare(RunRequest(services=("youtube", "signal"))))
    assert (compared.n, compared.n_bytes, compared.seconds) == (2, 8 * 131_072, 10.0)
    assert compared.servers == ("speedtest.selectel.ru", "fsn1-speed.hetzner.com")
    assert speeds_of(prepare(RunRequest(services=("youtube",), options=RunOptions(throughput=False)))) == NONE
    assert speeds_of(prepare(RunRequest(trials=20))) == NONE
    assert cost(NONE) == ()


def test_a_campaigns_helper_takes_the_place_of_neutral_servers() -> None:
    options = RunOptions(controls=("ooni", "https://helper.example:8443/"))
    compared = speeds_of(prepare(RunRequest(urls=("https://example.org/",), options=options)))
    assert (compared.n, compared.servers) == (0, ("helper.example",))
    assert cost(compared) == ("One that seems slow may take 6 MB and 3 min more.",)


@pytest.mark.parametrize(("seconds", "told"), [(6, "0.1"), (1, "0.1"), (30, "0.5"), (60, "1"), (200, "3")])
def test_minutes_below_one_are_tenths(seconds: float, told: str) -> None:
    assert minutes(seconds) == told


def test_the_screen_is_russian_where_russian_is_spoken() -> None:
    locale.use("ru")
    assert "видно, что работает измерительная программа" in " ".join(screen(FACTS).split())


def test_without_a_control_the_screen_says_that_nobody_elsewhere_learns(memory: Memory) -> None:
    text = " ".join(screen(replace(FACTS, controls=())).split())
    assert "nobody elsewhere learns what you measure" in text


@pytest.mark.parametrize("answer", ["y", "Y", "yes", "д", "Да", "o", "Oui"])
def test_a_yes_starts_and_is_remembered(memory: Memory, answer: str) -> None:
    assert agreed(FACTS, Sitter(answer).person(), memory)
    silent = Sitter()
    assert agreed(FACTS, silent.person(), memory)
    assert silent.seen == []
    assert memory.controls() == ("ooni",)


@pytest.mark.parametrize("answer", ["", "n", "no", "нет", "yy", "start"])
def test_anything_else_is_a_no_and_is_not_remembered(memory: Memory, answer: str) -> None:
    assert not agreed(FACTS, Sitter(answer).person(), memory)
    assert not memory.path.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"tiers": ("low", "elevated")},
        {"inputs": ("https://x.com/", "https://new.example/")},
        {"controls": ()},
        {"proxy": "socks5://127.0.0.1:1080"},
        {"network": "AS64501||fixed|192.0.2.53"},
        {"speeds": SPEEDS},
    ],
)
def test_another_tier_list_control_or_network_is_asked_about_again(
    memory: Memory, changes: dict[str, object]
) -> None:
    assert agreed(FACTS, Sitter("y").person(), memory)
    asked = Sitter("n", "n")
    assert not agreed(replace(FACTS, **changes), asked.person(), memory)
    assert asked.seen


def test_the_same_list_in_another_order_is_the_same(memory: Memory) -> None:
    assert replace(FACTS, inputs=FACTS.inputs[::-1]).digest == FACTS.digest


def test_each_tier_has_its_own_screen_and_no_other(memory: Memory) -> None:
    sitter = Sitter("i understand", "n")
    agreed(replace(FACTS, tiers=("high",)), sitter.person(), memory)
    assert "may draw attention where you are" not in sitter.text
    assert "a visit alone may be punished" in sitter.text


def test_elevated_targets_have_a_screen_of_their_own(memory: Memory) -> None:
    facts = replace(FACTS, tiers=("low", "elevated"))
    refuses = Sitter("n")
    assert not agreed(facts, refuses.person(), memory)
    assert "may draw attention where you are" in refuses.text
    assert agreed(facts, Sitter("y", "y").person(), memory)


def test_high_risk_is_asked_about_every_time_and_wants_the_phrase(memory: Memory) -> None:
    facts = replace(FACTS, tiers=("low", "high"))
    assert not agreed(facts, Sitter("y", "y").person(), memory)
    for _time in range(2):
        careful = Sitter("i understand", "y")
        assert agreed(facts, careful.person(), memory)
        assert "a visit alone may be punished" in careful.text


def test_the_memory_holds_a_digest_and_no_list_and_only_its_owner_reads_it(memory: Memory) -> None:
    agreed(FACTS, Sitter("y").person(), memory)
    assert stat.S_IMODE(memory.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(memory.path.parent.stat().st_mode) == 0o700
    text = memory.path.read_text()
    assert FACTS.digest in text
    assert "x.com" not in text
    assert "AS64500" not in text


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"controls": 3, "digest": []}', b"\xff\xfe", b"[" * 9000]
)
def test_a_broken_memory_counts_as_none(memory: Memory, content: bytes) -> None:
    memory.path.parent.mkdir()
    memory.path.write_bytes(content)
    assert memory.controls() is None
    assert not memory.digest()


def test_a_place_that_cannot_be_written_to_costs_only_the_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert agreed(FACTS, Sitter("y").person(), Memory(tmp_path / "file" / "consent.json"))


@pytest.mark.parametrize(
    ("answers", "remembered", "expected"),
    [
        (["2"], None, ("ooni",)),
        (["3"], None, ()),
        ([""], None, ()),
        ([""], ("ooni",), ("ooni",)),
        (["1", "https://helper.example/"], None, ("https://helper.example/",)),
        (["1", ""], ("https://helper.example/",), ("https://helper.example/",)),
        (["1", "http://helper.example/", "9", "2"], None, ("ooni",)),
        (["1", "https://", "3"], None, ()),
    ],
)
def test_the_control_is_chosen_in_words(
    answers: list[str], remembered: tuple[str, ...] | None, expected: tuple[str, ...]
) -> None:
    assert choose_controls(Sitter(*answers).person(), remembered) == expected
