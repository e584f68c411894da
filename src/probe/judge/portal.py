"""Whether something on this network answers in the place of others: portal check pages and the sinkhole."""

from collections.abc import Callable, Mapping
from typing import Final, Literal

from msgspec import Struct

from probe.judge.clock import host_of
from probe.model.measurement import Measurement
from probe.model.observation import HTTPRoundTrip

Outcome = Literal["expected", "other_host", "other_page", "failed"]

_MAX_SUCCESS_CHARS: Final = 300


SINKHOLE_PREFIX: Final = "192.0.2."
"""TEST-NET-1 (RFC 5737): nothing lives there, so whoever answers stands in between."""


class PortalCheck(Struct, frozen=True, kw_only=True):
    """One check page, once."""

    uid: str
    url: str
    outcome: Outcome
    detail: str = ""
    """The other host, or the status of the other page, or the failure."""
    t_s: float = 0.0
    """Seconds since the run began."""


def _is_apple(trip: HTTPRoundTrip) -> bool:
    body = trip.body.lower()
    return trip.status_code == 200 and len(body) < _MAX_SUCCESS_CHARS and "<title>success</title>" in body


def _is_mozilla(trip: HTTPRoundTrip) -> bool:
    return trip.status_code == 200 and trip.body.strip().lower() == "success"


def _is_empty(trip: HTTPRoundTrip) -> bool:
    return trip.status_code == 204 and not trip.body_length


def _is_any(trip: HTTPRoundTrip) -> bool:
    return _is_empty(trip) or _is_apple(trip) or _is_mozilla(trip)


# What each owner serves at the page that its own systems check, as their published clients expect it.
EXPECTED: Final[Mapping[str, Callable[[HTTPRoundTrip], bool]]] = {
    "captive.apple.com": _is_apple,
    "detectportal.firefox.com": _is_mozilla,
    "connectivitycheck.gstatic.com": _is_empty,
}


def portal_check(trips: tuple[HTTPRoundTrip, ...], *, uid: str, url: str, started_s: float) -> PortalCheck:
    """Judge the round trips of one check. A server's own error (5xx) is no portal, it is a failed check."""
    asked = host_of(url)
    wanted = EXPECTED.get(asked, _is_any)
    outcome: Outcome = "failed"
    detail = "not asked"
    t_s = started_s
    for trip in sorted(trips, key=lambda trip: (trip.hop, trip.attempt, trip.t0)):
        t_s = started_s + trip.t
        outcome, detail = _judge(trip, asked, wanted)
        if outcome != "failed":
            break
    return PortalCheck(uid=uid, url=url, outcome=outcome, detail=detail[:120], t_s=t_s)


def _judge(trip: HTTPRoundTrip, asked: str, wanted: Callable[[HTTPRoundTrip], bool]) -> tuple[Outcome, str]:
    if trip.failure is not None and trip.status_code is None:
        return "failed", trip.failure
    if trip.location:
        other = host_of(trip.location)
        return ("failed", "redirected to itself") if other == asked else ("other_host", other)
    if wanted(trip):
        return "expected", ""
    if trip.status_code is None or trip.status_code >= 500:
        return "failed", f"status {trip.status_code}"
    return "other_page", f"status {trip.status_code}"


class Sinkhole(Struct, frozen=True, kw_only=True):
    """Whether something answered where nothing lives; None where it was not asked."""

    uid: str
    tcp_answered: bool | None
    dns_answered: bool | None


def read_sinkhole(m: Measurement) -> Sinkhole:
    """Read what answered at 192.0.2.1; a refusal or a reset is no answer, some routers give one."""
    connects = [c.failure for c in m.tcp_connect if c.ip.startswith(SINKHOLE_PREFIX)]
    queries = [q for q in m.queries if q.resolver_address.startswith(SINKHOLE_PREFIX)]
    told = any(a.failure is None for a in m.who_answers if a.ip.startswith(SINKHOLE_PREFIX))
    return Sinkhole(
        uid=m.measurement_uid,
        tcp_answered=None in connects if connects else None,
        dns_answered=told or any(q.replies or q.failure is None for q in queries) if queries else None,
    )
