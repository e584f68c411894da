"""Judge the TCP layer: every true address failed to connect, in every round."""

from probe.judge import kind as k
from probe.judge.floor import COUNTED, DIFFERENTLY, FloorFacts, after_count, before_count, blocked_row
from probe.judge.rule import Rule
from probe.model.words import ReasonCode, State

_BECAUSE = COUNTED + "; {controls} got through." + DIFFERENTLY

TCP_RULES: tuple[Rule[FloorFacts], ...] = (
    Rule(
        "tcp.family_unavailable",
        lambda f: f.unavailable,
        State.INCONCLUSIVE,
        "{name}: {failure}; no neutral site answered over {family} either, so this link may have none.",
        reason_code=ReasonCode.FAMILY_UNAVAILABLE,
    ),
    *before_count("tcp"),
    *after_count(
        "tcp",
        (
            blocked_row("tcp", k.TIMEOUT, "tcp.timeout", _BECAUSE),
            blocked_row("tcp", k.RESET, "tcp.reset", _BECAUSE),
            blocked_row("tcp", k.REFUSED, "tcp.refused", _BECAUSE),
            blocked_row("tcp", k.UNREACHABLE, "ip.unreachable", _BECAUSE),
        ),
    ),
)
