"""Facts in words: what registries, routing and paths showed, with source and date; nothing is concluded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from probe.locale import N_, _, ngettext
from probe.report.show import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from probe.model.fact import PathTrace, RegistryAnswer
    from probe.model.measurement import Measurement

LONGEST: Final = 300
NOT_FOUND: Final = 404
DAY: Final = 10
"""Characters of an ISO day."""
SEEN = N_("{carrier}: on the observed path")
UNSEEN = N_("{carrier}: not on the observed path")
BOTH = N_("{carrier}: on the observed path, as in the baseline of {date} from {network}")
GONE = N_(
    "{carrier}: on the observed path in the baseline of {date} from {network}, not on the observed path now"
)
NEITHER = N_("{carrier}: not on the observed path, nor in the baseline of {date} from {network}")
COME = N_(
    "{carrier}: on the observed path, not on the observed path in the baseline of {date} from {network}"
)
COMPARED: Final = {(True, True): BOTH, (True, False): GONE, (False, False): NEITHER, (False, True): COME}
"""By whether the carrier was there in the baseline, and is now."""


class KnownPath(Struct, frozen=True, kw_only=True):
    """What a baseline has of one path."""

    asns: tuple[int, ...]
    recorded: str
    """The day."""
    network: str
    """The AS that it was recorded from."""


class ShownFact(Struct, frozen=True, kw_only=True):
    """One measurement that gave facts, and what a baseline has of the same."""

    measurement: Measurement | None
    """None where the run ended before."""
    input: str = ""
    known: KnownPath | None = None


def lines(facts: Sequence[ShownFact]) -> Iterator[str]:
    """Yield a sentence a fact, safe to look at."""
    for fact in facts:
        said = list(_sentences(fact.measurement, fact.known)) if fact.measurement else []
        yield from said or [_("{input}: not measured.").format(input=visible(fact.input, LONGEST))]


def _sentences(measurement: Measurement, known: KnownPath | None) -> Iterator[str]:
    for answer in measurement.registry_answers:
        yield _registry(answer)
    for trace in measurement.path_traces:
        yield _path(trace, known)
    if any(local.name == "path" for local in measurement.local):
        yield _("Path to {input}: this system does not tell who answered; not observed.").format(
            input=visible(measurement.input, LONGEST)
        )


def _registry(answer: RegistryAnswer) -> str:
    """Say what one service or file said."""
    source, resource = visible(answer.source, LONGEST), visible(answer.resource, LONGEST)
    asked = visible(answer.asked_utc, 30)
    if answer.status_code == NOT_FOUND:
        text = _("{resource}: nothing found (404). Source: {source}, {asked}.")
        return text.format(resource=resource, source=source, asked=asked)
    if answer.failure is not None:
        text = _("{resource}: no answer from {source}, asked {asked}: {what}.")
        what = [answer.failure, str(answer.status_code or ""), answer.referred_to]
        told = " ".join(visible(part, LONGEST) for part in what if part)
        return text.format(resource=resource, source=source, asked=asked, what=told)
    parts = _registration(answer) if answer.kind == "rdap" else _routing(answer)
    text = _("{resource}: {facts}. Source: {source}, {asked}.")
    said = _("; ").join(visible(part, LONGEST) for part in parts if part) or _("nothing said")
    return text.format(resource=resource, facts=said, source=source, asked=asked)


def _registration(answer: RegistryAnswer) -> list[str]:
    said = (
        (_("handle {value}"), answer.handle),
        (_("status {value}"), ", ".join(answer.status)),
        (_("registered {value}"), answer.registered[:DAY]),
        (_("last changed {value}"), answer.last_changed[:DAY]),
        (_("country {value}"), answer.country),
        (_("registry {value}"), answer.port43),
    )
    return [text.format(value=value) for text, value in said if value]


def _routing(answer: RegistryAnswer) -> list[str]:
    seen = (
        ("IPv4", answer.peers_seeing_v4, answer.peers_v4, answer.prefixes_v4),
        ("IPv6", answer.peers_seeing_v6, answer.peers_v6, answer.prefixes_v6),
    )
    parts = []
    for family, seeing, total, prefixes in seen:
        if seeing is not None and total:
            text = _("seen by {seeing} of {total} {family} peers")
            parts.append(text.format(seeing=seeing, total=total, family=family))
        if prefixes is not None:
            parts.append(
                ngettext("{n} {family} prefix", "{n} {family} prefixes", prefixes).format(
                    n=prefixes, family=family
                )
            )
    said = (
        (_("announced by {value}"), ", ".join(f"AS{number}" for number in answer.origins)),
        (_("first seen {value}"), answer.first_seen[:DAY]),
        (_("last seen {value}"), answer.last_seen),
        (_("routing tables of {value}"), answer.data_utc),
    )
    return [*parts, *(text.format(value=value) for text, value in said if value)]


def _path(trace: PathTrace, known: KnownPath | None) -> str:
    """Say which AS numbers were on the path, and whether the carrier's was."""
    answered = [hop for hop in trace.hops if hop.rtt_ms]
    names = list(dict.fromkeys(name for hop in trace.hops for name in hop.as_names))
    place = f"[{trace.ip}]:{trace.port}" if ":" in trace.ip else f"{trace.ip}:{trace.port}"
    if not answered:
        return _("Path to {place}: no hop answered; not observed.").format(place=place)
    n = len(trace.hops)
    text = ngettext(
        "Path to {place}: {k} of {n} hop answered, {reached}; {names} ({table})",
        "Path to {place}: {k} of {n} hops answered, {reached}; {names} ({table})",
        n,
    ).format(
        place=place,
        k=len(answered),
        n=n,
        reached=_("the address too") if trace.failure is None else _("the address did not"),
        names=", ".join(_("AS unknown") if name == "unknown" else name for name in names),
        table=_table(trace.as_table),
    )
    carrier = _carrier(trace, names, known)
    return f"{text}. {carrier}." if carrier else f"{text}."


def _table(text: str) -> str:
    whose, _space, dated = text.partition(" ")
    said = (
        _("AS numbers by the table given, {date}")
        if whose == "given"
        else _("AS numbers by shipped ranges, {date}")
    )
    return said.format(date=visible(dated, 20))


def _carrier(trace: PathTrace, names: Sequence[str], known: KnownPath | None) -> str:
    if not trace.carrier:
        return ""
    carrier, is_there = visible(trace.carrier, 20), trace.carrier in names
    if known is None:
        return _(SEEN if is_there else UNSEEN).format(carrier=carrier)
    was_there = int(trace.carrier.removeprefix("AS")) in known.asns
    return _(COMPARED[was_there, is_there]).format(
        carrier=carrier, date=visible(known.recorded, 20), network=visible(known.network, 20)
    )
