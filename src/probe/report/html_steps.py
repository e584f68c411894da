"""A measurement as a reader follows it: a line an operation, in order of time, with what else came of it.

Texts are as they were measured, translated where they are ours; the page makes them safe to look at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from probe.locale import _, ngettext
from probe.report.facts import ShownFact, lines
from probe.report.html_step import OK, Step, or_nothing, place, timed
from probe.report.html_steps_rare import RARE
from probe.report.trial_words import rate_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from probe.model.measurement import Measurement
    from probe.model.observation import (
        Certificate,
        ControlAnswer,
        DNSLookup,
        HTTPRoundTrip,
        TCPConnect,
        TLSHandshake,
    )
    from probe.model.quic import QUICHandshake
    from probe.model.transfer import Transfer

MOST_STEPS: Final = 60
EXCERPT: Final = 400
"""Characters of a page."""
HEADERS: Final = frozenset(
    ("server", "location", "via", "content-type", "retry-after", "x-squid-error", "x-cache")
)
"""Those of an answer that tell who gave it."""


def steps_of(measurement: Measurement, *, pages: bool) -> tuple[Step, ...]:
    """Return the operations in order of time, at most sixty; `pages` adds how answers began."""
    found = [
        step for name, read in _READERS.items() for each in getattr(measurement, name) for step in read(each)
    ]
    if pages:
        found = [*found, *(step for each in measurement.requests for step in _page(each))]
    found.sort(key=lambda step: (step.t0 is None, step.t0 or 0.0))
    found += _said(measurement)
    left = len(found) - MOST_STEPS
    if left > 0:
        text = ngettext("and {n} more operation", "and {n} more operations", left).format(n=left)
        return (*found[:MOST_STEPS], Step(what=text, came=""))
    return tuple(found)


def _said(measurement: Measurement) -> Iterator[Step]:
    if not (measurement.registry_answers or measurement.path_traces):
        return
    for sentence in lines([ShownFact(measurement=measurement, input=measurement.input)]):
        yield Step(what=_("Fact"), came=sentence)


def _lookup(one: DNSLookup) -> Iterator[Step]:
    whom = _("the system's resolver") if one.resolver_address == "system" else one.resolver_address
    more = []
    for n, reply in enumerate(one.replies, 1):
        answers = or_nothing((*reply.answers, *reply.cnames, *reply.texts))
        text = _("reply {n}: {rcode} {answers}").format(
            n=n, rcode=reply.failure or reply.rcode, answers=answers
        )
        extended = ", ".join(map(str, reply.ede))
        more.append(f"{text} (EDE {extended})" if extended else text)
    yield timed(
        one,
        layer=0,
        what=_("{type} of {name}").format(type=f"DNS {one.query_type}", name=one.hostname),
        whom=f"{whom} ({one.engine})",
        came=or_nothing(one.answers),
        more=more if len(one.replies) > 1 or one.failure else (),
    )


def _connect(one: TCPConnect) -> Iterator[Step]:
    more = []
    if one.icmp:
        more.append(
            _("ICMP type {type}, code {code}, from {whom}").format(
                type=one.icmp.type, code=one.icmp.code, whom=one.icmp.from_ip or _("somebody unknown")
            )
        )
    yield timed(
        one, layer=1, what=_("TCP connect"), whom=place(one.ip, one.port), came=_("connected"), more=more
    )


def _certificate(one: Certificate) -> str:
    return _("certificate of {subject}, issued by {issuer}, valid {begin} to {end}, SHA-256 {sha256}").format(
        subject=one.subject,
        issuer=one.issuer,
        begin=one.not_before,
        end=one.not_after,
        sha256=one.sha256 or "-",
    )


def _name(server_name: str | None) -> str:
    return _("without a name") if server_name is None else server_name


def _handshake(one: TLSHandshake) -> Iterator[Step]:
    yield timed(
        one,
        layer=2,
        what=_("TLS handshake: {name}").format(name=_name(one.server_name)),
        whom=place(one.ip, one.port),
        came=" ".join(filter(None, (one.tls_version, one.negotiated_protocol))) or _(OK),
        more=(
            _("crossed: {arm}").format(arm=one.arm) if one.arm else "",
            _("alert {n}").format(n=one.alert) if one.alert is not None else "",
            _("the server had spoken") if one.failure and one.server_spoke else "",
            _("first bytes {text}").format(text=one.first_bytes) if one.first_bytes else "",
            _("chain: {failure}").format(failure=one.chain_failure) if one.chain_failure else "",
            _("the certificate does not hold {name}").format(name=one.verified_name)
            if one.name_matches is False
            else "",
            _certificate(one.certificates[0]) if one.certificates else "",
        ),
    )


def _quic(one: QUICHandshake) -> Iterator[Step]:
    yield timed(
        one,
        layer=2,
        what=_("QUIC handshake: {name}").format(name=_name(one.server_name)),
        whom=place(one.ip, one.port),
        came=" ".join(filter(None, (one.quic_version, one.negotiated_protocol))) or _(OK),
        more=(
            _("crossed: {arm}").format(arm=one.arm) if one.arm else "",
            _("versions offered: {versions}").format(versions=", ".join(one.server_versions))
            if one.server_versions
            else "",
            _("closed with {code}: {why}").format(code=one.close_code, why=one.close_reason)
            if one.close_code is not None
            else "",
            _certificate(one.certificates[0]) if one.certificates else "",
        ),
    )


def _request(one: HTTPRoundTrip) -> Iterator[Step]:
    shown = [f"{name}: {value}" for name, value in one.headers if name.lower() in HEADERS]
    yield timed(
        one,
        what=f"{one.method} {one.url}",
        whom=place(one.ip, one.port),
        came=str(one.status_code if one.status_code is not None else _(OK)),
        more=(
            _("with the Host {host}").format(host=one.host) if one.host else "",
            _("status {code}").format(code=one.status_code) if one.failure and one.status_code else "",
            _("title: {text}").format(text=one.title) if one.title else "",
            _("leads to {url}").format(url=one.location) if one.location else "",
            *shown[:8],
            _("{n} bytes, SHA-256 {sha256}").format(n=one.body_length, sha256=one.body_sha256)
            if one.body_length
            else "",
            _("ended by {what}").format(what=one.ended_by) if one.failure and one.ended_by else "",
        ),
    )


def _page(one: HTTPRoundTrip) -> Iterator[Step]:
    text = " ".join(one.body[: 4 * EXCERPT].split())[:EXCERPT]
    if text:
        yield Step(what=_("How the page begins"), came=text, layer=0, t0=one.t)


def _control(one: ControlAnswer) -> Iterator[Step]:
    reached = one.tcp_connect + one.tls_handshake + one.quic_handshake
    came = one.http_failure or (str(one.status_code) if one.status_code is not None else _(OK))
    yield timed(
        one,
        what=_("Asked from elsewhere ({kind}): {url}").format(kind=one.kind, url=one.url),
        whom=one.control,
        came=came,
        more=(
            _("DNS there: {answers}").format(answers=one.dns_failure or or_nothing(one.dns_addresses)),
            *(f"{each.endpoint}: {each.failure or _(OK)}" for each in reached),
            _("title: {text}").format(text=one.title) if one.title else "",
            _("{n} bytes").format(n=one.body_length) if one.body_length else "",
        ),
    )


def _transfer(one: Transfer) -> Iterator[Step]:
    seconds = one.t - one.requested if one.requested is not None else 0.0
    rate = rate_text(one.n_socket_bytes * 8 / seconds) if seconds > 0 else ""
    came = ", ".join(filter(None, (_("{n} bytes").format(n=one.n_socket_bytes), rate)))
    yield timed(
        one,
        what=_("Transfer, arm {arm}, {purpose}: {name}").format(
            arm=one.arm, purpose=one.purpose, name=one.server_name
        ),
        whom=one.helper or place(one.ip, one.port),
        came=came,
        more=(
            came if one.failure else "",
            _("failed at: {stage}").format(stage=one.stage) if one.stage else "",
            _("ended by {what}").format(what=one.ended_by) if one.ended_by else "",
            _receipt(one),
        ),
    )


def _receipt(one: Transfer) -> str:
    if one.receipt is None:
        return ""
    return (
        _("signed receipt of the helper, valid") if one.receipt.is_valid else _("receipt that does not hold")
    )


_READERS: Final[Mapping[str, Callable[[Any], Iterator[Step]]]] = {
    "queries": _lookup,
    "tcp_connect": _connect,
    "tls_handshakes": _handshake,
    "quic_handshakes": _quic,
    "requests": _request,
    "controls": _control,
    "transfers": _transfer,
    **RARE,
}
"""Field of a measurement, and what makes lines of what it holds."""
