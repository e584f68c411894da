"""One walk over a run: what was contacted, how often neutral sites failed, which pages came instead."""

from __future__ import annotations

import hashlib
import html
import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field
from msgspec.structs import replace

from probe.report.annex.disclosure import minutes_removed, without_query
from probe.report.annex.records import BlockPage, LayerError, TargetFacts
from probe.report.trials import TESTED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from probe.model.measurement import Measurement
    from probe.model.observation import HTTPRoundTrip
    from probe.model.target import Target

MOST_SHOWN: Final = 16
MOST_PAGES: Final = 20
MOST_TEXT: Final = 1500
MOST_BODY: Final = 65_536
"""Characters of a page that are looked at: a run keeps 16 KiB, a stranger's may claim more."""
OWN: Final = frozenset(("T", "C1"))
"""Arms of transfers that go to the target's own address."""
LAYERS: Final = ("dns", "tcp", "tls", "http", "quic")
NEUTRAL: Final = "neutral"
PAGES: Final = frozenset(("http.blockpage", "http.redirect", "dns.blockpage"))
"""Mechanisms that show a page."""
_SILENT: Final = re.compile(r"<(script|style|head)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_TAG: Final = re.compile(r"<[^<>]{0,2000}>")


class Seen(Struct, kw_only=True):
    """What a walk over one run or more gathered."""

    addresses: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    names: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    tries: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    controls: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Answers of test helpers and proxies, by run and kind."""
    receipts: Counter[str] = field(default_factory=Counter)
    """Transfers with a receipt that holds, by run."""
    pages: dict[str, BlockPage] = field(default_factory=dict)

    def targets(self, targets: Iterable[Target]) -> Iterator[TargetFacts]:
        """Yield what of each target was contacted."""
        for target in targets:
            addresses, names = self.addresses.get(target.target_id, {}), self.names.get(target.target_id, {})
            yield TargetFacts(
                target_id=target.target_id,
                service=target.service,
                input=target.input,
                experiment=target.experiment,
                is_control=target.is_control,
                addresses=tuple(addresses)[:MOST_SHOWN],
                n_addresses=len(addresses),
                names=tuple(names)[:MOST_SHOWN],
                n_names=len(names),
            )

    def layers(self) -> tuple[LayerError, ...]:
        """Return how often tries at neutral sites failed."""
        return tuple(
            LayerError(layer=layer, n_tries=self.tries[layer], n_failed=self.failed[layer])
            for layer in LAYERS
            if self.tries[layer]
        )


def walk(seen: Seen, run: str, measurements: Iterable[Measurement], showing: Collection[str]) -> None:
    """Gather from a run's measurements; `showing` are uids of those in which a page came instead."""
    for measurement in measurements:
        _contacted(seen, measurement)
        if measurement.service == NEUTRAL and measurement.is_control:
            _tried(seen, measurement)
        for answer in measurement.controls:
            if answer.failure is None:
                seen.controls[run, answer.kind] += 1
        seen.receipts[run] += sum(
            one.receipt is not None and one.receipt.is_valid for one in measurement.transfers
        )
        if measurement.measurement_uid in showing:
            _pages(seen, run, measurement)


def _contacted(seen: Seen, measurement: Measurement) -> None:
    m = measurement
    addresses, names = seen.addresses[m.target_id], seen.names[m.target_id]
    resolvers = {one.resolver_address.rpartition(":")[0].strip("[]") for one in m.queries}
    asked = resolvers if m.experiment == "resolver" else ()
    for ip in (
        *(one.ip for one in m.tcp_connect if _is_targets(one.arm) and one.ip not in asked),
        *(one.ip for one in m.quic_handshakes if _is_targets(one.arm)),
        *(one.ip for one in m.vpn_exchanges if one.arm != NEUTRAL),
        *(one.ip for one in m.transfers if one.arm in OWN and not one.helper),
    ):
        addresses.setdefault(ip)
    for name in (
        *(one.server_name for one in m.tls_handshakes if not one.arm),
        *(one.server_name for one in m.quic_handshakes if not one.arm),
        *(one.server_name for one in m.transfers if one.arm in TESTED),
        *(one.hostname for one in m.queries if not one.arm),
    ):
        if name:
            names.setdefault(name)


def _is_targets(arm: str) -> bool:
    """Say whether an arm went to the target's own address: crossed ones go to neutral sites too."""
    return not arm or arm == "small_segments" or arm.endswith("@target")


def _tried(seen: Seen, measurement: Measurement) -> None:
    failures = {
        "dns": [one.failure for one in measurement.queries],
        "tcp": [one.failure for one in measurement.tcp_connect],
        "tls": [one.failure for one in measurement.tls_handshakes],
        "http": [one.failure for one in measurement.requests],
        "quic": [one.failure for one in measurement.quic_handshakes],
    }
    for layer, found in failures.items():
        seen.tries[layer] += len(found)
        seen.failed[layer] += sum(failure is not None for failure in found)


def _pages(seen: Seen, run: str, measurement: Measurement) -> None:
    """Keep the last page of a measurement that is in the clear or that ended its redirects."""
    answered = [one for one in measurement.requests if one.failure is None and one.body and not one.arm]
    if not answered:
        return
    page = answered[-1]
    digest = page.body_sha256 or hashlib.sha256(page.body.encode("utf-8", "surrogatepass")).hexdigest()
    known = seen.pages.get(digest)
    if known is None and len(seen.pages) >= MOST_PAGES:
        return
    seen.pages[digest] = BlockPage(
        sha256=digest,
        url=known.url if known else page.url,
        status_code=page.status_code,
        title=_words(page.title or ""),
        text=_text_of(page),
        n_bytes=page.body_length,
        targets=tuple(dict.fromkeys((*(known.targets if known else ()), measurement.target_id))),
        runs=tuple(dict.fromkeys((*(known.runs if known else ()), run))),
    )


def public_page(page: BlockPage) -> BlockPage:
    """Return a page as it may be told: it says when it was asked for, and its URL perhaps by whom."""
    return replace(
        page,
        url=without_query(page.url),
        title=minutes_removed(page.title),
        text=minutes_removed(page.text),
    )


def _text_of(page: HTTPRoundTrip) -> str:
    """Return the words of a page as a reader sees them, at most 1500 characters."""
    text = _words(_TAG.sub(" ", _SILENT.sub(" ", page.body[:MOST_BODY])))
    return text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]} [...]"


def _words(text: str) -> str:
    return " ".join(html.unescape(text).split())
