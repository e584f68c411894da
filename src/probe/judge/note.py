"""Facts worth telling beside a verdict: templates in plain speech, and how one is filled in."""

from __future__ import annotations

from string import Formatter
from typing import TYPE_CHECKING, Final

from probe.model.verdict import Note

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LINGERS: Final = "after the first failure connections to the same address failed too: a block lingers there"
IP_OR_LINGERING: Final = "a block of this name at this address that lingers would look the same"
IP_OR_PMTU: Final = (
    "a block of this name at this address that lingers would look the same, and so would a path"
    " that loses large packets"
)
BASELINE_ALONE: Final = (
    "only a baseline shows that it answers, and nothing that it lives now: an outage since then would"
    " look the same"
)
PORT_UNTRIED: Final = (
    "no neutral site was tried at port {port}: a firewall of a home or an office that shuts it looks the same"
)
ROBOT_DEFENCE: Final = "a server's defence against robots would look the same"
NOT_ALL_TRIED: Final = "{n} of {all} addresses that connect were tried further"
CROSS_HIDDEN: Final = (
    "names and addresses were crossed, but a block that lingers hid which of them is the trigger"
)
CROSS_UNCLEAR: Final = (
    "names and addresses were crossed, and neither the name alone nor the address alone showed as the trigger"
)
OTHER_RESOLVER: Final = "it was reached only through another resolver"
HOME_FILTER: Final = "the resolver asked is in the user's own network: a filter there would look the same"
ROUNDS_FAILED: Final = "{n} of {all} rounds failed ({failure})"
NAME_ROUNDS: Final = "the name did not resolve in {n} of {all} rounds"
ADDRESSES_FAILED: Final = "over {family} {n} of {all} addresses failed"
FAMILY_FAILS: Final = "over the other version of IP it fails ({failure})"
APART: Final = "judged without regard to the network it would be: {state}"
UDP53_INTERCEPTED: Final = "a DNS query to 192.0.2.1 was answered: UDP/53 is intercepted"
RESOLVER_FAILED: Final = "the system's resolver failed for {n} of {all} neutral names"
RESOLVER_KIND: Final = "the system's resolver answers with {kind} addresses"
TIME_UNKNOWN: Final = "the time could not be checked against two agreeing servers"
CLOCK_OFF: Final = "this machine's clock is off by {seconds} s"
TOLD_APART: Final = (
    "{resolver} tells the truth about the name over TLS or HTTPS and something else over UDP: on the way"
    " there somebody answers for it, or before it"
)
WHO_UNPUBLISHED: Final = (
    "over TLS too it asks other servers from addresses outside of those that its owner publishes"
)
UNKNOWN_ISSUERS: Final = "certificates under an unknown authority were shown for neutral sites"
SLOWED_UNDECIDED: Final = (
    "whether it is slowed was not decided: its test ended after {n} pairs of transfers that can be compared"
)
SLOWED_NO_CONTROL: Final = (
    "whether it is slowed was not decided: no other name could be had to compare its own with"
)
SLOWED_NETWORK: Final = "whether it is slowed was not decided: the network itself was not fine"
NOT_SLOWED: Final = (
    "{n} pairs of transfers under its name and under a neutral one, at the same address, were alike (ratio"
    " {ratio})"
)
NAME_NOT_SLOWED: Final = (
    "its name was not slowed at a neutral server; whether it is slowed at its own address was not decided"
)
CONFIRMATION_UNDECIDED: Final = (
    "a second test, of {n} pairs of transfers that can be compared, could not tell"
)
FLOOR: Final = (
    "what transfers cannot show: a slowdown of less than threefold, or one that begins after {kb} kB or"
    " {seconds} s; here the control came at {control} kbit/s"
)
AMONG_MANY: Final = (
    "{n} targets were tested in this run: corrected for their number, chance brings this about with a"
    " probability of {p}, which is too much to call it confirmed"
)
SPELL_OVER: Final = "before the run ended it was over"
SPELL_LASTS: Final = "it had not ended when the run did"
SILENCE: Final = "from {begun} UTC on no neutral site answered for {seconds} s ({n} tries)"
ROOTS_HEARD: Final = "{n} of {all} addresses of root servers were heard"
ROOTS_DENY: Final = "{n} of {all} root servers' addresses that were heard denied the zone"
SERVERS_LAME: Final = "{n} of {all} addresses of its servers answer that they do not serve it (lame)"
SERVERS_SILENT: Final = "{n} of {all} addresses of its servers did not answer"
ZONE_RACED: Final = "forged answers came before signed ones to the same questions"
ZONE_PARTLY_SIGNED: Final = "signatures hold at some of its servers and do not at others"
ZONE_SERIALS: Final = "the serial numbers of its servers lie far apart"
ZONE_SETS: Final = "the delegation and the zone itself name different servers"
ZONE_ROOTS: Final = "root servers name different servers for it"

NOTES: Final = (
    LINGERS,
    IP_OR_LINGERING,
    IP_OR_PMTU,
    BASELINE_ALONE,
    PORT_UNTRIED,
    ROBOT_DEFENCE,
    NOT_ALL_TRIED,
    CROSS_HIDDEN,
    CROSS_UNCLEAR,
    OTHER_RESOLVER,
    HOME_FILTER,
    ROUNDS_FAILED,
    NAME_ROUNDS,
    ADDRESSES_FAILED,
    FAMILY_FAILS,
    APART,
    UDP53_INTERCEPTED,
    RESOLVER_FAILED,
    RESOLVER_KIND,
    TIME_UNKNOWN,
    CLOCK_OFF,
    TOLD_APART,
    WHO_UNPUBLISHED,
    UNKNOWN_ISSUERS,
    SLOWED_UNDECIDED,
    SLOWED_NO_CONTROL,
    SLOWED_NETWORK,
    NOT_SLOWED,
    NAME_NOT_SLOWED,
    CONFIRMATION_UNDECIDED,
    FLOOR,
    AMONG_MANY,
    SPELL_OVER,
    SPELL_LASTS,
    SILENCE,
    ROOTS_HEARD,
    ROOTS_DENY,
    SERVERS_LAME,
    SERVERS_SILENT,
    ZONE_RACED,
    ZONE_PARTLY_SIGNED,
    ZONE_SERIALS,
    ZONE_SETS,
    ZONE_ROOTS,
)
"""All but the sentences of rules, which may stand as notes too."""


def note(template: str, params: Mapping[str, object] | None = None, /, **more: object) -> Note:
    """Return the note with those of the parameters that its template names."""
    given = {**(params or {}), **more}
    wanted = sorted({name for _, name, _, _ in Formatter().parse(template) if name})
    return Note(template=template, params=tuple((name, str(given.get(name, ""))) for name in wanted))


def text_of(one: Note) -> str:
    """Return a note in English."""
    return one.template.format_map(dict(one.params))


def unique(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Return each note once, in order."""
    return tuple(dict.fromkeys(notes))
