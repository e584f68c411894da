"""What the rules of zones ask, and their table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from probe.judge import kind as k
from probe.judge import zone_facts as z
from probe.judge.constants import ZONE_AGREE
from probe.judge.rule import Rule, always
from probe.model.words import Located, ReasonCode, State

if TYPE_CHECKING:
    from probe.judge.stand import Stand
    from probe.judge.witness import Count


class ZoneFacts(Struct, frozen=True, kw_only=True):
    """What was seen, and what stood beside it."""

    seen: z.ZoneSeen
    intercepted: bool
    near: str
    silence: Count | None
    silent: Stand
    denial: Count | None
    denied: Stand

    @property
    def secure(self) -> bool:
        """Whether a server showed signatures that hold now."""
        return self.seen.counted(z.SECURE) > 0

    @property
    def gone(self) -> bool:
        """Whether root servers were heard, and all that were deny the zone."""
        return self.denial is not None and not self.seen.delegating


_SILENT = (
    "{name}: {n} questions to its servers in {rounds} rounds over {spread} s ended in {failure}, while root"
    " servers answered"
)
_DENIED = (
    "{name}: in {rounds} rounds over {spread} s the root servers that were heard here said that there is no"
    " such zone"
)

ZONE_RULES: tuple[Rule[Any], ...] = (
    Rule(
        "zone.intercepted_at_home",
        lambda f: f.intercepted and f.near,
        State.INCONCLUSIVE,
        "{name}: what answers over UDP/53 here is no server of the zone or the root; a router, a filter or a"
        " tunnel of the user's own does so too ({local}).",
        reason_code=ReasonCode.LOCAL_INTERCEPTION,
    ),
    Rule(
        "zone.intercepted",
        lambda f: f.intercepted,
        State.BLOCKED,
        "{name}: what answers over UDP/53 on this network is not the servers that are asked. That says"
        " nothing of the zone.",
        mechanism="dns.intercepted",
    ),
    Rule(
        "zone.injected",
        lambda f: f.seen.raced and f.secure,
        State.REACHABLE,
        "{name}: forged answers came before true ones, whose signatures hold from the root down.",
        mechanism="dns.injected",
        located=Located.PATH,
        confirmed=True,
    ),
    Rule(
        "zone.clock_untrusted",
        lambda f: f.seen.counted(z.UNTIMED) and not f.secure,
        State.INCONCLUSIVE,
        "{name}: the dates of its signatures do not hold by this machine's clock, and too few neutral sites"
        " told the time to correct it.",
        reason_code=ReasonCode.CLOCK_UNTRUSTED,
    ),
    Rule(
        "zone.denial_forged",
        lambda f: (
            f.gone
            and f.denial.stands
            and not f.seen.denial_proven
            and (f.seen.signed_since or f.denied.carries)
        ),
        State.BLOCKED,
        _DENIED + ", without the root's signatures, while it stands elsewhere, or in a signed answer that"
        " came over TCP. These data do not show by whose equipment or order.",
        mechanism="dns.nxdomain",
        located=Located.PATH,
    ),
    Rule(
        "zone.withdrawn",
        lambda f: f.gone and f.denial.stands and f.denied.down,
        State.DOWN,
        _DENIED + ", and {controls} found nothing below it either: it was taken out of the root zone.",
        mechanism="zone.withdrawn",
        located=Located.SERVER,
    ),
    Rule(
        "zone.denied",
        lambda f: f.gone,
        State.INCONCLUSIVE,
        "{name}: root servers said here that there is no such zone; nobody elsewhere has confirmed that.",
        reason_code=ReasonCode.UNCONFIRMED,
    ),
    Rule(
        "zone.unheard",
        lambda f: not f.seen.heard and not f.seen.answering,
        State.INCONCLUSIVE,
        "{name}: no root server and no server of the zone was heard from here. A network that lets UDP/53"
        " through to its own resolver only does that.",
        reason_code=ReasonCode.NO_CONTROL,
    ),
    Rule(
        "zone.silent_split",
        lambda f: f.silence is not None and f.silent.split,
        State.INCONCLUSIVE,
        "{name}: none of its servers answers here; one control reaches them and another does not.",
        reason_code=ReasonCode.CONTROL_NOISY,
    ),
    Rule(
        "zone.silent_down",
        lambda f: f.silence is not None and f.silent.down and not f.secure,
        State.DOWN,
        "{name}: none of its servers answers here, nor for {controls}.",
        located=Located.SERVER,
    ),
    Rule(
        "zone.silent_too_few",
        lambda f: f.silence is not None and (not f.silence.stands or f.silent.down_once),
        State.INCONCLUSIVE,
        "{name}: none of its servers answered ({failure}); {n} questions have witnesses on both sides, three"
        " in three rounds over 20 s are needed, and a control that was asked twice.",
        reason_code=ReasonCode.UNCONFIRMED,
    ),
    Rule(
        "zone.silent_blocked",
        lambda f: f.silence is not None and f.silence.kind == k.TIMEOUT and f.silent.carries,
        State.BLOCKED,
        _SILENT + ", and {controls} reached its servers. These data do not show by whose equipment or order.",
        mechanism="dns.timeout",
        located=Located.PATH,
    ),
    Rule(
        "zone.silent",
        lambda f: f.silence is not None,
        State.INCONCLUSIVE,
        _SILENT + ". An attack on its servers and a block on the path look alike from here; no control has"
        " reached them from elsewhere.",
        reason_code=ReasonCode.NO_CONTROL,
    ),
    Rule(
        "zone.lame",
        lambda f: f.seen.lame and not f.seen.answering and not f.secure,
        State.DOWN,
        "{name}: all of its servers that answer ({lame} of {servers} addresses) say in every round that they"
        " do not serve it.",
        mechanism="zone.lame",
        located=Located.SERVER,
    ),
    Rule(
        "zone.bogus",
        lambda f: z.agreed(f.seen, z.BOGUS) and not f.secure,
        State.DOWN,
        "{name}: its signatures do not hold at {bogus} of its servers (they break at: {breaks}), and at none"
        " do they hold. Validating resolvers refuse it. Nobody elsewhere was asked whether it is so there.",
        mechanism="zone.bogus",
        located=Located.SERVER,
    ),
    Rule(
        "zone.inconsistent",
        lambda f: (
            f.secure
            and (f.seen.counted(z.BOGUS) or f.seen.serials_apart or f.seen.sets_apart or f.seen.roots_apart)
        ),
        State.INCONCLUSIVE,
        "{name}: its servers, or the root servers, do not agree with one another.",
        mechanism="zone.inconsistent",
        located=Located.SERVER,
        reason_code=ReasonCode.CONTENT_DIFFERS,
    ),
    Rule(
        "zone.fine",
        lambda f: f.secure and f.seen.answering and f.seen.delegating >= ZONE_AGREE,
        State.REACHABLE,
        "{name}: {delegating} root servers' addresses delegate it, {answering} of {servers} addresses of its"
        " servers answer for it, and its signatures hold from the root down.",
    ),
    Rule(
        "zone.unsigned",
        lambda f: (
            f.seen.answering
            and f.seen.counted(z.INSECURE)
            and not f.seen.counted(z.BOGUS)
            and f.seen.delegating >= ZONE_AGREE
        ),
        State.REACHABLE,
        "{name}: {delegating} root servers' addresses delegate it and {answering} of {servers} addresses of"
        " its servers answer for it; the root says, signed, that it bears no signatures.",
    ),
    Rule(
        "zone.too_little",
        always,
        State.INCONCLUSIVE,
        "{name}: what was heard of it is too little: {delegating} root servers' addresses delegate it,"
        " {answering} of {servers} addresses of its servers answer for it, and its signatures could not be"
        " checked at two of them.",
        reason_code=ReasonCode.UNCONFIRMED,
    ),
)
