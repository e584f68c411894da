"""One OONI record as measurements of our targets: which targets it speaks of, and what it holds of each."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from probe.judge.imported import Claim
from probe.measure.control_answer import (
    AnswerError,
    address_and_port,
    endpoint,
    read_answer,
)
from probe.model.observation import ControlAnswer, DNSLookup
from probe.model.target import Target
from probe.pipeline.ooni_hops import Hop, place
from probe.pipeline.ooni_parts import Observed, failure_of, observed
from probe.store.ooni import Keys, Lists, Record
from probe.targets import Catalogue, parse_input
from probe.targets.inputs import target_of_input

SERVICE: Final = "url"
"""Of targets that the catalogue does not have: addresses that somebody chose."""
CONTROL: Final = "https://0.th.ooni.org/"
"""Records do not say which of OONI's helpers answered; all of them are one party."""
NOT_ASKED: Final = "x_control_not_asked"
PAGES: Final = frozenset({"web", "store"})
ENDPOINTS: Final = frozenset({"tcp", "http_any", "quic"})
RESOLVERS: Final = frozenset({"dns", "doh"})
ANY: Final = frozenset({"web", "store", "tcp", "http_any", "quic", "dns", "doh"})
APPS: Final[Mapping[str, tuple[str, ...]]] = {
    "telegram": ("telegram", "telegram-web"),
    "whatsapp": ("whatsapp", "whatsapp-web", "whatsapp-registration"),
    "facebook_messenger": ("messenger", "facebook"),
    "signal": ("signal",),
}
"""OONI's tests of an app, and the services whose targets they try."""
SCHEMES: Final = {
    "dot": "dns+tls",
    "udp": "dns+udp",
    "tcp": "dns+tcp",
    "tcpconnect": "tcp",
    "tlshandshake": "https",
}
"""OONI's, and ours for the same."""
TESTS: Final = frozenset({"web_connectivity", "urlgetter", "dnscheck", *APPS})
ASIDES: Final = frozenset({"resolver", "cross", "small_segments"})
"""Measurements of our own that try a target otherwise than its user would."""
MOST_PARTS: Final = 64
"""Targets in one record."""


class Part(Struct, frozen=True, kw_only=True):
    """What a record holds of one target."""

    target: Target
    observed: Observed
    experiment: str
    control: ControlAnswer | None = None


class Book:
    """The catalogue's targets by what they are asked for, and new ones for what it does not have."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Index the catalogue's services; its neutrals are targets here like any other."""
        self.services = {service.service: service for service in catalogue.services}
        self._known: dict[tuple[object, str], Target] = {}
        for service in catalogue.services:
            for target in service.targets:
                if target.experiment in ANY:
                    self._known.setdefault((parse_input(target.input).key, target.experiment), target)

    def target(self, url: str, experiments: frozenset[str]) -> Target | None:
        """Return the target of an input; None for what cannot be measured, or is measured in another way."""
        try:
            parsed = parse_input(url)
        except ValueError:
            return None
        for experiment in sorted(experiments):
            if known := self._known.get((parsed.key, experiment)):
                return known
        made = target_of_input(parsed, service=SERVICE)
        return made if made.experiment in experiments else None

    def of_services(self, names: Iterable[str]) -> Iterator[Target]:
        """Yield the endpoints and pages of services."""
        for name in names:
            yield from (t for t in self.services[name].targets if t.experiment in ANY)


def parts_of(record: Record, book: Book) -> tuple[Part, ...]:
    """Return what a record holds, by target; empty where it holds nothing that can be judged.

    Raises ValueError for a control's answer that is none.
    """
    if record.test_name in APPS:
        return tuple(_of_app(record, book))[:MOST_PARTS]
    if not isinstance(record.input, str):
        return ()
    if record.test_name == "dnscheck":
        return tuple(_of_resolvers(record.input, record.test_keys, book))[:MOST_PARTS]
    url = _ours(record)
    wanted = ENDPOINTS if url.startswith(("tcp:", "quic:")) else PAGES
    said = record.annotation("x_experiment")
    target = book.target(url, ANY if said else wanted)
    if target is None:
        return ()
    start = _start(target)
    of_resolver = _of_resolver(record.test_keys, start) if target.experiment in RESOLVERS else None
    return (
        Part(
            target=target,
            observed=of_resolver or observed(record.test_keys, start),
            experiment=said if said in ASIDES else target.experiment,
            control=control_of(record.test_keys, target),
        ),
    )


def claims_of(record: Record) -> tuple[Claim, ...]:
    """Return what our own program said of the targets of a record that it wrote. Raises ValueError."""
    text = record.annotation("x_verdicts")
    if not text:
        return ()
    try:
        return tuple(msgspec.json.decode(text, type=list[Claim])[:MOST_PARTS])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(f"x_verdicts: {error}") from None


def control_of(keys: Keys, target: Target) -> ControlAnswer | None:
    """Return the test helper's answer, or that it failed; None where none was asked."""
    raw = bytes(keys.control)
    failure = failure_of(keys.control_failure)
    if failure == NOT_ASKED or (failure is None and raw in {b"", b"null"}):
        return None
    if failure is not None:  # beside it OONI writes an answer of nothing but zeros
        return ControlAnswer(
            t0=0.0, t=0.0, failure=failure, kind="test_helper", control=CONTROL, url=target.input
        )
    try:
        return read_answer(raw, control=CONTROL, target=target, t0=0.0, t=0.0)
    except AnswerError as error:
        raise ValueError(f"the control's answer is none: {error}") from None


