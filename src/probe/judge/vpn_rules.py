"""What a tunnel that fails in every round amounts to: the handshake, or the data behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from probe.judge import kind as k
from probe.judge.floor import COUNTED, DIFFERENTLY, FloorFacts, after_count
from probe.judge.rule import Rule, always
from probe.model.words import Located, ReasonCode, State

if TYPE_CHECKING:
    from probe.model.vpn import Stage


class VpnFacts(FloorFacts, frozen=True, kw_only=True):
    """Handshakes, or exchanges of data, of one family that failed in every round."""

    stage: Stage
    over_udp: bool
    udp_passes: bool
    """In each round a neutral server answered over UDP."""
    busy: bool
    """The server said that it is under load."""
    true: bool
    """Something vouches for every address that they failed at."""
    tunnel_on: bool
    """A tunnel is active on this machine, maybe by the same keys."""
    clock_behind: bool
    """This machine's clock is slow, by which WireGuard's handshakes look like old ones sent again."""
    recorder_ahead: bool
    """So they may where the clock that dated the baseline's handshakes was fast, or is not known."""


VPN_ANSWERED: Rule[object] = Rule(
    "vpn.answered",
    always,
    State.REACHABLE,
    "{name}: its server answered the handshake, and data came back through the tunnel.",
)
VPN_HANDSHAKE_ANSWERED: Rule[object] = Rule(
    "vpn.handshake_answered",
    always,
    State.REACHABLE,
    "{name}: its server answered the handshake. What would follow was not tried.",
)
PORTS = " The firewall of a home or an office that lets few ports through looks the same."
_REFUSALS = frozenset({k.REFUSED, k.ALERT, k.UNTRUSTED, k.OTHER})
_COUNTED = {rule.rule_id.partition(".")[2]: rule for rule in after_count("vpn", ())}
"""Of the rows that count those that fit: no control elsewhere can try these keys and fail alike."""
_BLOCKED: tuple[Rule[Any], ...] = (
    Rule(
        "vpn.no_udp_here",
        lambda f: f.stage == "handshake" and f.over_udp and not f.udp_passes,
        State.INCONCLUSIVE,
        COUNTED + "; neutral servers were not heard over UDP each time either. The firewall of a home or an"
        " office does that as well as an operator.",
        reason_code=ReasonCode.NO_CONTROL,
    ),
    Rule(
        "vpn.untrue_address",
        lambda f: f.stand.carries and not f.true,
        State.INCONCLUSIVE,
        COUNTED + "; nothing shows that the addresses are its own.",
        reason_code=ReasonCode.NO_CONTROL,
    ),
    Rule(
        "vpn.tunnel_on",
        lambda f: f.tunnel_on,
        State.INCONCLUSIVE,
        COUNTED + "; a VPN is active on this machine. A server knows one user of a key at a time: where it is"
        " this very tunnel, that looks the same.",
        reason_code=ReasonCode.LOCAL_INTERCEPTION,
    ),
    Rule(
        "vpn.clock_behind",
        lambda f: f.stage == "handshake" and (f.clock_behind or (f.recorder_ahead and f.stand.carries)),
        State.INCONCLUSIVE,
        COUNTED + "; by this machine's clock ({behind} s slow), or by the one that recorded the baseline,"
        " they may be dated before the last handshake with the same keys, and a WireGuard server takes none"
        " of these.",
        reason_code=ReasonCode.CLOCK_UNTRUSTED,
    ),
    Rule(
        "vpn.data_lost",
        lambda f: f.stage == "data" and f.count.kind in k.MIXABLE and f.stand.carries,
        State.BLOCKED,
        "{name}: its server answered every handshake, and {n} {operation} in {rounds} rounds over {spread} s"
        " ended in {failure}, each between successes of neutral sites; {controls} had data come back."
        + DIFFERENTLY,
        mechanism="vpn.data",
        located=Located.PATH,
        confirmed=None,
    ),
    Rule(
        "vpn.handshake_lost",
        lambda f: f.stage == "handshake" and f.count.kind in k.MIXABLE and f.stand.carries,
        State.BLOCKED,
        COUNTED + "; {controls} got through with the same keys." + DIFFERENTLY + PORTS,
        mechanism="vpn.handshake",
        located=Located.PATH,
        confirmed=None,
    ),
)
VPN_RULES: tuple[Rule[Any], ...] = (
    Rule(
        "vpn.family_unavailable",
        lambda f: f.unavailable,
        State.INCONCLUSIVE,
        "{name}: nothing answers over {family} on this network, neutral sites included.",
        reason_code=ReasonCode.FAMILY_UNAVAILABLE,
    ),
    Rule(
        "vpn.server_busy",
        lambda f: f.busy,
        State.INCONCLUSIVE,
        "{name}: its server answers that it is under load, and wants to be asked again.",
        reason_code=ReasonCode.SERVER_REFUSED,
    ),
    Rule(
        "vpn.refused",
        lambda f: f.count.kind in _REFUSALS,
        State.INCONCLUSIVE,
        "{name}: its server, or somebody in its name, answers and refuses ({failure}).",
        reason_code=ReasonCode.SERVER_REFUSED,
    ),
    _COUNTED["discordant"],
    _COUNTED["too_few"],
    *_BLOCKED,
    _COUNTED["no_words"],
    _COUNTED["baseline_undated"],
    _COUNTED["baseline_old"],
    _COUNTED["control_failed"],
    Rule(
        "vpn.data_unknown",
        lambda f: f.stage == "data",
        State.INCONCLUSIVE,
        "{name}: its server answered every handshake, and no data came back ({failure}). Only a baseline that"
        " was recorded elsewhere with the same keys shows whether its server carries any.",
        reason_code=ReasonCode.NO_CONTROL,
    ),
    Rule(
        "vpn.silent",
        always,
        State.INCONCLUSIVE,
        COUNTED + ". A server that is down, keys that it does not know and a block look alike; a baseline"
        " recorded elsewhere with the same keys tells them apart.",
        reason_code=ReasonCode.NO_CONTROL,
    ),
)
