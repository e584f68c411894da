"""The 21 statements: each is there, says what the facts say, the same figures in every language, and "
"accuses nobody."""

import re
from collections import Counter
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from probe import locale
from probe.model.observation import ControlAnswer, TCPConnect
from probe.model.transfer import Receipt
from probe.model.words import Caveat, ControlSource, Layer, Located, State
from probe.report.annex import annex_of, document
from probe.report.annex.blocks import Document, Figure, Items, Paragraph, Section, Table, Verbatim
from probe.report.annex.letter import Event, Letter, addressee_of
from probe.report.annex.statements import MOST_ROWS, SECTIONS
from probe.report.told import SelfTested, Told
from unit.a_run import a_lookup, a_measurement, a_round_trip
from unit.some_trials import a_policed_run, drawn
from unit.told_runs import BEGAN, KNOWN, a_told, found

LETTER = Letter(
    title="To keep it on",
    addressees=tuple(map(addressee_of, ("operator:AS64500", "operator:AS64501", "government", "service:x"))),
    requests=True,
    measured_by="volunteer 7",
    compiled_by="A coalition",
    contact="desk@example.org",
    key_fingerprint="SHA256:abc",
    events=(Event(date="2026-11-21", what="An election", source="a newspaper"),),
)
PAGE = "<head><title>Stop</title></head><body><script>1</script><h1>Access is restricted</h1></body>"
BLOCK_PAGE = found(
    State.BLOCKED,
    BEGAN,
    mechanism="http.blockpage",
    layer=Layer.HTTP,
    located=Located.OPERATOR_NETWORK,
    confirmed=True,
    control_source=(ControlSource.NONE,),
    input="http://news.example/",
)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    yield
    locale.use("en")


def many() -> tuple[Told, ...]:
    """Return runs with everything in them that any statement tells of."""
    notice = a_round_trip(url="http://news.example/", body=PAGE, body_sha256="b" * 64, title="Stop")
    uid = "20261121T130533Z-AS64500-003c-000001"
    neutral = a_measurement(
        measurement_uid="n",
        target_id="neutral/vk.example",
        service="neutral",
        is_control=True,
        requests=(a_round_trip(), a_round_trip(failure="connection_reset")),
        controls=(a_control(),),
    )
    return (
        a_told(State.BLOCKED, sealed=True),
        a_told(
            hours=1,
            verdicts=[BLOCK_PAGE],
            measurements=[a_measurement(measurement_uid=uid, requests=(notice,)), neutral],
        ),
        a_told(State.REACHABLE, hours=2, stopped="time"),
        a_told(State.THROTTLED, hours=3, asn="AS64501", probe_network_name="Other Net", bypass=("vpn",)),
    )


def a_control() -> ControlAnswer:
    return ControlAnswer(
        t0=0, t=1, failure=None, kind="test_helper", control="https://helper.example/", url="https://x.com/"
    )


def made(*runs: Told, letter: Letter = LETTER) -> Document:
    return document(annex_of(runs, letter, KNOWN), runs)


def text_of(section: Section) -> str:
    return "\n".join(line for block in section.blocks for line in _lines(block))


def _lines(block: object) -> Iterator[str]:
    match block:
        case Paragraph() | Verbatim():
            yield block.text
        case Items():
            yield from block.items
        case Table():
            yield block.caption
            for row in (block.head, *block.rows):
                yield " | ".join(row)
        case Figure():
            yield f"{block.caption} {block.alt}"


def section(key: str, *runs: Told, letter: Letter = LETTER) -> str:
    return text_of(next(one for one in made(*runs, letter=letter).sections if one.key == key))


def test_there_are_21_in_their_order_none_empty() -> None:
    sections = made(*many()).sections
    assert [one.number for one in sections] == list(range(1, 22))
    assert [one.key for one in sections] == [key for key, _title in SECTIONS]
    assert all(text_of(one).strip() for one in sections)
    assert all(text_of(one).strip() for one in made(a_told(State.REACHABLE), letter=Letter()).sections)


def test_every_row_is_as_long_as_its_head_and_no_table_is_empty() -> None:
    for one in made(*many()).sections:
        for block in one.blocks:
            if isinstance(block, Table):
                assert block.rows
                assert {len(row) for row in block.rows} == {len(block.head)}
                assert len(block.widths) in (0, len(block.head))


def test_the_document_says_what_it_is() -> None:
    text = section("identity", a_told())
    assert "Supports the letter | To keep it on" in text
    assert (
        "Addressees | To the operator AS64500; To the operator AS64501; To the government; "
        "To the service company x"
    ) in text
    assert "Made at | 2026-11-21 13:00:00 UTC" in text
    assert "evidence of nothing" not in text