def _ours(record: Record) -> str:
    """Return a record's input under the scheme that it has with us."""
    text = record.input if isinstance(record.input, str) else ""
    scheme, colon, rest = text.partition("://")
    h3 = isinstance(record.options, list) and "HTTP3Enabled=true" in record.options
    if h3 and scheme == "https":
        return f"quic://{urlsplit(text).netloc}"
    return SCHEMES.get(scheme, scheme) + colon + rest


def _start(target: Target) -> Hop:
    parsed = parse_input(target.input)
    return Hop(scheme=parsed.scheme, host=parsed.host, port=parsed.port)


def _of_app(record: Record, book: Book) -> Iterator[Part]:
    """Yield what is tried of the catalogue's targets, and of pages and endpoints that it does not have."""
    keys = record.test_keys
    targets: dict[str, Target] = {t.input: t for t in book.of_services(APPS[record.test_name])}
    starts = {(_start(t).host, _start(t).port) for t in targets.values()}
    for url in _more(keys, starts):
        made = book.target(url, PAGES | {"tcp", "http_any"})
        if made is not None:
            targets.setdefault(made.input, made)
    for target in targets.values():
        start = _start(target)
        found = observed(_only_start(keys, start), start, one_of_many=True)
        if found.tcp_connect or found.tls_handshakes or found.requests or _unresolved(found):
            yield Part(target=target, observed=found, experiment=target.experiment)


def _unresolved(found: Observed) -> bool:
    return bool(found.queries) and not any(q.answers for q in found.queries)


def _only_start(keys: Keys, start: Hop) -> Lists:
    """Return the lists with the requests of one place alone: apps' tests follow no redirects.

    Where no depth is said each request is a first one, and the latest stands for all.
    """
    chain = [t for t in keys.requests or () if _is_at(t.request.url, start)]
    told = [t for t in chain if any(tag.startswith("depth=") for tag in t.tags or ())]
    return msgspec.structs.replace(keys, requests=told or chain[:1], quic_handshakes=None)


def _is_at(url: str, start: Hop) -> bool:
    where = place(url)
    return where is not None and (where.host, where.port) == (start.host, start.port)


def _more(keys: Keys, known: set[tuple[str, int]]) -> Iterator[str]:
    """Yield pages and endpoints that the record tried and the catalogue does not have."""
    hosts: dict[str, list[str]] = {}
    for q in keys.queries or ():
        for a in q.answers or ():
            hosts.setdefault(a.ipv4 or a.ipv6 or "", []).append(q.hostname.rstrip(".").lower())
    for t in keys.requests or ():
        where = place(t.request.url)
        if where is not None and where.scheme in {"http", "https"} and (where.host, where.port) not in known:
            yield t.request.url
            known.add((where.host, where.port))
    for c in keys.tcp_connect or ():
        pair = address_and_port(c.ip, c.port)
        for host in [] if pair is None else hosts.get(pair[0], [pair[0]]):
            if (host, c.port) not in known:
                known.add((host, c.port))
                yield f"tcp://{endpoint(host, c.port)}"


def _of_resolvers(text: str, keys: Keys, book: Book) -> Iterator[Part]:
    """Yield what dnscheck tried: DoH by name as one target, every other transport by its address.

    A DoH server that the catalogue does not have is none of ours: nothing is known of its answers.
    """
    scheme = text.partition("://")[0]
    lookups = keys.lookups or {}
    if scheme == "https":
        target = book.target(text, frozenset({"doh"}))
        if target is not None:
            start = _start(target)
            tried = [_of_resolver(lists, _where(url, start)) for url, lists in lookups.items()]
            asked = observed(keys.bootstrap or Lists(), start).queries
            yield Part(target=target, observed=_joined(tried, asked), experiment="doh")
        return
    for url, lists in lookups.items():
        where = place(url)
        if where is None or scheme not in SCHEMES:
            continue
        target = book.target(f"{SCHEMES[scheme]}://{endpoint(where.host, where.port)}", RESOLVERS)
        if target is not None:
            yield Part(target=target, observed=_of_resolver(lists, _start(target)), experiment="dns")


def _where(url: str, start: Hop) -> Hop:
    """Return the endpoint of a look-up, under the name of the server that was meant."""
    where = place(url)
    return start if where is None else replace(where, port=where.port or start.port)


def _of_resolver(lists: Lists, where: Hop) -> Observed:
    """Return what was asked of a resolver at its address: any name, and the connection that it went over."""
    address = endpoint(where.host, where.port)
    base = observed(msgspec.structs.replace(lists, requests=None, queries=None), where)
    asked = []
    for q in lists.queries or ():
        name = Hop(scheme=where.scheme, host=q.hostname.rstrip(".").lower(), port=where.port)
        if name.host:
            found = observed(Lists(queries=[q]), name).queries
            asked += [one if one.is_system else replace(one, resolver_address=address) for one in found]
    return replace(base, queries=tuple(asked))


def _joined(tried: Iterable[Observed], bootstrap: Iterable[DNSLookup]) -> Observed:
    many = tuple(tried)
    return Observed(
        queries=(*bootstrap, *(q for one in many for q in one.queries)),
        tcp_connect=tuple(c for one in many for c in one.tcp_connect),
        tls_handshakes=tuple(h for one in many for h in one.tls_handshakes),
    )
