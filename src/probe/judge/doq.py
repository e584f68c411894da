"""Judge DNS over QUIC: a resolver whose handshakes over UDP/853 fail in every round."""

from probe.judge import kind as k
from probe.judge.floor import COUNTED, DIFFERENTLY, FloorFacts, after_count, before_count, blocked_row
from probe.judge.rule import Rule
from probe.model.words import ReasonCode, State

_BECAUSE = COUNTED + "; {controls} got through." + DIFFERENTLY

DOQ_RULES: tuple[Rule[FloorFacts], ...] = (
    *before_count("doq"),
    Rule(
        "doq.server_closed",
        lambda f: f.count.kind == k.ALERT,
        State.INCONCLUSIVE,
        "{name}: the server itself ended the QUIC handshake ({failure}).",
        reason_code=ReasonCode.SERVER_REFUSED,
    ),
    *after_count(
        "doq",
        (
            blocked_row("doq", k.TIMEOUT, "quic.timeout", _BECAUSE),
            blocked_row("doq", k.RESET, "quic.reset", _BECAUSE, k.REFUSED),
        ),
    ),
)