def test_from_when_to_when_at_least_is_said_with_the_longest_gap() -> None:
    text = section("summary", a_told(), a_told(hours=4), letter=Letter(disclosure="full"))
    assert (
        "Twitter, network AS64500: blocked from at least 2026-11-21 12:05:33 UTC to at least 2026-11-21 "
        "16:06:13 UTC, in 2 runs without any other finding between; longest gap without a measurement: "
        "4 hours."
    ) in text
    assert "Number of volunteers: at least 1." in text


def test_one_run_spans_nothing() -> None:
    assert "Twitter, network AS64500: blocked in one run, at 2026-11-21 12:00 UTC." in section(
        "summary", a_told()
    )


def test_contradictions_stand_in_the_row() -> None:
    text = section("summary", a_told(), a_told(hours=1), a_told(State.REACHABLE, hours=2))
    assert "Twitter | AS64500 | different in different runs" in text
    assert "| 3 (blocked 2, reachable 1) | 1" in text


def test_a_service_of_which_no_run_was_counted_has_no_finding() -> None:
    told = a_told(verdicts=[found(State.BLOCKED, BEGAN, caveats=(Caveat.BYPASS_ACTIVE,))], bypass=("vpn",))
    assert "Twitter | AS64500 | - | - | 0 | 0" in section("summary", told)
    assert "The network itself | AS64500 | - | - | 0 | 0" in section("summary", told)
    assert "Left out: 2 verdicts of 1 run (measured through a VPN" in section("counts", told)


def test_how_many_volunteers_is_the_compilers_statement() -> None:
    assert "Number of volunteers | 12, by the compiler's statement" in section(
        "people", a_told(), letter=Letter(n_volunteers=12)
    )
    text = section("people", a_told())
    for told in ("volunteer 7", "A coalition", "desk@example.org", "SHA256:abc", "at least 1"):
        assert told in text


def test_a_run_that_was_cut_off_is_named() -> None:
    assert "1 run did not come to its end" in section("period", *many())


def test_names_of_operators_stand_with_source_and_date() -> None:
    text = section("networks", a_told(), a_told(hours=1, asn="AS64999"))
    assert "AS64500 | EXAMPLE-AS | Example Telecom | RU | fixed line | declared by the volunteer | 1" in text
    assert "AS64999 | not in the table | not in the table" in text
    assert "table of operators of 2026-11-01. Its sources: a test" in text


def test_tools_that_lead_around_the_operator_are_named_with_their_run() -> None:
    assert "Run unsealed-3: tools declared or detected: vpn." in section("places", *many())
    assert "No VPN, proxy" in section("places", a_told())


def test_neutral_tries_that_failed_are_the_observed_error() -> None:
    assert "http | 2 | 1" in section("errors", *many())
    assert "No speeds were compared." in section("errors", *many())


def test_speeds_are_told_with_pairs_spread_control_and_the_chance_of_error() -> None:

    told = replace(
        a_told(State.THROTTLED),
        trials=(drawn(a_policed_run()),),
        self_test=SelfTested(n_tests=64, n_false=1, bound=0.05),
    )
    text = section("errors", told)
    assert "sample/media | T/C1 | 12 of 12 | 12 of 12" in text
    assert "at least 5 pairs are below 0.5 of their control, at a control of 300000 bit/s" in text
    assert "at most 0.13 % of 100000 runs" in text
    assert "erred in 1 of 64 comparisons; with 95 % confidence in at most 5 %" in text
    assert "Speeds of 1 target were compared: at most 0.05 of these" in text
    (figure,) = (b for s in made(told).sections for b in s.blocks if isinstance(b, Figure))
    assert figure.svg.startswith("<svg ")


def test_the_published_error_rate_is_that_of_its_page() -> None:
    from pathlib import Path

    from probe.report.annex.errors import SIMULATED, SIMULATED_CONFIRMED

    page = (Path(__file__).parents[2] / "docs" / "throttling-errors.md").read_text(encoding="utf-8")
    n, rate = SIMULATED
    assert f"{rate * 100:g} % there. Confirmed: none in {n:,} runs" in page
    assert f"(below {SIMULATED_CONFIRMED * 100:g} %)" in page


def test_whose_measurements_they_are_and_by_which_rules_they_were_judged_is_said() -> None:
    text = section("method", a_told(), a_told(hours=1, imported_from="OONI measurements, SHA-256 abc"))
    assert "Measured and judged by interference-probe 0.1.0, rules 1." in text
    assert "Measured by OONI Probe, whose records were read from a file, and judged by" in text
    assert "whose rules 1 are of 2026-11-01" in text
    assert "least_control_bps | 300000" in text
    assert "abc" not in text


