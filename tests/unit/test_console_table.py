"""The final table says what is so, to whom it matters, at any width, and never lets a stranger draw on it."""

import io
import re

import pytest
from msgspec.structs import replace
from rich.console import Console

from probe.cli.terminal import console
from probe.model.words import Caveat, ControlSource, Layer, Located, ReasonCode, State
from probe.report import words
from probe.report.console import Outcome, show
from unit.outcomes import a_blocked_verdict, a_record, a_service, a_verdict, an_outcome


def shown(outcome: Outcome, width: int = 80, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, errors="backslashreplace", write_through=True)
    show(
        Console(file=stream, width=width, markup=False, emoji=False, highlight=False, force_terminal=False),
        outcome,
    )
    return raw.getvalue().decode(encoding)


def rows(text: str) -> list[str]:
    """Return the first word of each row of the overview."""
    table = text.partition("service")[2].partition("\n\n")[0].splitlines()[2:]
    return [line.split()[0] for line in table if line.startswith(" ") and line[1:2].strip()]


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal_or_than_reads_well(width: int) -> None:
    long = a_verdict("list/a", input="https://" + "a" * 190 + ".example/", state=State.INCONCLUSIVE)
    outcome = an_outcome()
    text = shown(replace(outcome, verdicts=(*outcome.verdicts, long)), width)
    assert max(len(line) for line in text.splitlines()) <= min(width, 120)


def test_no_line_ends_in_spaces() -> None:
    assert [line for line in shown(an_outcome()).splitlines() if line != line.rstrip()] == []


@pytest.mark.parametrize("width", [60, 80, 120])
def test_every_width_keeps_every_reason_and_every_place(width: int) -> None:
    text = " ".join(shown(an_outcome(), width).split())
    assert "The handshake was reset in 3 of 3 tries." in text
    assert "compared with crossed names and addresses, a helper elsewhere, neutral sites here" in text
    assert "[tls.reset.sni]" in text
    assert "results/20261121T100000Z-AS64500-0a1b" in text


def test_services_stand_from_worst_to_best_whatever_their_order() -> None:
    expected = ["blocked", "geoblocked", "down", "inconclusive", "reachable"]
    outcome = an_outcome()
    backwards = replace(outcome, services=tuple(reversed(outcome.services)))
    assert rows(shown(outcome)) == expected
    assert rows(shown(backwards)) == expected


def test_the_network_stands_before_everything_else() -> None:
    text = shown(an_outcome())
    assert text.splitlines()[0] == "Network  AS64500, mobile: nothing wrong with this network"
    assert text.index("Network") < text.index("twitter")


def test_a_silent_path_is_accused_in_the_words_of_the_method() -> None:
    text = " ".join(shown(an_outcome()).split())
    assert (
        "On the path: traffic bearing these names, or going to these addresses, was treated differently "
        "on the path of subscribers of AS64500; these data do not show by whose equipment or order." in text
    )


@pytest.mark.parametrize(
    ("mechanism", "place"),
    [
        ("tcp.timeout", "path_or_target"),
        ("ip.unreachable", "path_or_target"),
        ("throughput.policed.ip", "path_or_target"),
        ("tls.reset.ip", "path_or_target"),
        ("throughput.frozen", "path_or_target"),
        ("throughput.frozen.sni", "path"),
        ("throughput.policed.sni", "path"),
        ("throughput.policed", "path"),
        ("tls.reset.sni", "path"),
        ("http.timeout.host", "path"),
    ],
)
def test_what_depends_on_no_name_may_be_the_targets_own_doing(mechanism: str, place: str) -> None:
    assert words.place("path", mechanism) == place
    assert words.place("server", mechanism) == "server"


def test_silence_at_an_address_is_not_said_to_be_on_the_path_alone() -> None:
    found = (a_blocked_verdict(mechanism="tcp.timeout", layer=Layer.TCP),)
    text = " ".join(shown(an_outcome(verdicts=found)).split())
    assert (
        "On the path or at the target's side: traffic of subscribers of AS64500 to these addresses was "
        "treated differently; these data do not show by whose equipment or order." in text
    )
    assert "not confirmed; on the path or at the target's side; 3 observations" in text


def test_the_wording_of_the_place_is_not_said_twice() -> None:
    reason = (
        "Traffic bearing this name is treated differently on the path of subscribers of AS64500; these data "
        "do not show by whose equipment or order."
    )
    outcome = an_outcome(verdicts=(a_blocked_verdict(because=reason),))
    assert " ".join(shown(outcome).split()).count("these data do not show") == 1


def test_a_caveat_of_every_accusation_is_said_once_before_the_table() -> None:
    caveats = (Caveat.OPERATOR_UNCERTAIN,)
    verdicts = (
        a_blocked_verdict("twitter/web", caveats=caveats),
        a_blocked_verdict("facebook/web", caveats=(*caveats, Caveat.BYPASS_ACTIVE)),
    )
    text = shown(an_outcome(verdicts=verdicts))
    assert text.casefold().count("it is not certain whose network this is") == 1
    assert text.index("It is not certain") < text.index("service")
    assert text.index("a VPN, proxy or similar tool") > text.index("BLOCKED")


