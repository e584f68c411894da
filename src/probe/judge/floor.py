"""The rows that tcp, tls and http share: a failure by count, and what the controls say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from probe.judge import kind as k
from probe.judge.rule import Rule, always
from probe.model.words import Located, ReasonCode, State

if TYPE_CHECKING:
    from probe.judge.cross import Cross
    from probe.judge.stand import Stand
    from probe.judge.witness import Count


class FloorFacts(Struct, frozen=True, kw_only=True):
    """A layer that failed in every round, at true addresses (or with a cross experiment that needs none)."""

    count: Count
    stand: Stand
    cross: Cross
    unavailable: bool
    """No neutral of this family answered in the whole run."""
    local_issuer: bool = False
    """Neutrals show untrusted certificates too, or the issuer is an antivirus's or an office's."""
    resolver_target: bool = False
    """The target is itself a resolver."""
    known_issuer: str = ""
    """Id of the fingerprint of an authority that only intercepts."""
    holed: bool = False
    """In every failed try something came while what should have come before it did not."""
    small_passes: bool = False
    """Asked once more in small segments, it got past what had failed."""
    own_issuer: bool = False
    """A server shows such certificates of its own accord: signed by itself, a default one, a state's."""


DIFFERENTLY = (
    " Traffic to it from subscribers of {asn} is treated differently, on the path or at the target's side;"
    " these data do not show by whose equipment or order."
)
NAME_DIFFERENTLY = (
    " Traffic bearing this name is treated differently on the path of subscribers of {asn};"
    " these data do not show by whose equipment or order."
)
COUNTED = (
    "{name}: {n} {operation} in {rounds} rounds over {spread} s ended in {failure},"
    " each between successes of neutral sites"
)
NAMED = COUNTED + "; {controls} got through." + NAME_DIFFERENTLY
UNNAMED = COUNTED + "; {controls} got through." + DIFFERENTLY


def as_far_as_crossed(rule: Rule[FloorFacts], cross: Cross) -> Rule[FloorFacts]:
    """Return the rule with the sentence that holds: of a name it speaks only where crossing has shown one.

    Else a server that closes on this country's addresses after their handshake looks the same.
    """
    tied = cross.by_name or cross.conjunction
    return rule if tied or rule.because != NAMED else replace(rule, because=UNNAMED)


def before_count(layer: str) -> tuple[Rule[FloorFacts], ...]:
    """Return the rows that find a failure innocent before it is counted."""
    return (
        Rule(
            f"{layer}.control_split",
            lambda f: f.stand.split,
            State.INCONCLUSIVE,
            "{name}: {failure} here; one control gets through and another fails alike, so the target"
            " itself wavers.",
            reason_code=ReasonCode.CONTROL_NOISY,
        ),
        Rule(
            f"{layer}.down",
            lambda f: f.stand.down,
            State.DOWN,
            "{name}: {failure} here, and the same at {controls}: it fails for others too.",
            located=Located.SERVER,
            confirmed=None,
        ),
    )


def after_count(layer: str, blocked: tuple[Rule[FloorFacts], ...]) -> tuple[Rule[FloorFacts], ...]:
    """Return the rows from the floor of the count down to the last, which always holds."""
    return (
        Rule(
            f"{layer}.discordant",
            lambda f: f.count.mixed,
            State.INCONCLUSIVE,
            "{name}: it failed every time, but in ways that do not belong together.",
            reason_code=ReasonCode.DISCORDANT_RERUN,
        ),
        Rule(
            f"{layer}.fails_alike_once",
            lambda f: f.stand.down_once,
            State.INCONCLUSIVE,
            "{name}: {failure} here and at {controls}, which was asked only once.",
            reason_code=ReasonCode.UNCONFIRMED,
        ),
        Rule(
            f"{layer}.too_few",
            lambda f: not f.count.stands,
            State.INCONCLUSIVE,
            "{name}: {failure}; {n} failed {operation} have witnesses on both sides, three in three rounds"
            " over 20 s are needed.",
            reason_code=ReasonCode.UNCONFIRMED,
        ),
        *blocked,
        Rule(
            f"{layer}.no_words",
            lambda f: f.stand.carries,
            State.INCONCLUSIVE,
            COUNTED + "; {controls} got through. This failure is not one that interference is known by.",
            reason_code=ReasonCode.CONTENT_DIFFERS,
        ),
        Rule(
            f"{layer}.baseline_undated",
            lambda f: f.stand.undated,
            State.INCONCLUSIVE,
            COUNTED
            + "; only a baseline shows it answering elsewhere, and how old it is cannot be told by this"
            " machine's clock.",
            reason_code=ReasonCode.CLOCK_UNTRUSTED,
        ),
        Rule(
            f"{layer}.baseline_old",
            lambda f: f.stand.stale,
            State.INCONCLUSIVE,
            COUNTED + "; only a baseline older than a day shows it answering elsewhere.",
            reason_code=ReasonCode.UNCONFIRMED,
        ),
        Rule(
            f"{layer}.control_otherwise",
            lambda f: f.stand.otherwise,
            State.INCONCLUSIVE,
            COUNTED + "; the control did not get through either, but failed in another way.",
            reason_code=ReasonCode.CONTROL_FAILED,
        ),
        Rule(
            f"{layer}.control_failed",
            lambda f: f.stand.asked,
            State.INCONCLUSIVE,
            COUNTED + "; the control that was asked could not tell.",
            reason_code=ReasonCode.CONTROL_FAILED,
        ),
        Rule(
            f"{layer}.no_control",
            always,
            State.INCONCLUSIVE,
            COUNTED + "; no control looked from elsewhere.",
            reason_code=ReasonCode.NO_CONTROL,
        ),
    )


def holed_row(layer: str) -> Rule[FloorFacts]:
    """Return the row for answers of which only the small end arrives: a path loses large packets."""
    return Rule(
        f"{layer}.large_packets_lost",
        lambda f: f.holed and f.count.kind == k.TIMEOUT and f.stand.carries and not f.cross.by_name,
        State.INCONCLUSIVE,
        COUNTED
        + "; {controls} got through. Each time later segments of the answer came and its first did not: a"
        " path that loses large packets, or a server's own fault, does this.",
        reason_code=ReasonCode.PMTU_OR_SERVER,
    )


def small_row(layer: str) -> Rule[FloorFacts]:
    """Return the row for silence that small segments ended: a path loses large packets."""
    return Rule(
        f"{layer}.small_segments_pass",
        lambda f: f.small_passes and f.count.kind == k.TIMEOUT and f.stand.carries and not f.cross.by_name,
        State.INCONCLUSIVE,
        COUNTED
        + "; {controls} got through. Asked once more in small segments it answered: a path that loses large"
        " packets does this.",
        reason_code=ReasonCode.PMTU_OR_SERVER,
    )


def blocked_row(layer: str, what: str, mechanism: str, because: str, kind: str = "") -> Rule[FloorFacts]:
    """Return the row for one class of failure that a control carries."""
    wanted = kind or what
    return Rule(
        f"{layer}.blocked_{what}",
        lambda f: f.count.kind == wanted and f.stand.carries,
        State.BLOCKED,
        because,
        mechanism=mechanism,
        located=Located.PATH,
        confirmed=None,
    )
