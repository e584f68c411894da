"""What time it truly is, told by the `Date` headers of neutrals whose certificates hold."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from probe.model import failure as failures
from probe.model.measurement import Measurement
from probe.model.observation import TLSHandshake

AGREE_S: Final = 5.0
"""Two servers' clocks that differ by less say the same (METHOD 4): whole seconds, and a slow answer."""
MIN_NAMES: Final = 2
"""One server alone may be wrong."""
_HALF_SECOND: Final = 0.5
"""`Date` is cut to whole seconds: on average it is half a second late."""
_MAX_AGE_S: Final = 7 * 86_400
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_IMF_FIXDATE: Final = re.compile(
    r"[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT", re.ASCII
)


class ClockSample(Struct, frozen=True):
    """What one server said the time is, against this machine's wall clock at that moment."""

    uid: str
    name: str
    offset_s: float
    """True minus local: positive where this machine is late."""


def http_date(text: str) -> datetime | None:
    """Return the moment of an IMF-fixdate (RFC 9110, 5.6.7), which servers must send; else None."""
    found = _IMF_FIXDATE.fullmatch(text.strip())
    if found is None or found[2] not in _MONTHS:
        return None
    day, year, hour, minute, second = (int(found[group]) for group in (1, 3, 4, 5, 6))
    try:
        return datetime(year, _MONTHS.index(found[2]) + 1, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def served_at(headers: Sequence[tuple[str, str]]) -> datetime | None:
    """Return when the answer was sent by the server's clock: `Date`, and the `Age` it then had in a cache."""
    fields = {name.lower(): value for name, value in headers}
    date = http_date(fields.get("date", ""))
    age = fields.get("age", "0").strip()
    if date is None or not (age.isascii() and age.isdigit() and len(age) < 10):
        return None
    seconds = int(age)
    return date + timedelta(seconds=seconds) if seconds <= _MAX_AGE_S else None


def sample(*, uid: str, name: str, headers: Sequence[tuple[str, str]], local: datetime) -> ClockSample | None:
    """Compare an answer's headers with the local wall time at which they were sent, aware UTC."""
    served = served_at(headers)
    if served is None:
        return None
    return ClockSample(uid, name, (served - local).total_seconds() + _HALF_SECOND)


def clock_offset(samples: Iterable[ClockSample]) -> float | None:
    """Return true time minus this machine's in seconds, or None where it is not known.

    Each name has one say, the median of its samples. The largest set of names within 5 s of each other
    wins if it has two names and outnumbers all the others together.
    """
    by_name: dict[str, list[float]] = {}
    for one in samples:
        by_name.setdefault(one.name, []).append(one.offset_s)
    said = sorted(median(offsets) for offsets in by_name.values())
    if not said:
        return None
    sets = [[o for o in said if first <= o <= first + AGREE_S] for first in said]
    best = max(sets, key=len)
    if len(best) < MIN_NAMES or len(best) * 2 <= len(said):
        return None
    return round(median(best), 1)


def corrected(local: datetime, offset_s: float | None) -> datetime | None:
    """Return the true time for a local wall time, or None while the offset is unknown."""
    try:
        return None if offset_s is None else local + timedelta(seconds=offset_s)
    except OverflowError:
        return None


def is_valid(handshake: TLSHandshake) -> bool:
    """Whether the handshake showed a certificate that holds but for its dates: the clock is judged apart."""
    return (
        handshake.completed
        and handshake.failure in {None, failures.TLS_INVALID_CERTIFICATE}
        and handshake.chain_failure is None
        and handshake.name_matches is not False
    )


def clock_samples(m: Measurement) -> Iterator[ClockSample]:
    """Give samples of answers that came over a handshake whose certificate holds."""
    valid = {(h.ip, h.port, h.hop, h.attempt) for h in m.tls_handshakes if is_valid(h)}
    for trip in m.requests:
        if not trip.is_tls or (trip.ip, trip.port, trip.hop, trip.attempt) not in valid:
            continue
        sent = trip.t0 + trip.first_byte_s if trip.first_byte_s is not None else trip.t
        local = m.measurement_start_time + timedelta(seconds=min(sent, trip.t))
        one = sample(uid=m.measurement_uid, name=host_of(trip.url), headers=trip.headers, local=local)
        if one is not None:
            yield one


def host_of(url: str) -> str:
    """Return the host of a URL in lower case, empty where there is none."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""