def test_transfers_that_a_helper_signed_for_are_counted() -> None:

    from unit.some_trials import a_transfer

    receipt = Receipt(
        payload="{}",
        signature="",
        key="",
        is_valid=True,
        server_name="x.com",
        n_bytes=1,
        retransmits=None,
        rtt_us=None,
        min_rtt_us=None,
    )
    signed, forged = (replace(receipt, is_valid=is_valid) for is_valid in (True, False))
    transfers = [replace(a_transfer("T", 1e6), receipt=one) for one in (signed, forged, None)]
    told = a_told(measurements=[a_measurement(transfers=tuple(transfers))])
    assert "1 transfer bears a helper's signed receipt" in section("integrity", told)
    assert "receipt" not in section("integrity", a_told())


def test_findings_are_worded_on_the_fixed_scale() -> None:
    text = section("wording", *many())
    assert (
        "| https://x.com/ | blocked | the encrypted connection is reset while it opens, triggered by the name"
        in text
    )
    assert "| on the path | observed" in text
    assert "| in the operator's network | confirmed by artefact" in text
    assert "No. 1, rule test.blocked of rules 1: It is blocked." in text


def test_down_everywhere_is_ruled_out_or_said_to_be_untested() -> None:
    text = section("controls", *many())
    assert "ruled out by a control in 2 of 3 findings, and is untested in 1." in text
    assert "Untested: findings 2." in text
    assert "unsealed-1 | nothing wrong with this network | 20 of 21 | test helper 1 | none" in text


def test_addresses_contacted_are_the_targets_own_not_those_of_neutral_sites() -> None:
    from unit.some_trials import a_transfer

    def connect(ip: str, arm: str) -> TCPConnect:
        return TCPConnect(t0=0, t=1, failure=None, ip=ip, port=443, arm=arm)

    measured = a_measurement(
        tcp_connect=(
            connect("192.0.2.1", ""),
            connect("192.0.2.2", "neutral@target"),
            connect("192.0.2.3", "target@neutral"),
        ),
        transfers=(a_transfer("T", 1e6), a_transfer("X", 1e6)),
        queries=(a_lookup(),),
    )
    text = section("targets", a_told(measurements=[measured]))
    assert "| 192.0.2.1, 192.0.2.2, 192.0.2.7 | media.example, example.org" in text


def test_a_block_page_is_told_in_its_own_words_with_its_hash() -> None:
    text = section("block_pages", *many())
    assert "from http://news.example/, with status 200" in text
    assert "Its title: Stop" in text
    assert "\nAccess is restricted\n" in text
    assert f"SHA-256 {'b' * 64}" in text


def test_events_are_told_apart_with_their_source() -> None:
    text = section("events", a_told())
    assert "2026-11-21 | An election | a newspaper" in text
    assert "They were not measured" in text


def test_each_finding_leads_to_its_measurements() -> None:
    assert "1 | twitter/web | test.blocked | crossed names and addresses, neutral sites here | " in section(
        "measurements", a_told()
    )
    assert "unsealed-1-000001 unsealed-1-000002" in section("measurements", a_told())


def test_a_sealed_run_stands_with_its_root_hash_and_an_unsealed_one_is_said_to_be_so() -> None:
    text = section("integrity", *many())
    seal = many()[0].seal
    assert seal is not None
    assert f"Root hash (SHA-256 of tagmanifest-sha256.txt) | {seal.root_sha256}" in text
    assert "Files below data/ | 12" in text
    assert "Signature | none" in text
    assert "Verdicts, judged again for this annex | the same" in text
    assert "Time stamp | good 2026-11-21T13:00Z" in text
    assert "Run unsealed-1 is not sealed" in text
    assert "None of them proves that a measurement is true" in text


def test_an_uncertain_operator_is_printed_with_its_causes_in_place_of_requests() -> None:
    text = section("requests", *many())
    assert "To the operator AS64500\nState, for each finding below" in text
    assert "To the operator AS64501\nOPERATOR_UNCERTAIN: no request is made" in text
    assert "A VPN, a proxy or a similar tool was in use." in text
    assert "If a measure of public authority stands behind a finding below, end it." in text


def test_a_run_of_the_lab_is_labelled_on_every_page() -> None:
    document = made(a_told(simulated=True))
    assert document.running_head.endswith("Made in the built-in lab: this is evidence of nothing.")
    assert "nothing is asked of anybody" in text_of(document.sections[20])


