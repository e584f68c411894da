"""What it means: one verdict a target, one a service."""

from msgspec import Struct

from probe.model.bounds import Real, Whole
from probe.model.words import Caveat, ControlSource, Layer, Located, ReasonCode, State


class Note(Struct, frozen=True, kw_only=True, gc=False):
    """A fact beside a verdict, as a template and the values put into it."""

    template: str
    params: tuple[tuple[str, str], ...] = ()


class Verdict(Struct, frozen=True, kw_only=True, gc=False):
    """The answer for one target, with the rule that gave it and the facts it stood on.

    `because` is the English sentence; `params` are the values put into its template, so that it can be
    said in another language. Times are medians over tries that succeeded, in milliseconds.
    """

    target_id: str
    service: str
    input: str
    state: State
    mechanism: str = ""
    layer: Layer
    located: Located
    confirmed: bool
    reason_code: ReasonCode | None = None
    caveats: tuple[Caveat, ...] = ()
    rule_id: str
    rules_version: Whole
    because: str
    template: str
    params: tuple[tuple[str, str], ...] = ()
    failure: str | None = None
    witnesses: tuple[str, ...] = ()
    """Uids of the measurements that the verdict rests on, neutral ones too."""
    n_observations: Whole = 0
    n_controls: Whole = 0
    control_source: tuple[ControlSource, ...] = (ControlSource.NONE,)
    dns_ms: Real | None = None
    connect_ms: Real | None = None
    tls_ms: Real | None = None
    ttfb_ms: Real | None = None
    goodput_kbps: Real | None = None
    control_goodput_kbps: Real | None = None
    goodput_ratio: Real | None = None
    started_utc: str = ""
    """ISO 8601 with Z: the first try of this target."""
    ended_utc: str = ""
    measurement_uids: tuple[str, ...] = ()
    """The target's own measurements."""
    notes: tuple[str, ...] = ()
    """Facts worth telling that change no state: a forged first answer, k of n addresses dead. In English."""
    notes_apart: tuple[Note, ...] = ()
    """The same, one for one, so that they can be said in another language."""
    category_code: str = ""
    """Citizen Lab's, as the list or the catalogue says."""


class ServiceVerdict(Struct, frozen=True, kw_only=True, gc=False):
    """The roll-up of a service's targets by its own rule."""

    service: str
    state: State
    mechanism: str
    located: Located
    confirmed: bool
    reason_code: ReasonCode | None
    because: str
    n_targets: Whole
    n_reachable: Whole
    n_throttled: Whole
    n_blocked: Whole
    n_geoblocked: Whole
    n_down: Whole
    n_inconclusive: Whole
    started_utc: str
    ended_utc: str
