"""Where the network is the finding, what was not measured is counted, not told one by one."""

import re

from msgspec.structs import replace

from probe.model.verdict import Verdict
from probe.model.words import ReasonCode, State
from unit.outcomes import a_service, a_verdict, an_outcome
from unit.test_console_table import shown


def on_a_dead_network(*measured: Verdict) -> str:
    """Return what is shown of two hundred targets that were never tried, and of these."""

    def dark(verdict: Verdict) -> Verdict:
        return replace(verdict, state=State.INCONCLUSIVE, reason_code=ReasonCode.NO_NETWORK)

    untouched = tuple(dark(a_verdict(f"s{n % 20}/{n}", n_observations=0)) for n in range(200))
    outcome = an_outcome()
    return shown(
        replace(
            outcome,
            network=dark(replace(outcome.network, because="No route.")),
            services=tuple(a_service(s, State.INCONCLUSIVE) for s in sorted({v.service for v in untouched})),
            verdicts=untouched + measured,
        )
    )


def test_where_the_network_is_the_finding_targets_that_were_not_measured_are_one_line() -> None:
    text = on_a_dead_network()
    assert "  No route.\n  200 targets were not measured.\n\nFiles\n" in text
    assert "s7" not in text


def test_what_was_measured_before_the_network_went_keeps_its_paragraph() -> None:
    text = on_a_dead_network(a_verdict("s3/x", state=State.INCONCLUSIVE, because="It broke off."))
    assert "200 targets were not measured." in text
    assert "It broke off." in text
    assert re.search(r"inconclusive +s3", text)
    assert "s7" not in text


def test_on_a_network_that_is_fine_a_target_that_was_not_measured_is_named() -> None:
    outcome = an_outcome()
    untouched = a_verdict("zzz/web", n_observations=0, state=State.INCONCLUSIVE, because="Time was over.")
    text = shown(replace(outcome, verdicts=(*outcome.verdicts, untouched)))
    assert "Time was over." in text