def test_a_table_is_cut_where_nobody_reads_on_and_says_how_much_is_missing() -> None:
    n = MOST_ROWS + 7
    verdicts = [
        found(
            State.BLOCKED if k == n - 1 else State.REACHABLE,
            BEGAN,
            service="url",
            target_id=f"url/{k:05}",
            input=f"https://{k:05}.example/",
        )
        for k in range(n)
    ]
    text = section("counts", a_told(verdicts=verdicts))
    assert text.count(".example/") == MOST_ROWS - 1  # and the network's own row
    assert "8 more stand in the JSON form of this annex." in text
    assert f"https://{n - 1:05}.example/" in text.splitlines()[2]


def figures(document: Document) -> Iterator[Counter[str]]:
    """Yield the figures of each block of each section."""
    for one in document.sections:
        for block in one.blocks:
            yield Counter(figure for line in _lines(block) for figure in re.findall(r"\d+(?:\.\d+)?", line))


@pytest.mark.parametrize("lang", [lang for lang in locale.LANGUAGES if lang != "en"])
def test_the_figures_are_the_same_in_every_language(lang: str) -> None:

    runs = (*many(), replace(a_told(State.THROTTLED, hours=5), trials=(drawn(a_policed_run()),)))
    english = made(*runs)
    locale.use(lang)
    other = made(*runs)
    assert other.lang == lang
    assert [(s.number, s.key) for s in other.sections] == [(s.number, s.key) for s in english.sections]
    assert list(figures(other)) == list(figures(english))
    assert [a.content for a in other.attachments] == [a.content for a in english.attachments]
    same = [a.title for a, b in zip(other.sections, english.sections, strict=True) if a.title == b.title]
    assert same == []


BANNED = {
    "en": (
        "censor",
        "roskomnadzor",
        "tspu",
        "dpi box",
        "government block",
        "the state block",
        "ordered by",
        "at the behest",
        "responsible for",
        "guilty",
        "kremlin",
        "authorities block",
    ),
    "ru": ("цензур", "роскомнадзор", "тспу", "по приказу", "по указанию", "виновн", "власти блокир", "кремл"),
    "fr": ("censur", "roskomnadzor", "sur ordre", "coupable", "responsable de", "le gouvernement bloque"),
}


@pytest.mark.parametrize("lang", locale.LANGUAGES)
def test_nothing_is_ascribed_to_a_government_or_to_one_box(lang: str) -> None:
    locale.use(lang)
    for one in made(*many()).sections:
        if one.key != "block_pages":  # that page is quoted as it came
            said = text_of(one).casefold()
            assert [word for word in BANNED[lang] if word in said] == []


HOSTILE = "\x1b[31m\u202eevil\x00\u2028{number}%s<b>&{{7*7}}#let x = 1"


def test_a_strangers_text_is_shown_and_obeyed_by_nobody() -> None:
    verdict = found(
        State.BLOCKED,
        BEGAN,
        input=f"https://{HOSTILE}/",
        target_id=f"x/{HOSTILE}",
        mechanism=HOSTILE,
        because=HOSTILE,
        failure=HOSTILE,
        rule_id=HOSTILE,
        started_utc=HOSTILE,
        ended_utc="2026-02-30T12:00:00Z",
    )
    page = a_round_trip(url=HOSTILE, body=f"<p>{HOSTILE}</p>", title=HOSTILE, body_sha256="c" * 64)
    told = a_told(
        verdicts=[verdict, BLOCK_PAGE],
        measurements=[
            a_measurement(measurement_uid="20261121T120533Z-AS64500-0000-000001", requests=(page,))
        ],
        access_type=HOSTILE,
        region=HOSTILE,
        bypass=(HOSTILE,),
        software_version=HOSTILE,
    )
    told = replace(told, record=replace(told.record, run_id=HOSTILE, started_utc=HOSTILE, ended_utc=HOSTILE))
    letter = Letter(
        title=HOSTILE,
        measured_by=HOSTILE,
        compiled_by=HOSTILE,
        contact=HOSTILE,
        key_fingerprint=HOSTILE,
        events=(Event(date=HOSTILE, what=HOSTILE, source=HOSTILE),),
        disclosure="full",
    )
    made_of_it = made(told, letter=letter)
    texts = [made_of_it.title, made_of_it.subtitle, made_of_it.running_head, made_of_it.author]
    texts += [text_of(one) for one in made_of_it.sections]
    obeyed = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff]")
    assert [obeyed.findall(text) for text in texts] == [[]] * len(texts)
    assert "evil" in texts[4]
