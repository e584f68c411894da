"""Judge a resolver that is itself the target and is asked over UDP: silence is a failure by count."""

from probe.judge import kind as k
from probe.judge.floor import COUNTED, DIFFERENTLY, FloorFacts, after_count, before_count, blocked_row
from probe.judge.rule import Rule, always
from probe.model.words import Located, State

INTERCEPTED: Rule[object] = Rule(
    "resolver.intercepted",
    always,
    State.BLOCKED,
    "{name}: a DNS query to an address where nothing lives (192.0.2.1) is answered on this network, so what"
    " answers here over UDP/53 is not this resolver.",
    mechanism="dns.intercepted",
    located=Located.PATH,
    confirmed=True,
)

RESOLVER_RULES: tuple[Rule[FloorFacts], ...] = (
    *before_count("resolver"),
    *after_count(
        "resolver",
        (
            blocked_row(
                "resolver", k.TIMEOUT, "dns.timeout", COUNTED + "; {controls} got through." + DIFFERENTLY
            ),
        ),
    ),
)
