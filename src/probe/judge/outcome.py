"""What a table said of a hop, with all that a verdict needs beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from probe.model.words import ControlSource, Located, State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from probe.judge.hop import Hop, Round
    from probe.judge.rule import Rule
    from probe.judge.stand import Stand
    from probe.judge.witness import Count
    from probe.model.observation import HTTPRoundTrip
    from probe.model.target import Debt
    from probe.model.verdict import Note
    from probe.model.words import Layer


class Wants(Struct, kw_only=True, eq=False):
    """What else would make the verdict stronger, before anybody asks whether it can be had."""

    rounds: bool = False
    control: bool = False
    control_again: bool = False
    whole: str = ""
    """URL of the object that somebody elsewhere should get whole."""
    resolver: bool = False
    addresses: tuple[str, ...] = ()
    cross: tuple[str, ...] = ()
    """Addresses at which the name failed."""
    segments: tuple[str, ...] = ()
    """Where silence may be that of large packets."""
    transfers: tuple[Debt, ...] = ()
    """Which transfers, the first of them first."""

    def join(self, other: Wants) -> None:
        """Want what another wants too."""
        self.rounds = self.rounds or other.rounds
        self.control = self.control or other.control
        self.control_again = self.control_again or other.control_again
        self.whole = self.whole or other.whole
        self.resolver = self.resolver or other.resolver
        self.addresses = tuple(dict.fromkeys((*self.addresses, *other.addresses)))
        self.cross = self.cross or other.cross
        self.segments = self.segments or other.segments
        self.transfers = self.transfers or other.transfers


class Rates(Struct, frozen=True):
    """Medians of the test that decides, in bit/s, and the median of its ratios."""

    goodput_bps: float
    control_bps: float
    ratio: float


class Outcome(Struct, kw_only=True, eq=False):
    """A rule that held, and its surroundings."""

    rule: Rule[Any]
    layer: Layer
    params: dict[str, str]
    mechanism: str = ""
    located: Located
    confirmed: bool
    failure: str | None = None
    witnesses: frozenset[str] = frozenset()
    sources: tuple[ControlSource, ...] = ()
    n_controls: int = 0
    wants: Wants = field(default_factory=Wants)
    notes: list[Note] = field(default_factory=list)
    hop: Hop
    answers: list[Round] = field(default_factory=list)
    """Rounds that got an answer, when the next hop or the content tables are to decide."""
    validated: bool = False
    """A certificate valid for the name stood behind the answer."""
    rates: Rates | None = None
    """Of its transfers, and of what they were held against."""

    @property
    def state(self) -> State:
        """The state of the rule."""
        return self.rule.state

    @property
    def pages(self) -> list[HTTPRoundTrip]:
        """The HTTP answers among the answers."""
        return [r.answer.http for r in self.answers if r.answer is not None and r.answer.http is not None]


UNKNOWN_AS = "AS0"
NOBODY = "no control"
THIS_NETWORK = "this network"
"""Whose subscribers sentences speak of where no operator was declared."""
THROUGH_BYPASS = "this connection (a VPN or proxy is active)"
"""Whose subscribers where what was seen may be the network of a tunnel's other end."""
TUNNELS = frozenset({"vpn", "proxy", "zapret"})
"""Of what `VantagePoint.bypass` names, what may carry connections elsewhere or change them."""
SOURCE_WORDS: Mapping[ControlSource, str] = {
    ControlSource.CROSS: "neutral names at the same and at other addresses",
    ControlSource.RESOLVER: "another resolver asked from here",
    ControlSource.TEST_HELPER: "a test helper elsewhere",
    ControlSource.PROXY: "a proxy elsewhere",
    ControlSource.BASELINE: "a baseline recorded without interference",
}


def conclude(
    rule: Rule[Any],
    layer: Layer,
    *,
    hop: Hop,
    stand: Stand | None = None,
    count: Count | None = None,
    params: Mapping[str, str] | None = None,
    located: Located | None = None,
    wants: Wants | None = None,
    uids: frozenset[str] = frozenset(),
) -> Outcome:
    """Put a rule, its parameters and its witnesses together."""
    bypassed = bool(TUNNELS.intersection(hop.facts.vantage.bypass))
    accuses = rule.state in {State.BLOCKED, State.THROTTLED}
    filled = {
        "name": hop.label,
        "asn": THROUGH_BYPASS if bypassed else _operator(hop.facts.vantage.probe_asn),
        "controls": NOBODY,
        "failure": "",
        "trigger": "",
        **(params or {}),
    }
    sources: tuple[ControlSource, ...] = ()
    if stand is not None and stand.sources:
        sources = stand.sources
        filled["controls"] = ", ".join(SOURCE_WORDS[s] for s in sources)
        uids = uids | frozenset(stand.uids)
    if count is not None:
        filled.setdefault("operation", "tries")
        filled |= {
            "failure": count.failure,
            "n": str(count.n),
            "rounds": str(count.n_rounds),
            "spread": f"{count.spread_s:.0f}",
        }
        uids = uids | frozenset(count.witnesses)
        if count.bracketed:
            sources = (*sources, ControlSource.NEUTRAL)
    unsaid = bypassed and accuses
    return Outcome(
        rule=rule,
        layer=layer,
        params=filled,
        mechanism=rule.mechanism.format_map(filled) if rule.mechanism else "",
        located=Located.UNKNOWN if unsaid else located or rule.located,
        confirmed=not unsaid
        and (_agreed(sources, accuses=accuses) if rule.confirmed is None else rule.confirmed),
        failure=count.failure if count is not None else None,
        witnesses=uids,
        sources=sources,
        n_controls=stand.n if stand is not None else 0,
        wants=wants or Wants(),
        hop=hop,
    )


def _operator(asn: str) -> str:
    return THIS_NETWORK if asn == UNKNOWN_AS else asn


def _agreed(sources: Sequence[ControlSource], *, accuses: bool) -> bool:
    """Say whether a second kind of control agrees.

    What accuses takes a cross experiment among them: a helper, a proxy, a baseline and another resolver
    all say that the target lives elsewhere, and so it does if its own side refuses this country.
    """
    others = [s for s in sources if s is not ControlSource.NEUTRAL]
    return len(others) > 1 and (ControlSource.CROSS in others or not accuses)
