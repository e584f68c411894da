"""Neutral against neutral: the trials that tell how often the decision would err on this link."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from msgspec import Struct

from probe.model.options import RunOptions
from probe.model.target import Step, Target
from probe.model.transfer import ArmPlan, TransferPlan
from probe.plan.transfers import EXPERIMENT, is_campaign

PAIRS_PER_BLOCK = 6
"""In a row at one server: as many as a test has, so that a block is a test."""
SERVERS = 2
"""At most: blocks alternate between them, and one that is unlike the link shows."""
_LAST = "foreign_frozen"
"""Hosters whose transfers were reported frozen tell of the freeze, not of the link."""


class Source(Struct, frozen=True, kw_only=True):
    """A server of neutral trials, and the names that may stand in the ClientHello there."""

    target: Target
    """The neutral that owns the object, or lends its name to a helper."""
    names: tuple[str, ...]
    helper: str = ""

    @property
    def rank(self) -> tuple[bool, bool]:
        """Whether it may be frozen, and whether it takes one name only: the smaller the better."""
        return not self.helper and self.target.neutral_group == _LAST, len(self.names) == 1

    @property
    def key(self) -> str:
        """What tells it from others."""
        return self.helper or self.target.target_id


def self_test_sources(options: RunOptions, neutrals: Sequence[Target]) -> tuple[Source, ...]:
    """Return where neutral trials may go, the best first: a campaign's helper, then sites with an object.

    `neutrals` bear the addresses at which they answered in this run. A server that takes any name is asked
    under several in turn: no name then comes often enough to be taken for a flood (METHOD section 6).
    """
    there = [t for t in neutrals if t.addresses and _host(t)]
    names = tuple(_host(t) for t in there if t.neutral_group == "foreign")
    lender = next((t for t in there if t.neutral_group == "foreign"), None)
    helpers = [
        Source(target=lender, names=names, helper=url)
        for url in options.controls
        if is_campaign(url) and lender is not None
    ]
    owners = sorted((t for t in there if t.large_object), key=lambda t: t.target_id)
    own = (Source(target=t, names=(_host(t), *(names if t.any_name else ()))) for t in owners)
    return (*helpers, *sorted(own, key=lambda source: source.rank))


def at_turn(sources: Sequence[Source], done: int) -> Source:
    """Return where the next pair goes, after so many: blocks alternate between the best two.

    A server of lower rank is used where there is no better one, and not beside it: a freeze would tell of
    itself, and handshakes under one name would soon have to wait for that name's budget.
    """
    best = [s for s in sources if s.rank == sources[0].rank][:SERVERS]
    return best[done // PAIRS_PER_BLOCK % len(best)]


def self_test_step(source: Source, number: int) -> Step:
    """Return the pair of this number at a server: twice the same, under the same name."""
    name = source.names[number % len(source.names)]
    target = source.target
    if source.helper:
        arm = ArmPlan(arm="N", server_name=name, helper=source.helper)
    else:
        arm = ArmPlan(
            arm="N", ip=_address(target), server_name=name, host=_host(target), path=target.large_object
        )
    plan = TransferPlan(purpose="self_test", arms=(arm, arm), number=number)
    return Step(target=target, experiment=EXPERIMENT, round=number, transfer=plan)


def _address(target: Target) -> str:
    return next((a for a in target.addresses if ":" not in a), target.addresses[0])


def _host(target: Target) -> str:
    return urlsplit(target.input).hostname or ""
