"""What must hold of every network, whatever its neutrals did."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from probe.judge.digest import ControlDigest
from probe.judge.network import NetworkHistory, network_finding, network_verdict
from probe.model.words import MECHANISMS, State
from unit.networks import GROUPS, a_clock, a_machine, a_name, a_portal, a_sinkhole, a_try

tries = st.builds(
    a_try,
    st.sampled_from([f"n{i}" for i in range(6)]),
    st.sampled_from(GROUPS),
    st.floats(0, 100).map(lambda x: round(x, 1)),
    ok=st.booleans(),
    failure=st.sampled_from(["generic_timeout_error", "network_unreachable", "connection_reset"]),
    layer=st.sampled_from(["tls", "tcp", "http"]),
    port=st.sampled_from([443, 80]),
    family=st.sampled_from([4, 6]),
)
others = st.one_of(
    st.builds(
        a_portal, st.sampled_from("amg"), st.sampled_from(["expected", "other_host", "other_page", "failed"])
    ),
    st.builds(a_sinkhole, tcp=st.booleans(), dns=st.booleans()),
    st.builds(a_name, st.sampled_from("abc"), is_true=st.booleans()),
    st.builds(a_clock, st.sampled_from("abc"), st.floats(-1e6, 1e6)),
    st.builds(a_machine, link_ipv4=st.sampled_from(["none", "wifi", "unknown"]), link_ipv6=st.just("none")),
)
digests = st.lists(st.one_of(tries, tries, others), max_size=40)
histories = st.builds(
    NetworkHistory,
    n_good=st.integers(0, 5),
    success_rate=st.none() | st.floats(0, 1),
    handshake_ms=st.none() | st.floats(1, 1000),
    link_kbps=st.none() | st.floats(1, 1e5),
    second_link=st.booleans(),
)


@given(digests, histories)
def test_every_network_gets_a_row(found: list[ControlDigest], history: NetworkHistory) -> None:
    verdict = network_verdict(network_finding(found, history))
    assert verdict.mechanism in MECHANISMS or not verdict.mechanism
    assert verdict.because == verdict.template.format(**dict(verdict.params))


@given(digests, histories, st.randoms())
@settings(max_examples=50)
def test_order_changes_nothing(found: list[ControlDigest], history: NetworkHistory, chance: object) -> None:
    shuffled = list(found)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis's Random
    assert network_finding(found, history) == network_finding(shuffled, history)


@given(digests, histories)
def test_a_network_is_blocked_only_while_no_foreign_neutral_group_passes(
    found: list[ControlDigest], history: NetworkHistory
) -> None:
    finding = network_finding(found, history)
    if finding.state is State.BLOCKED:
        foreign = [w for d in found for w in d.witnesses if w.neutral_group in {"foreign", "foreign_frozen"}]
        assert any(not w.ok for w in foreign) or not any(w.ok for d in found for w in d.witnesses)


@given(digests)
def test_nothing_is_a_shutdown_without_history_or_a_second_link(found: list[ControlDigest]) -> None:
    assert network_finding(found).mechanism != "network.shutdown"


@given(digests, histories)
def test_one_answer_is_enough_against_a_shutdown(found: list[ControlDigest], history: NetworkHistory) -> None:
    found = [*found, a_try("n0", "foreign", 5.0)]
    finding = network_finding(found, history)
    assert finding.mechanism != "network.shutdown" or finding.rule_id == "network.shutdown_within"


@given(digests, histories)
def test_whatever_answered_last_no_shutdown_goes_on(
    found: list[ControlDigest], history: NetworkHistory
) -> None:
    found = [*found, a_try("n0", "foreign", 111.0), a_try("n1", "domestic_listed", 111.0)]
    assert network_finding(found, history).mechanism != "network.shutdown"


@given(digests, histories, st.floats(1, 1e5).map(lambda x: round(x, 1)))
@settings(max_examples=50)
def test_a_shift_in_time_changes_no_state(
    found: list[ControlDigest], history: NetworkHistory, shift: float
) -> None:
    found = [d for d in found if all(w.t0_s == round(w.t0_s) for w in d.witnesses)]
    later = [
        replace(
            d,
            started_s=d.started_s + round(shift),
            started=d.started + timedelta(seconds=round(shift)),
            witnesses=tuple(
                replace(w, t0_s=w.t0_s + round(shift), t_s=w.t_s + round(shift)) for w in d.witnesses
            ),
        )
        for d in found
    ]
    one, other = network_finding(found, history), network_finding(later, history)
    assert (one.rule_id, one.template) == (other.rule_id, other.template)
