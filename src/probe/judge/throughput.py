"""Judge transfers: what the pairs of arms say together, as one ordered table (METHOD 7)."""

from __future__ import annotations

from typing import Final

from msgspec import Struct, field, structs

from probe.judge.constants import LEAST_CONTROL_BPS, LEAST_PAIRS, SLOW_MEDIAN, SLOW_RATIO
from probe.judge.floor import DIFFERENTLY, NAME_DIFFERENTLY
from probe.judge.freeze import Freeze
from probe.judge.pairs import PairTest
from probe.judge.rule import Rule
from probe.judge.trial import is_far
from probe.model.words import Located, ReasonCode, State

OWN: Final = "T/C1"
NAME: Final = "X/C2"
EVEN_PAIRS: Final = 2
"""Pairs at a neutral server that show what this link gives."""


class SlowFacts(Struct, frozen=True, kw_only=True):
    """All that the table may ask of a target's transfers."""

    own: PairTest = field(default_factory=PairTest)
    """At the target's address, its own name and a neutral one."""
    own_again: PairTest = field(default_factory=PairTest)
    name: PairTest = field(default_factory=PairTest)
    """At a neutral server, the target's name and a neutral one."""
    name_again: PairTest = field(default_factory=PairTest)
    freeze: Freeze = field(default_factory=Freeze)
    moved: bool = False
    """The network changed between the first transfer and the last."""
    calibrated: bool = False
    """A baseline of an uninterfered network saw both names at the target's address alike, and faster."""
    outside_bps: float | None = None
    """At what rate the same object came there."""
    suspected: bool = False
    """A page came slowly, or fell silent: that is why transfers were made."""

    @property
    def deciding(self) -> PairTest:
        """The test that speaks: at the target's own address, unless it has less to say than the other."""
        accuses = self.name.is_throttled and not self.own.is_throttled
        silent = accuses or not self.own.pairs or self.own.has_no_control
        return self.name if silent and self.name.pairs else self.own

    @property
    def again(self) -> PairTest:
        """The confirmation of the test that says throttled."""
        return self.own_again if self.own.is_throttled else self.name_again


def accused_by_name(f: SlowFacts) -> bool:
    """Say whether the name is slow wherever it was tried."""
    return f.name.is_throttled and (f.own.is_throttled or unheard(f))


def unheard(f: SlowFacts) -> bool:
    """Say whether pairs at the target's own address tell nothing: none, too few, or all slow."""
    return f.own.decision.answer in {"few", "slow_link"}


def accused(f: SlowFacts) -> bool:
    """Say whether the first test says throttled."""
    return accused_by_name(f) or (f.own.is_throttled and f.calibrated)


def agrees(f: SlowFacts) -> bool:
    """Say whether the second test says so too."""
    return f.again.is_throttled


def disagrees(f: SlowFacts) -> bool:
    """Say whether the second test, made to its end, says otherwise; one that could not tell says nothing."""
    again, told = f.again, f.again.decision
    otherwise = told.answer == "undecided" and told.ratio > SLOW_RATIO and not again.goes_on
    return accused(f) and (told.answer == "clear" or otherwise)


def slow_for_all(f: SlowFacts) -> bool:
    """Say whether both names are slow at the target's address, beside a neutral server (T = C1 << C2)."""
    elsewhere = f.name.decision
    return (
        bool(f.own.fit)
        and not f.own.is_throttled
        and not f.name.is_throttled
        and not f.name.control_failed
        and elsewhere.n >= EVEN_PAIRS
        and elsewhere.control_bps >= LEAST_CONTROL_BPS
        and max(f.own.decision.rate_bps, f.own.decision.control_bps) < SLOW_MEDIAN * elsewhere.control_bps
        and not distance_explains(f.own, elsewhere.control_bps)
    )


def distance_explains(test: PairTest, link_bps: float) -> bool:
    """Say whether most controls took no longer than slow start over their round trip makes them."""
    far = [is_far(p.control, link_bps) for p in test.fit if p.control is not None]
    return 2 * sum(far) > len(far)


