"""What a page that is made public does not tell of a run: seconds, neutral sites, helpers, its own name."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from probe.locale import N_, _
from probe.report.annex.disclosure import hour, minutes_removed, uid
from probe.report.html_steps import OK, outcome_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from probe.model.measurement import Measurement
    from probe.model.verdict import Verdict
    from probe.report.html_steps import Step
    from probe.report.told import Told

ROLES: Final = {
    "domestic_listed": N_("neutral site of this country, on the white list"),
    "domestic_unlisted": N_("neutral site of this country, not on the white list"),
    "foreign_frozen": N_("neutral site abroad, at a hoster known to be frozen"),
    "foreign": N_("neutral site abroad"),
    "": N_("neutral site"),
}
HELPER: Final = N_("helper")
MOST_HIDDEN: Final = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Veil:
    """One run as it may be told: as it is, or made public."""

    public: bool
    name: str
    """What the run is called: its own name, or that of disclosure."""
    hidden: Mapping[str, str] = field(default_factory=dict)
    """Names and addresses of neutral sites and helpers, and their role; only where made public."""
    roles: Mapping[str, str] = field(default_factory=dict)
    """By target_id of a neutral site."""
    _pattern: re.Pattern[str] | None = None

    def text(self, text: str) -> str:
        """Return a text without what is not told."""
        if not self.public:
            return text
        if self._pattern is not None:
            text = self._pattern.sub(lambda found: f"[{_(self.hidden[found[0].lower()])}]", text)
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
        return _(role) if self.public and role is not None else self.text(measurement.input)

    def ms(self, value: float | None) -> float | None:
        """Return milliseconds with a digit behind the point, or two digits in all."""
        if value is None:
            return None
        return float(f"{value:.2g}") if self.public else round(value, 1)

    def verdict(self, verdict: Verdict) -> Verdict:
        """Return a verdict with its figures as they may be told."""
        return replace(
            verdict,
            dns_ms=self.ms(verdict.dns_ms),
            connect_ms=self.ms(verdict.connect_ms),
            tls_ms=self.ms(verdict.tls_ms),
            ttfb_ms=self.ms(verdict.ttfb_ms),
        )

    def steps(self, measurement: Measurement, steps: Iterable[Step]) -> tuple[Step, ...]:
        """Return operations as they may be told; of a neutral site, what came and nothing of whom."""
        if not self.public:
            return tuple(replace(step, ms=self.ms(step.ms)) for step in steps)
        if measurement.target_id in self.roles:
            end = outcome_of(tuple(steps))
            return (
                (
                    replace(
                        end,
                        what=_("In all"),
                        whom="",
                        came=end.came if end.failed else _(OK),
                        t0=None,
                        ms=None,
                        more=(),
                    ),
                )
                if end
                else ()
            )
        return tuple(
            replace(
                step,
                what=self.text(step.what),
                whom=self.text(step.whom),
                came=self.text(step.came),
                t0=None,
                ms=self.ms(step.ms),
                more=tuple(map(self.text, step.more)),
            )
            for step in steps
        )


def plain(run: Told) -> Veil:
    """Return what tells everything."""
    return Veil(public=False, name=run.record.run_id)


def veil(run: Told, name: str) -> Veil:
    """Return what makes a run public under this name. Reads its measurements once.

    Hidden are the names of neutral sites and helpers, and addresses met there that no target's name led to.
    """
    roles = {t.target_id: ROLES.get(t.neutral_group, ROLES[""]) for t in run.controls if t.neutral_group}
    hidden = {host: roles[t.target_id] for t in run.controls if t.neutral_group and (host := _host(t.input))}
    helpers = {host for control in run.record.options.controls if (host := _host(control))}
    addresses: dict[str, str] = {}
    of_targets = {address for target in run.targets for address in target.addresses}
    for m in run.measurements():
        role = roles.get(m.target_id)
        if role is not None and len(addresses) < MOST_HIDDEN:
            addresses |= dict.fromkeys((connect.ip for connect in m.tcp_connect), role)
            addresses |= dict.fromkeys((handshake.ip for handshake in m.quic_handshakes), role)
        elif role is None:
            of_targets |= {address for query in m.queries for address in query.answers}
        helpers |= {host for answer in m.controls if (host := _host(answer.control))}
        helpers |= {host for transfer in m.transfers if (host := _host(transfer.helper))}
    hidden |= {ip: role for ip, role in addresses.items() if ip not in of_targets}
    hidden |= dict.fromkeys(helpers, HELPER)
    own = {host for target in run.targets if (host := _host(target.input))}
    hidden = {text.lower(): role for text, role in hidden.items() if text.lower() not in own}
    return Veil(public=True, name=name, hidden=hidden, roles=roles, _pattern=_any_of(hidden))


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "") if "://" in url else ""
    except ValueError:
        return ""


def _any_of(texts: Iterable[str]) -> re.Pattern[str] | None:
    """Return what finds any of these as a whole name or address, the longest first."""
    joined = "|".join(re.escape(text) for text in sorted(texts, key=lambda t: (-len(t), t)))
    return re.compile(rf"(?<![\w.:-])(?:{joined})(?![\w:-]|\.\w)", re.IGNORECASE) if joined else None
