"""What a page that is made public does not tell of a run: seconds, neutral sites, helpers, its own name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from probe.locale import N_, _
from probe.model.observation import TLSHandshake
from probe.model.quic import QUICHandshake
from probe.model.vpn import TUNNELS
from probe.report.annex.disclosure import (
    hour,
    minutes_removed,
    own_tunnel_hidden,
    public_certificate,
    uid,
    without_query,
)
from probe.report.annex.veil import public_verdict
from probe.report.html_step import OK, Step, outcome_of
from probe.report.html_steps import steps_of
from probe.report.html_survey import host_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from probe.model.measurement import Measurement
    from probe.model.observation import HTTPRoundTrip
    from probe.model.verdict import Verdict
    from probe.report.html_survey import Survey
    from probe.report.told import Told

_Shown = TypeVar("_Shown", TLSHandshake, QUICHandshake)
ROLES: Final = {
    "domestic_listed": N_("neutral site of this country, on the white list"),
    "domestic_unlisted": N_("neutral site of this country, not on the white list"),
    "foreign_frozen": N_("neutral site abroad, at a hoster known to be frozen"),
    "foreign": N_("neutral site abroad"),
    "": N_("neutral site"),
}
HELPER: Final = N_("helper")


class Veil(Struct, frozen=True, kw_only=True):
    """One run as it may be told: as it is, or made public."""

    public: bool
    name: str
    """What the run is called: its own name, or that of disclosure."""
    hidden: Mapping[str, str] = field(default_factory=dict)
    """Names and addresses of neutral sites and helpers, and their role; only where made public."""
    roles: Mapping[str, str] = field(default_factory=dict)
    """By target_id of a neutral site."""
    pattern: re.Pattern[str] | None = None
    """Finds what is hidden."""

    def text(self, text: str) -> str:
        """Return a text without what is not told."""
        if not self.public:
            return text
        if self.pattern is not None:
            text = self.pattern.sub(lambda found: f"[{_(self.hidden[found[0].lower()])}]", text)
        return minutes_removed(text)

    def time(self, text: str) -> str:
        """Return a time in UTC: exactly, or its hour."""
        return hour(text) if self.public else text

    def uid(self, measurement_uid: str) -> str:
        """Return what a measurement is called."""
        return uid(self.name, measurement_uid) if self.public else measurement_uid

    def site(self, measurement: Measurement) -> str:
        """Return what was measured: its input, or a neutral site's role."""
        role = self.roles.get(measurement.target_id)
        if self.public and role is not None:
            return _(role)
        return self.input(measurement.service, measurement.input)

    def input(self, service: str, text: str) -> str:
        """Return an input without the host of the volunteer's own tunnel."""
        return own_tunnel_hidden(service, self.text(text)) if self.public else text

    def verdict(self, verdict: Verdict) -> Verdict:
        """Return a verdict as it may be told."""
        return public_verdict(self.name, verdict) if self.public else verdict

    def ms(self, value: float | None) -> float | None:
        """Return milliseconds with a digit behind the point, or two digits in all."""
        if value is None:
            return None
        return float(f"{value:.2g}") if self.public else round(value, 1)

    def steps(self, measurement: Measurement, *, pages: bool) -> tuple[Step, ...]:
        """Return a measurement's operations; of a neutral site or an own tunnel only what came of all."""
        steps = steps_of(_rounded(measurement) if self.public else measurement, pages=pages)
        if not self.public:
            return tuple(replace(step, ms=self.ms(step.ms)) for step in steps)
        if measurement.target_id in self.roles or measurement.service == TUNNELS:
            end = outcome_of(steps)
            came = "" if end is None else end.came if end.failed else _(OK)
            return (Step(what=_("In all"), came=came, failed=end.failed),) if end else ()
        return tuple(
            replace(
                step,
                what=self.text(step.what),
                whom=self.text(step.whom),
                came=self.text(step.came),
                t0=None,
                ms=self.ms(step.ms),
                # What a neutral server says of itself, its certificate first, names it.
                more=tuple(map(self.text, step.more)) if self.text(step.whom) == step.whom else (),
            )
            for step in steps
        )


def _rounded(measurement: Measurement) -> Measurement:
    """Return a measurement with two digits of each count of bytes: an operator's logs hold all of them.

    What this machine told of itself is nobody's business, and what a redirect or a certificate made for this
    very visit tells is the visit's.
    """
    return replace(
        measurement,
        local=(),
        requests=tuple(map(_public_answer, measurement.requests)),
        tls_handshakes=tuple(map(_public_shown, measurement.tls_handshakes)),
        quic_handshakes=tuple(map(_public_shown, measurement.quic_handshakes)),
        transfers=tuple(
            replace(t, n_socket_bytes=_two_digits(t.n_socket_bytes) or 0) for t in measurement.transfers
        ),
    )


def _public_answer(one: HTTPRoundTrip) -> HTTPRoundTrip:
    return replace(
        one,
        url=without_query(one.url) if one.hop else one.url,
        body_length=_two_digits(one.body_length),
        location=without_query(one.location) if one.location else one.location,
        headers=tuple((n, without_query(v) if n.lower() == "location" else v) for n, v in one.headers),
    )


def _public_shown(one: _Shown) -> _Shown:
    return replace(one, certificates=tuple(public_certificate(c, one) for c in one.certificates))


def _two_digits(n: int | None) -> int | None:
    return None if n is None else int(float(f"{n:.2g}"))


def plain(run: Told) -> Veil:
    """Return what tells everything."""
    return Veil(public=False, name=run.record.run_id)


def veil(run: Told, name: str, survey: Survey) -> Veil:
    """Return what makes a run public under this name.

    Hidden are the names of neutral sites and helpers, and addresses met there that no target's name led to;
    what is a target too stays.
    """
    roles = {t.target_id: ROLES.get(t.neutral_group, ROLES[""]) for t in run.controls if t.neutral_group}
    hidden = {host_of(t.input): roles[t.target_id] for t in run.controls if t.neutral_group}
    hidden |= {ip: roles[target_id] for ip, target_id in survey.neutral_addresses.items()}
    hidden |= dict.fromkeys(survey.helpers, HELPER)
    kept = {"", *(host_of(target.input).lower() for target in run.targets)}
    hidden = {text.lower(): role for text, role in hidden.items() if text.lower() not in kept}
    return Veil(public=True, name=name, hidden=hidden, roles=roles, pattern=_any_of(hidden))


def _any_of(texts: Iterable[str]) -> re.Pattern[str] | None:
    """Return what finds any of these as a whole name or address, the longest first."""
    joined = "|".join(
        re.escape(text) + (r"(?![\w:])" if ":" in text else r"(?![\w-]|\.\w)")  # a port may follow a name
        for text in sorted(texts, key=lambda t: (-len(t), t))
    )
    return re.compile(rf"(?<![\w.:-])(?:{joined})", re.IGNORECASE) if joined else None
