"""The annex's closed vocabularies as a person reads them, and how it writes times, counts and lists."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from probe.locale import N_, _, ngettext
from probe.report import words
from probe.report.show import escape, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from probe.report.annex.records import Count, Run

LONGEST: Final = 400

WORDINGS: Final = {
    "observed": N_("observed"),
    "consistent_with": N_("consistent with"),
    "confirmed_by_artefact": N_("confirmed by artefact"),
}
WORDINGS_MEAN: Final = {
    "observed": N_(
        "Observed: it was measured, in the number of tries that the rule demands, beside controls."
    ),
    "consistent_with": N_(
        "Consistent with: what was measured fits this explanation and others too; nothing is claimed."
    ),
    "confirmed_by_artefact": N_(
        "Confirmed by artefact: a page, an address, a certificate or an answer was kept that settles it."
    ),
}
CAUSES: Final = {
    "OPERATOR_NOT_MEASURED": N_("No run was made on a network of this operator."),
    "AS_UNKNOWN": N_("The AS number is not known, or the table of operators does not name it."),
    "AS_TABLE_OLD": N_("The table that tells whose the AS number is was made 90 days or more from the run."),
    "NAME_UNFIT": N_("The operator's name that the volunteer declared is missing or does not fit the AS."),
    "ACCESS_UNKNOWN": N_(
        "The line was not declared as fixed or mobile: in a wireless network somebody else's equipment "
        "stands."
    ),
    "BYPASS_ACTIVE": N_("A VPN, a proxy or a similar tool was in use."),
    "RESOLVER_NOT_OPERATORS": N_("The finding rests on a resolver that is not known to be the operator's."),
}
EXCLUDED: Final = {
    "BYPASS_ACTIVE": N_("measured through a VPN, a proxy or a similar tool"),
    "NOT_MEASURED": N_("interrupted, or a fault of this program"),
}
ROLES: Final = {
    "volunteer": N_("volunteer"),
    "holder": N_("holder of the run"),
    "coalition": N_("coalition"),
    "authority": N_("time-stamping authority"),
}
ACTIONS: Final = {
    "measurement_began": N_("measurement began"),
    "measurement_ended": N_("measurement ended"),
    "sealed": N_("sealed"),
    "handed_over": N_("handed over"),
    "signed": N_("signed"),
    "stamped": N_("time-stamped"),
}
ASN_SOURCES: Final = {
    "declared": N_("declared by the volunteer"),
    "helper": N_("told by a helper"),
    "detected": N_("detected by a table of AS numbers"),
    "none": N_("not known"),
}
RESOLVERS: Final = {
    "operator": N_("the operator's"),
    "public": N_("a public one"),
    "private": N_("one in the home"),
    "loopback": N_("one on the machine"),
    "named": N_("one named for the measurement"),
    "unknown": N_("not known"),
}
GROUPS: Final = {
    "domestic_listed": N_("domestic sites on the known white list"),
    "domestic_unlisted": N_("other domestic sites"),
    "foreign_frozen": N_("foreign sites at hosters known to be frozen"),
    "foreign": N_("other foreign sites"),
    "network": N_("checks of the network itself"),
    "resolver": N_("resolvers"),
    "neutral": N_("neutral sites"),
}
ELSEWHERE: Final = {
    "ruled_out": N_("ruled out by a control"),
    "untested": N_("untested"),
}
ADDRESSEES: Final = {
    "operator": N_("To the operator {name}"),
    "government": N_("To the government {name}"),
    "service": N_("To the service company {name}"),
}
KINDS: Final = {
    "test_helper": N_("test helper"),
    "proxy": N_("proxy elsewhere"),
}


_OBEYED: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    r"\ufff9-\ufffb\ud800-\udfff]"
)
"""What a screen or a typesetter may act on rather than draw; no language of ours needs one of these."""


def safe(text: str) -> str:
    """Return a text with every sign that is obeyed rather than drawn written as its code."""
    return _OBEYED.sub(lambda found: escape(found[0]), text)


def said(table: Mapping[str, str], word: str) -> str:
    """Return a machine word in the language in use; one that the table does not know as it is, made safe."""
    return _(table[word]) if word in table else shown(word)


def shown(text: str, limit: int = LONGEST) -> str:
    """Return a stranger's text, safe to look at."""
    return visible(text, limit)


def addressee(kind: str, name: str) -> str:
    """Return whom the letter asks: `To the operator AS12389`."""
    return _(ADDRESSEES[kind]).format(name=shown(name)).strip()


def state(word: str) -> str:
    """Return a state in words; `mixed` too."""
    return _("different in different runs") if word == "mixed" else said(words.STATES, word)


def time(text: str) -> str:
    """Return a time as it is read: `2026-11-21 12:00 UTC`; a dash for none."""
    if not text:
        return "-"
    day, _t, clock = text.partition("T")
    return f"{day} {clock.removesuffix('Z')} UTC" if clock else day


def duration(seconds: int) -> str:
    """Return a duration in hours from one hour on, else in minutes; rounded up: never told shorter."""
    if seconds >= 3600:
        hours = -(-seconds // 3600)
        return ngettext("{n} hour", "{n} hours", hours).format(n=hours)
    minutes = -(-seconds // 60)
    return ngettext("{n} minute", "{n} minutes", minutes).format(n=minutes)


def counted(found: Iterable[Count], table: Mapping[str, str]) -> str:
    """Return counts as `blocked 3, reachable 1`; a dash for none."""
    return ", ".join(f"{said(table, one.word)} {one.n}" for one in found) or "-"


def mechanisms(found: Iterable[Count]) -> str:
    """Return mechanisms in words, each with its code and count; a dash for none."""
    return (
        _("; ").join(f"{words.mechanism(one.word)} ({shown(one.word, 60)}) {one.n}" for one in found) or "-"
    )


def listed(texts: Iterable[str]) -> str:
    """Return texts joined by commas, safe to look at; a dash for none."""
    return ", ".join(shown(text) for text in texts if text) or "-"


def yes_no(truth: bool) -> str:
    """Return a truth value in words."""
    return _("yes") if truth else _("no")


def network(run: Run) -> str:
    """Return the AS of a run, or that it is not known."""
    return asn(run.asn)


def asn(text: str) -> str:
    """Return an AS number, or that it was not declared."""
    return _("not declared") if text in ("", "AS0") else shown(text, 20)
