"""What pages moved, as web rounds saw it at the socket: the target's own, and neutrals' of the same run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probe.judge import kind as k
from probe.judge.content import BREAKS_OFF
from probe.judge.screen import PageRate, is_owed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from probe.judge.facts import RunFacts
    from probe.judge.outcome import Outcome
    from probe.judge.reading import Reading
    from probe.model.measurement import Measurement
    from probe.model.observation import HTTPRoundTrip, NetworkEvent, TCPConnect


def page_rates(measurements: Iterable[Measurement]) -> tuple[PageRate, ...]:
    """Return what each page that was read moved, and how fast."""
    return tuple(page for m in measurements for r in m.requests if (page := _page(m, r)) is not None)


def _page(m: Measurement, r: HTTPRoundTrip) -> PageRate | None:
    """Return the rate of one answer; None where its body was not read, or nothing tells its bytes."""
    if r.status_code is None or not r.body_length:
        return None
    event = next((e for e in m.network_events if _same(e, r)), None)
    connect = next((c for c in m.tcp_connect if _same(c, r)), None)
    if event is None or connect is None:
        return None
    arrived = [(t, n) for t, n in event.series if n and t > r.t0]
    if not arrived:
        return None
    last = max(t for t, _ in arrived)
    info = connect.tcp_info
    return PageRate(
        n_bytes=sum(n for _, n in arrived),
        seconds=(last if r.failure is None else max(last, r.t)) - r.t0,
        rtt_s=info.rtt_us / 1e6 if info is not None else connect.t - connect.t0,
        first_byte_s=min(t for t, _ in arrived) - r.t0,
    )


def _same(one: NetworkEvent | TCPConnect, r: HTTPRoundTrip) -> bool:
    return (one.ip, one.port, one.hop, one.attempt) == (r.ip, r.port, r.hop, r.attempt)


def is_suspect(facts: RunFacts, reading: Reading, outcome: Outcome) -> bool:
    """Say whether any page of the final hop came more slowly than neutrals' let one expect."""
    return any(is_owed(page, facts.neutral_pages) is True for _, page in _pages(reading, outcome))


def most_whole(reading: Reading, outcome: Outcome) -> int:
    """Return how many bytes at the socket the largest page of the final hop took that came to its end."""
    return max((page.n_bytes for r, page in _pages(reading, outcome) if r.failure is None), default=0)


def _pages(reading: Reading, outcome: Outcome) -> list[tuple[HTTPRoundTrip, PageRate]]:
    """Return the pages of the final hop that were read, and what each moved."""
    wanted = {id(a) for a in outcome.pages}
    found = ((r, _page(m, r)) for m in reading.own for r in m.requests if id(r) in wanted)
    return [(r, page) for r, page in found if page is not None]


def stopped_short(outcome: Outcome) -> bool:
    """Say whether the page fell silent short of its declared length, in every round that read it."""
    if outcome.rule.rule_id != BREAKS_OFF:
        return False
    failures = [
        r.answer.http.failure
        for r in outcome.answers
        if r.answer is not None and r.answer.http is not None and r.answer.http.failure is not None
    ]
    return bool(failures) and all(k.kind_of(one) == k.TIMEOUT for one in failures)
