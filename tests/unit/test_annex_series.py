"""What many runs come to: from when to when at least, gaps, contradictions, and what is left out."""

from probe.model.words import Caveat, ReasonCode, State
from probe.report.annex import Annex, annex_of
from probe.report.annex.letter import Letter
from probe.report.annex.records import Count, Excluded, Span, Summary
from probe.report.told import Told
from unit.told_runs import BEGAN, KNOWN, a_roll_up, a_told, found

FULL = Letter(disclosure="full")
PUBLIC = Letter()


def annex(*runs: Told, letter: Letter = FULL) -> Annex:
    return annex_of(runs, letter, KNOWN)


def only_row(*runs: Told, letter: Letter = FULL) -> Summary:
    (row,) = rows_of(annex(*runs, letter=letter))
    return row


def rows_of(made: Annex) -> list[Summary]:
    """Return all rows but the network's own."""
    return [row for row in made.summary if row.service != "network"]


def test_runs_that_found_the_same_span_from_the_first_try_to_the_last() -> None:
    row = only_row(*(a_told(State.BLOCKED, hours=hours) for hours in (0, 3, 10)))
    assert (row.state, row.n_runs, row.n_contradictions) == ("blocked", 3, 0)
    assert row.spans == (
        Span(
            state="blocked",
            from_utc="2026-11-21T12:05:33Z",
            to_utc="2026-11-21T22:06:13Z",
            n_runs=3,
            longest_gap_s=7 * 3600 - 40,
        ),
    )
    assert row.mechanisms == (Count(word="tls.reset.sni", n=3),)


def test_in_public_times_are_hours_and_a_gap_is_never_made_shorter() -> None:
    (span,) = only_row(*(a_told(State.BLOCKED, hours=hours) for hours in (0, 3, 10)), letter=PUBLIC).spans
    assert (span.from_utc, span.to_utc) == ("2026-11-21T12:00Z", "2026-11-21T22:00Z")
    assert span.longest_gap_s == 7 * 3600


def test_a_good_run_between_ends_a_series_and_is_counted() -> None:
    states = (State.BLOCKED, State.BLOCKED, State.REACHABLE, State.BLOCKED)
    row = only_row(*(a_told(state, hours=n) for n, state in enumerate(states)))
    assert row.state == "mixed"
    assert row.states == (Count(word="blocked", n=3), Count(word="reachable", n=1))
    assert row.n_contradictions == 1
    assert [(span.n_runs, span.longest_gap_s) for span in row.spans] == [(2, 3560), (1, None)]


def test_an_inconclusive_run_is_a_gap_and_contradicts_nothing() -> None:
    states = (State.BLOCKED, State.INCONCLUSIVE, State.BLOCKED)
    row = only_row(*(a_told(state, hours=n) for n, state in enumerate(states)))
    assert (row.state, row.n_contradictions, row.n_runs) == ("blocked", 0, 3)
    assert [(span.n_runs, span.longest_gap_s) for span in row.spans] == [(2, 7160)]


def test_two_findings_are_two_series() -> None:
    states = (State.THROTTLED, State.THROTTLED, State.BLOCKED)
    row = only_row(*(a_told(state, hours=n) for n, state in enumerate(states)))
    assert (row.state, row.n_contradictions) == ("mixed", 1)
    assert [(span.state, span.n_runs) for span in row.spans] == [("throttled", 2), ("blocked", 1)]


def test_a_row_for_each_network_and_none_is_mixed_into_another() -> None:
    rows = rows_of(
        annex(
            a_told(State.BLOCKED, asn="AS64500"),
            a_told(State.REACHABLE, hours=1, asn="AS64501"),
            a_told(State.REACHABLE, hours=2, asn="AS0"),
        )
    )
    assert [(row.asn, row.state, row.n_runs, row.n_contradictions) for row in rows] == [
        ("AS0", "reachable", 1, 0),
        ("AS64500", "blocked", 1, 0),
        ("AS64501", "reachable", 1, 0),
    ]


def test_runs_are_in_order_of_their_begin_whatever_order_they_come_in() -> None:
    late, early = a_told(State.BLOCKED, hours=5), a_told(State.BLOCKED)
    (span,) = only_row(late, early).spans
    assert (span.from_utc, span.to_utc) == ("2026-11-21T12:05:33Z", "2026-11-21T17:06:13Z")


def test_what_was_measured_through_a_tunnel_is_left_out_with_its_reason() -> None:
    around = found(State.BLOCKED, BEGAN, caveats=(Caveat.BYPASS_ACTIVE,))
    made = annex(a_told(verdicts=[around]), a_told(State.REACHABLE, hours=1))
    assert [(row.state, row.n_runs, row.n_excluded) for row in rows_of(made)] == [("reachable", 1, 1)]
    assert made.excluded == (Excluded(reason="BYPASS_ACTIVE", n_runs=1, n_verdicts=1),)
    (count,) = (row for row in made.counts if row.service != "network")
    assert (count.n, count.states, count.excluded) == (
        1,
        (Count(word="reachable", n=1),),
        (Count(word="BYPASS_ACTIVE", n=1),),
    )
    assert made.findings == ()


def test_what_was_not_measured_is_no_inconclusive_run() -> None:
    cut = found(State.INCONCLUSIVE, BEGAN, reason_code=ReasonCode.NOT_MEASURED)
    unsure = found(State.INCONCLUSIVE, BEGAN, reason_code=ReasonCode.NO_CONTROL)
    made = annex(a_told(verdicts=[cut]), a_told(hours=1, verdicts=[unsure]))
    (row,) = (row for row in made.counts if row.service != "network")
    assert (row.n, row.reasons) == (
        1,
        (Count(word="NO_CONTROL", n=1),),
    )
    assert row.excluded == (Count(word="NOT_MEASURED", n=1),)
    assert made.excluded == (Excluded(reason="NOT_MEASURED", n_runs=1, n_verdicts=1),)


def test_addresses_that_a_user_named_stand_for_themselves() -> None:
    urls = [
        found(state, BEGAN, service="url", target_id=f"url/{name}", input=f"https://{name}.example/")
        for name, state in (("a", State.BLOCKED), ("b", State.REACHABLE))
    ]
    rows = rows_of(annex(a_told(verdicts=urls)))
    assert [(row.service, row.state) for row in rows] == [
        ("https://a.example/", "blocked"),
        ("https://b.example/", "reachable"),
    ]


def test_a_network_that_was_shut_down_is_a_finding_and_one_that_works_is_none() -> None:
    from msgspec.structs import replace

    dark = replace(
        a_told().verdicts[0],
        state=State.BLOCKED,
        mechanism="network.shutdown",
        rule_id="network.shutdown",
    )
    silent = found(State.INCONCLUSIVE, BEGAN, reason_code=ReasonCode.SHUTDOWN)
    shut = a_told(verdicts=[silent])
    shut = replace(shut, verdicts=(dark, shut.verdicts[1]), services=(a_roll_up(dark), *shut.services[1:]))
    made = annex(shut, a_told(State.REACHABLE, hours=2))
    assert [(row.service, row.state, row.n_runs) for row in made.summary] == [
        ("network", "mixed", 2),
        ("twitter", "reachable", 2),
    ]
    assert [(one.target_id, one.mechanism) for one in made.findings] == [("network", "network.shutdown")]


def test_no_runs_make_no_row() -> None:
    assert annex().summary == ()
    assert annex().generated_utc == "1970-01-01T00:00:00Z"