def test_addresses_of_a_list_have_a_row_a_state_and_no_roll_up() -> None:
    verdicts = (
        a_blocked_verdict("list/1", service="list"),
        a_verdict("list/2", service="list"),
        a_verdict("list/3", service="list"),
    )
    services = (a_service("list", State.REACHABLE, n_targets=3, n_blocked=1, n_reachable=2),)
    text = shown(an_outcome(verdicts=verdicts, services=services), 120)
    assert rows(text) == ["blocked", "reachable"]
    assert "1 of 3 targets" in text
    assert "answers; 2 of 3 targets" in text
    assert "BLOCKED" in text


def test_an_undeclared_operator_is_not_given_a_number() -> None:
    vantage = replace(a_record().vantage, probe_asn="AS0")
    text = " ".join(shown(an_outcome(record=a_record(vantage=vantage))).split())
    assert "subscribers of this network (operator not declared);" in text
    assert "AS0;" not in text


def test_nobody_is_accused_where_nothing_is_blocked() -> None:
    outcome = an_outcome(
        verdicts=(a_verdict("youtube/web"),), services=(a_service("youtube", State.REACHABLE),)
    )
    text = " ".join(shown(outcome).split())
    assert not any(words.WORDING[place].split("{", 1)[0].strip() in text for place in words.WORDING)
    assert "BLOCKED" not in text


def test_an_unconfirmed_verdict_says_so_in_overview_and_reasons() -> None:
    outcome = an_outcome(
        verdicts=(a_blocked_verdict(),),
        services=(a_service("twitter", State.BLOCKED, mechanism="tls.reset", located=Located.PATH),),
    )
    assert " ".join(shown(outcome).split()).count("not confirmed") == 2


def test_targets_of_one_reason_are_told_once_and_those_of_another_apart() -> None:
    many = tuple(a_blocked_verdict(f"telegram/dc{n}", input=f"tcp://149.154.0.{n}:443") for n in range(9))
    other = a_blocked_verdict("telegram/web", mechanism="tcp.timeout", template="another", because="Another.")
    outcome = an_outcome(
        verdicts=(*many, other),
        services=(a_service("telegram", State.BLOCKED, mechanism="tls.reset", n_targets=10, n_blocked=10),),
    )
    text = " ".join(shown(outcome).split())
    assert text.count("The handshake was reset in 3 of 3 tries.") == 1
    assert "tcp://149.154.0.5:443, and 3 more" in text
    assert "Another." in text


def test_an_artefact_needs_no_control_and_the_table_says_so() -> None:
    verdict = a_blocked_verdict(
        mechanism="http.blockpage", confirmed=True, control_source=(ControlSource.NONE,)
    )
    assert "compared with nothing: what came settles it" in " ".join(
        shown(an_outcome(verdicts=(verdict,))).split()
    )


def test_a_reachable_target_with_something_to_tell_is_told() -> None:
    verdict = a_verdict(
        "youtube/web", notes=("A forged answer came first.",), caveats=(Caveat.BYPASS_ACTIVE,)
    )
    outcome = an_outcome(verdicts=(verdict,), services=(a_service("youtube", State.REACHABLE),))
    text = " ".join(shown(outcome).split())
    assert "Note: A forged answer came first." in text
    assert "a VPN, proxy or similar tool is active" in text
    assert "REACHABLE" in text


HOSTILE = "\x1b[2J\x1b]0;owned\x07\x00\x9b31m\u202eevil[red]" + "e" + "\u0301" * 500 + "\r\n[/red]:smile:"


@pytest.mark.parametrize("field", ["because", "input", "mechanism"])
def test_what_came_from_the_network_cannot_move_the_cursor(field: str) -> None:
    verdict = a_verdict("twitter/web", state=State.INCONCLUSIVE, **{field: HOSTILE})
    text = shown(an_outcome(verdicts=(verdict,)))
    assert not any(ord(c) < 32 and c != "\n" for c in text)
    assert not any(0x7F <= ord(c) < 0xA0 for c in text)
    assert "\u202e" not in text
    assert text.count("\u0301") <= 6


def test_markup_and_emoji_codes_are_shown_as_they_are() -> None:
    verdict = a_verdict(
        "x/web", state=State.INCONCLUSIVE, because="[red]title[/red] :smile: [link=x]y[/link]"
    )
    assert "[red]title[/red] :smile: [link=x]y[/link]" in shown(an_outcome(verdicts=(verdict,)), 120)


def test_a_hostile_network_name_is_shown_escaped() -> None:
    vantage = replace(a_record().vantage, probe_network_name="\x1b[31mMTS")
    assert r"\x1b[31mMTS" in shown(an_outcome(record=a_record(vantage=vantage)))


def test_ascii_terminals_get_ascii() -> None:
    outcome = an_outcome(verdicts=(a_verdict("x/web", state=State.DOWN, because="Заголовок"),))
    text = shown(outcome, encoding="ascii")
    assert text.isascii()
    assert r"\u0417\u0430" in text


