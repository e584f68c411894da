"""Judge the TLS layer: connections open, but no handshake ended with a certificate that holds."""

from probe.judge import kind as k
from probe.judge.floor import (
    COUNTED,
    NAME_DIFFERENTLY,
    NAMED,
    FloorFacts,
    after_count,
    before_count,
    blocked_row,
    holed_row,
    small_row,
)
from probe.judge.rule import Rule
from probe.model.words import Located, ReasonCode, State

TLS_RULES: tuple[Rule[FloorFacts], ...] = (
    Rule(
        "tls.clock_untrusted",
        lambda f: f.count.kind == k.CLOCK,
        State.INCONCLUSIVE,
        "{name}: the certificate's dates do not hold by this machine's clock, and too few neutral sites"
        " told the"
        " time to correct it.",
        reason_code=ReasonCode.CLOCK_UNTRUSTED,
    ),
    Rule(
        "tls.local_interception",
        lambda f: f.count.kind == k.UNTRUSTED and f.local_issuer,
        State.INCONCLUSIVE,
        "{name}: the certificate's issuer ({issuer}) is one that a program on this machine or its own"
        " network uses.",
        reason_code=ReasonCode.LOCAL_INTERCEPTION,
    ),
    *before_count("tls"),
    Rule(
        "tls.mitm_known_issuer",
        lambda f: f.count.kind == k.UNTRUSTED and f.known_issuer and not f.stand.alike,
        State.BLOCKED,
        "{name}: the certificate shown was issued by {issuer}, known from interception and from nothing else"
        " ({fingerprint}).",
        mechanism="tls.mitm",
        located=Located.PATH,
        confirmed=True,
    ),
    Rule(
        "tls.certificate_of_a_server",
        lambda f: f.count.kind == k.UNTRUSTED and f.own_issuer,
        State.INCONCLUSIVE,
        "{name}: the certificate shown ({issuer}) stands under no known authority, but servers show such"
        " ones of their own accord: signed by themselves, a default one, or a state's.",
        reason_code=ReasonCode.CONTENT_DIFFERS,
    ),
    Rule(
        "tls.server_alert",
        lambda f: f.count.kind == k.ALERT,
        State.INCONCLUSIVE,
        "{name}: the server itself ended the handshake with an alert ({alert}).",
        reason_code=ReasonCode.SERVER_REFUSED,
    ),
    Rule(
        "tls.certificate_differs",
        lambda f: f.count.kind in {k.MISMATCH, k.EXPIRED} and not f.count.mixed and f.stand.carries,
        State.INCONCLUSIVE,
        "{name}: a certificate of a known authority that is for another name or out of date here;"
        " {controls} got a"
        " valid one.",
        reason_code=ReasonCode.CONTENT_DIFFERS,
    ),
    *after_count(
        "tls",
        (
            holed_row("tls"),
            small_row("tls"),
            blocked_row("tls", k.RESET, "tls.reset{trigger}", NAMED),
            blocked_row("tls", k.TIMEOUT, "tls.timeout{trigger}", NAMED),
            blocked_row("tls", k.EOF, "tls.eof{trigger}", NAMED),
            blocked_row(
                "tls",
                "mitm",
                "tls.mitm",
                COUNTED
                + ": the certificate's issuer ({issuer}) stands under no known authority, while {controls}"
                " got a valid one." + NAME_DIFFERENTLY,
                k.UNTRUSTED,
            ),
        ),
    ),
)
