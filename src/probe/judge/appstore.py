"""Judge an app in a shop: its page answers like any other; what the shop says of the app decides the row."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from probe.judge.constants import STORE_LOOKS
from probe.judge.outcome import conclude
from probe.judge.rule import Rule, always, first_match
from probe.model.appstore import app_of
from probe.model.words import ControlSource, Layer, Located, State

if TYPE_CHECKING:
    from probe.judge.outcome import Outcome
    from probe.judge.reading import Reading
    from probe.judge.view import ControlView
    from probe.model.appstore import App
    from probe.model.measurement import Measurement

EXPERIMENT = "store"
PLAIN_ANSWER = "http.answered"
"""The rule of a page that came and means nothing else."""
GONE = "store.delisted"
OK = 200


class StoreFacts(Struct, frozen=True, kw_only=True):
    """What the shop said of an app, all rounds together."""

    offered: bool
    """Some answer of this storefront showed it."""
    absent: bool
    """Some answer said that this storefront does not have it."""
    n_gone: int
    """Rounds in which page and interface alike did not have it here; 0 unless the control app was found here,
    and the app elsewhere."""
    control_missing: bool
    """Where the app was absent, the control app was not found either."""
    nowhere: bool
    """Where the app was absent, another storefront that has the control app does not have it either."""
    offered_before: bool
    """A baseline from before this run shows its own page in this very storefront."""


_SAID = (
    "{name}: the store answers, over a certificate that holds, and does not offer the app in the storefront"
    " {storefront}, though it offers a control app there, and the app in the storefront {elsewhere}"
)
_WHO = " Who had it removed, and why, was not measured."

STORE_RULES: tuple[Rule[StoreFacts], ...] = (
    Rule(
        "store.offered",
        lambda f: f.offered,
        State.REACHABLE,
        "{name}: the store offers the app in the storefront {storefront}.",
        confirmed=True,
    ),
    Rule(
        "store.delisted_since",
        lambda f: f.n_gone >= STORE_LOOKS and f.offered_before,
        State.REACHABLE,
        _SAID + ". A baseline shows that it was offered here before." + _WHO,
        mechanism=GONE,
        located=Located.SERVER,
        confirmed=True,
    ),
    Rule(
        "store.delisted",
        lambda f: f.n_gone >= STORE_LOOKS,
        State.REACHABLE,
        _SAID + ". Whether it ever was offered here, who had it removed, and why, was not measured.",
        mechanism=GONE,
        located=Located.SERVER,
    ),
    Rule(
        "store.delisted_once",
        lambda f: f.n_gone > 0,
        State.REACHABLE,
        _SAID + ". That was seen once only; a second look is needed to say so.",
    ),
    Rule(
        "store.nowhere",
        lambda f: f.nowhere,
        State.REACHABLE,
        "{name}: the store answers, and knows the app neither in the storefront {storefront} nor in"
        " {elsewhere}: a wrong number, or an app that its maker withdrew, looks the same.",
    ),
    Rule(
        "store.control_missing",
        lambda f: f.control_missing,
        State.REACHABLE,
        "{name}: the store answers, but in the storefront {storefront} it does not find a control app either:"
        " that it does not find this one says nothing.",
    ),
    Rule(
        "store.absent",
        lambda f: f.absent,
        State.REACHABLE,
        "{name}: the store answers, and its page of the app in the storefront {storefront} is gone; with"
        " what it says of other apps and storefronts that could not be compared.",
    ),
    Rule(
        "store.untold",
        always,
        State.REACHABLE,
        "{name}: the store answers with status {status}, over a certificate that holds; whether it offers"
        " the app in the storefront {storefront} was not told.",
    ),
)


def judge_store(reading: Reading, page: Outcome) -> Outcome:
    """Return what a page that answered means for the app; any other outcome as it is."""
    app = app_of(reading.target.input)
    if reading.target.experiment != EXPERIMENT or app is None or page.rule.rule_id != PLAIN_ANSWER:
        return page
    facts = _facts(reading, page, app)
    rule: Rule[Any] = first_match(STORE_RULES, facts)
    made = conclude(
        rule,
        Layer.HTTP,
        hop=page.hop,
        params={
            "storefront": app.storefront,
            "elsewhere": reading.target.elsewhere,
            "status": page.params["status"],
        },
        wants=page.wants,
        uids=page.witnesses | {m.measurement_uid for m in reading.own if m.store_answers},
    )
    made.notes, made.answers, made.validated = page.notes, page.answers, page.validated
    made.sources = (ControlSource.BASELINE,) if rule.rule_id == "store.delisted_since" else page.sources
    if page.mechanism and not made.mechanism:
        made.mechanism, made.located = page.mechanism, page.located
    return made


def _facts(reading: Reading, page: Outcome, app: App) -> StoreFacts:
    answers = [a for m in reading.own for a in m.store_answers if a.failure is None]
    here = [a.listed for a in answers if a.storefront == app.storefront and not a.is_control]
    control = [a.listed for a in answers if a.storefront == app.storefront and a.is_control]
    there = [a.listed for a in answers if a.storefront != app.storefront and not a.is_control]
    # A shop's interface answers for a control app elsewhere, too: without it "not there" is an outage.
    trusted = [a.listed for a in answers if a.storefront != app.storefront and a.is_control]
    absent = False in here
    found = absent and True in control and False not in control
    return StoreFacts(
        offered=True in here,
        absent=absent,
        n_gone=sum(_is_gone(m, app) for m in reading.own) if found and True in there else 0,
        control_missing=absent and False in control,
        nowhere=found and False in there and (True in trusted or not trusted),
        offered_before=_is_older(reading, page) and any(_shows(v, app) for v in page.hop.views),
    )


def _shows(view: ControlView, app: App) -> bool:
    """Say whether a baseline was shown the app's own page, on a network that was fine."""
    came = view.source is ControlSource.BASELINE and view.usable and view.status == OK
    return came and app.is_page(view.final_url)


def _is_older(reading: Reading, page: Outcome) -> bool:
    """Say whether the run's baseline was recorded before the run, by a clock that is known."""
    facts = page.hop.facts
    if facts.baseline is None or facts.clock_offset_s is None:
        return False
    begun = reading.own[0].measurement_start_time + timedelta(seconds=facts.clock_offset_s)
    return facts.baseline.recorded_utc < begun


def _is_gone(m: Measurement, app: App) -> bool:
    """Say whether in one round the page was gone and, of a shop with an interface, that had lost it too."""
    told = {
        a.said_by: a.listed
        for a in m.store_answers
        if a.failure is None and a.storefront == app.storefront and not a.is_control
    }
    return told.get("page") is False and (app.shop == "google" or told.get("api") is False)