def test_nothing_is_coloured_when_stdout_is_no_terminal() -> None:
    assert "\x1b" not in shown(an_outcome())


def test_a_run_in_the_lab_says_that_it_is_no_evidence() -> None:
    text = shown(an_outcome(record=a_record(simulated=True)))
    assert text.startswith("Made in the built-in lab: not evidence of anything.")
    assert "Send verdicts.csv" not in text


def test_a_run_without_a_control_says_what_one_would_add() -> None:
    without = " ".join(shown(an_outcome(controls_known=False)).split())
    with_one = " ".join(shown(an_outcome(controls_known=True)).split())
    assert "Nothing elsewhere was asked. A control (--control ooni" in without
    assert "Nothing elsewhere was asked. A control" not in with_one


def test_a_network_that_is_not_fine_needs_no_advice_about_controls() -> None:
    network = a_verdict("network", service="network", reason_code=ReasonCode.NO_NETWORK)
    text = " ".join(shown(an_outcome(network=network, controls_known=False)).split())
    assert "A control (--control ooni" not in text
    assert "Look at cable, Wi-Fi or SIM card" in text


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch, no_color: str, coloured: bool) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", no_color)
    screen = Screen()
    show(console(screen), an_outcome())
    assert bool(re.search(r"\x1b\[[0-9;]*3[0-7]m", screen.getvalue())) is coloured


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"stopped": "interrupted"}, "Go on where it stopped"),
        ({"stopped": "bytes"}, "The data limit was reached."),
        ({"stopped": "time"}, "The time limit was reached."),
    ],
)
def test_a_run_that_stopped_early_says_how_to_go_on(changes: dict[str, str], expected: str) -> None:
    text = " ".join(shown(an_outcome(record=a_record(**changes)), 120).split())
    assert expected in text
    assert "probe run --resume results/20261121T100000Z-AS64500-0a1b" in text


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("LINK_TOO_SLOW", "run again over another access network"),
        ("CONTROL_NOISY", "run again over another access network"),
        ("EFFECT_BELOW_FLOOR", "run again over another access network"),
        ("PMTU_OR_SERVER", "run again over another access network"),
        ("BACKGROUND_TRAFFIC", "Stop what else uses this line"),
        ("TOO_FEW_PAIRS", "a campaign's helper (--control and its address) makes them testable"),
        ("CONTROL_UNCALIBRATED", "probe baseline record --help"),
        ("SLOW_NOT_NAME_DEPENDENT", "probe baseline record --help"),
    ],
)
def test_a_speed_that_could_not_be_told_says_what_would_help(code: str, advice: str) -> None:
    found = (a_verdict(state=State.INCONCLUSIVE, layer=Layer.THROUGHPUT, reason_code=ReasonCode(code)),)
    assert advice in " ".join(shown(an_outcome(verdicts=found)).split())


@pytest.mark.parametrize(("confirmed", "told"), [(False, 1), (True, 0)])
def test_a_slowdown_that_was_tested_once_is_tested_again(confirmed: bool, told: int) -> None:
    slow = a_verdict(
        state=State.THROTTLED, mechanism="throughput.policed.sni", layer=Layer.THROUGHPUT, confirmed=confirmed
    )
    text = " ".join(shown(an_outcome(verdicts=(slow,))).split())
    assert text.count("A slowdown was not confirmed: run again") == told


def test_a_portal_is_the_finding_and_the_advice() -> None:
    network = a_verdict(
        "network",
        service="network",
        state=State.INCONCLUSIVE,
        mechanism="network.captive_portal",
        reason_code=ReasonCode.CAPTIVE_PORTAL,
    )
    text = shown(an_outcome(network=network))
    assert text.splitlines()[0].endswith("a sign-in page stands before everything")
    assert "Sign in to this network in a browser, then run again." in text


def test_every_code_of_the_vocabularies_has_its_words() -> None:
    from probe.model.words import MECHANISMS

    assert set(words.STATES) == set(words.STATES_HOW) == set(State)
    assert set(words.REASONS) == set(ReasonCode)
    assert set(words.LOCATED) == set(words.WORDING) == {*Located, "path_or_target"}
    assert set(words.CONTROLS) == set(ControlSource)
    assert set(words.CAVEATS) == set(Caveat)
    assert {".".join(m.split(".")[:2]) for m in MECHANISMS} == set(words.MECHANISMS)
    assert all(words.mechanism(m) != m for m in MECHANISMS)


def test_nothing_of_the_runs_own_record_draws_on_the_terminal() -> None:
    outcome = an_outcome()
    vantage = replace(
        outcome.record.vantage, probe_asn="AS1\x1b[31m", probe_network_name="\x1b[2J", access_type="\x9b1m"
    )
    record = replace(outcome.record, vantage=vantage, stopped="time\x1b")
    text = shown(replace(outcome, record=record, folder="results/\x1b[31m"))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)
    assert "AS1\\x1b[31m, " in text