def by_address(f: SlowFacts) -> bool:
    """Say whether the address is slow for all names here, counted as pairs are, and not elsewhere."""
    slow = [max(rates) < SLOW_RATIO * f.name.decision.control_bps for rates in f.own.rates]
    return (
        slow_for_all(f)
        and f.outside_bps is not None
        and f.own.decision.rate_bps < SLOW_MEDIAN * f.outside_bps
        and min(f.own.decision.n, f.name.decision.n) >= LEAST_PAIRS
        and sum(slow) >= max(LEAST_PAIRS, len(slow) - 1)
        and not f.name.decision.is_noisy
        and f.name.is_clear
    )


def _over(f: SlowFacts, *answers: str) -> bool:
    """Say whether the deciding test ended with one of these answers."""
    test = f.deciding
    return bool(test.pairs) and not test.goes_on and test.decision.answer in answers


ONE_TEST = ", p = {p_value}."
TWO_TESTS = (
    "; a second test, {later} s later, agreed ({n_slow_again} of {n_again} pairs), p = {p_value} over both."
)
PAIRED_ONCE = (
    "{name}: in {n_slow} of {n} pairs of transfers it came at less than half its control's rate; medians"
    " {rate} and {control_rate} kbit/s, ratio {ratio}" + ONE_TEST
)
THROUGHPUT_RULES: tuple[Rule[SlowFacts], ...] = (
    Rule(
        "throughput.network_changed",
        lambda f: f.moved,
        State.INCONCLUSIVE,
        "{name}: this machine changed its network between the first transfer and the last.",
        reason_code=ReasonCode.NETWORK_CHANGED,
    ),
    Rule(
        "throughput.frozen",
        lambda f: f.freeze.holds and not disagrees(f),
        State.THROTTLED,
        "{name}: {trials} transfers fell silent after {kb} kB, with more declared; from another server as"
        " much came, smaller segments did not help, and it came whole for {whole}." + DIFFERENTLY,
        mechanism="throughput.frozen{trigger}",
        located=Located.PATH,
    ),
    Rule(
        "throughput.rerun_disagrees",
        disagrees,
        State.INCONCLUSIVE,
        "{name}: a first test of {n} pairs of transfers found it slowed (ratio {ratio}), a second one did not"
        " (ratio {ratio_again}).",
        reason_code=ReasonCode.DISCORDANT_RERUN,
    ),
    Rule(
        "throughput.slow_by_name",
        lambda f: accused_by_name(f) and f.own.is_throttled,
        State.THROTTLED,
        PAIRED_ONCE
        + " The control was a neutral name at the same address; at a neutral server its name was slowed too."
        + NAME_DIFFERENTLY,
        mechanism="throughput.{shape}.sni",
        located=Located.PATH,
    ),
    Rule(
        "throughput.slow_name_at_address",
        lambda f: f.own.is_throttled and f.calibrated,
        State.THROTTLED,
        PAIRED_ONCE
        + " The control was a neutral name at the same address, which was as fast as its own on a network"
        " without interference; at a neutral server its name was not seen to be slowed, so name and address"
        " count together." + NAME_DIFFERENTLY,
        mechanism="throughput.{shape}",
        located=Located.PATH,
    ),
    Rule(
        "throughput.uncalibrated",
        lambda f: f.own.is_throttled,
        State.INCONCLUSIVE,
        PAIRED_ONCE
        + " The control was a neutral name at the same address. At a neutral server its name was not seen to"
        " be slowed, and no baseline shows these two names alike at its own, and it faster than here: another"
        " backend, or another class of rate, does this too.",
        reason_code=ReasonCode.CONTROL_UNCALIBRATED,
    ),
    Rule(
        "throughput.slow_name_elsewhere",
        accused_by_name,
        State.THROTTLED,
        PAIRED_ONCE
        + " Both were names at one neutral server: this name, and a neutral one."
        + NAME_DIFFERENTLY,
        mechanism="throughput.{shape}.sni",
        located=Located.PATH,
    ),
    Rule(
        "throughput.arms_disagree",
        lambda f: f.name.is_throttled,
        State.INCONCLUSIVE,
        "{name}: at a neutral server its name was slowed (ratio {ratio}), at its own address it was not.",
        reason_code=ReasonCode.DISCORDANT_RERUN,
    ),
    Rule(
        "throughput.freeze_unproved",
        lambda f: f.freeze.stands,
        State.INCONCLUSIVE,
        "{name}: {trials} transfers fell silent after {kb} kB, with more declared; a path that loses large"
        " packets, or the server itself, does this too, and what would tell them apart is missing.",
        reason_code=ReasonCode.PMTU_OR_SERVER,
    ),
    Rule(
        "throughput.silent_for_all_names",
        lambda f: f.own.is_silent,
        State.INCONCLUSIVE,
        "{name}: its transfers fell silent under its own name and under a neutral one; a path that loses"
        " large packets, or the server itself, does this too.",
        reason_code=ReasonCode.PMTU_OR_SERVER,
    ),
    Rule(
        "throughput.control_failed",
        lambda f: f.deciding.control_failed,
        State.INCONCLUSIVE,
        "{name}: the transfers that it was held against failed, or what their server said of them does not"
        " hold.",
        reason_code=ReasonCode.CONTROL_FAILED,
    ),
    Rule(
        "throughput.background",
        lambda f: f.deciding.is_drowned,
        State.INCONCLUSIVE,
        "{name}: other programs moved too much over this link while its transfers were made.",
        reason_code=ReasonCode.BACKGROUND_TRAFFIC,
    ),
    Rule(
        "throughput.slow_address",
        by_address,
        State.THROTTLED,
        "{name}: at its address both its own name and a neutral one came at {rate} kbit/s, at a neutral"
        " server the neutral name at {control_rate}, and the same object on a network without interference"
        " at {outside}." + DIFFERENTLY,
        mechanism="throughput.{shape}.ip",
        located=Located.PATH,
    ),
    Rule(
        "throughput.slow_for_all_names",
        slow_for_all,
        State.INCONCLUSIVE,
        "{name}: at its address both its own name and a neutral one came at {rate} kbit/s, at a neutral"
        " server a neutral name at {control_rate}: the slowness does not depend on the name, and the server"
        " may be slow for everybody.",
        reason_code=ReasonCode.SLOW_NOT_NAME_DEPENDENT,
    ),
    Rule(
        "throughput.slow_link",
        lambda f: _over(f, "slow_link"),
        State.INCONCLUSIVE,
        "{name}: its control came at {control_rate} kbit/s only, which is too slow to compare with.",
        reason_code=ReasonCode.LINK_TOO_SLOW,
    ),
    Rule(
        "throughput.noisy",
        lambda f: _over(f, "undecided") and f.deciding.decision.is_noisy,
        State.INCONCLUSIVE,
        "{name}: the control's own rates differ too much from one transfer to the next to tell anything.",
        reason_code=ReasonCode.CONTROL_NOISY,
    ),
    Rule(
        "throughput.below_floor",
        lambda f: _over(f, "undecided"),
        State.INCONCLUSIVE,
        "{name}: in {n_slow} of {n} pairs of transfers it came at less than half its control's rate (ratio"
        " {ratio}): too little to call it slowed, too much to call it not.",
        reason_code=ReasonCode.EFFECT_BELOW_FLOOR,
    ),
    Rule(
        "throughput.too_few",
        lambda f: _over(f, "few") and not f.deciding.has_no_control,
        State.INCONCLUSIVE,
        "{name}: only {n} pairs of transfers can be compared, five are needed.",
        reason_code=ReasonCode.TOO_FEW_PAIRS,
    ),
    Rule(
        "throughput.no_pair",
        lambda f: f.suspected and unheard(f) and _over(f, "few", "clear"),
        State.INCONCLUSIVE,
        "{name}: it came slowly, and no other name could be had at its address to compare with; at a neutral"
        " server its name was not seen to be slowed.",
        reason_code=ReasonCode.TOO_FEW_PAIRS,
    ),
)
"""None of them holding, nothing was shown, or nothing decided yet: the verdict on the page stands."""

TWICE: Final = {
    rule.rule_id: structs.replace(rule, because=rule.because.replace(once, twice))
    for once, twice in ((ONE_TEST, TWO_TESTS), ("{whole}.", "{whole}" + TWO_TESTS))
    for rule in THROUGHPUT_RULES
    if rule.state is State.THROTTLED and once in rule.because
}
"""The same rules where a second test agrees: what they say then."""
