"""Innocent worlds that look like interference: none of them may ever come out as blocked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probe.lab import pages
from probe.lab.broken import BROKEN
from probe.lab.interference import IT, NEWS, NEWS_HOST, QUICK, SERVICE, START
from probe.lab.names import SINKHOLE
from probe.lab.records import Expected, Rule, Scenario, Site

if TYPE_CHECKING:
    from probe.lab.records import Answerer

PAST_CLOCK_S = -400 * 86_400.0


def _seen(state: str, reason_code: str = "", located: str = "", mechanism: str = "") -> tuple[Expected, ...]:
    return (
        Expected(subject=SERVICE, state=state, reason_code=reason_code, located=located, mechanism=mechanism),
    )


def _answers(
    name: str,
    title: str,
    answer: Answerer,
    expected: tuple[Expected, ...],
    twin: str,
    *,
    only_here: bool = True,
) -> Scenario:
    """Return a world where the service answers this client in its own odd way."""
    return Scenario(
        name=name,
        title=title,
        services=(SERVICE,),
        sites={IT[0]: Site(answer=answer, only_here=only_here)},
        expected=expected,
        twin=twin,
        options=QUICK,
    )


_ODD = (
    _answers(
        "captcha",
        "A challenge for this client",
        pages.always(pages.CAPTCHA),
        _seen("reachable"),
        "http-blockpage",
    ),
    _answers(
        "503",
        "503 for this client",
        pages.always(pages.UNAVAILABLE),
        _seen("reachable"),
        "http-blockpage",
    ),
    _answers(
        "waf-403",
        "A firewall of the site refuses this client",
        pages.always(pages.WAF_403),
        _seen("inconclusive", "AMBIGUOUS_REFUSAL"),
        "geo-refusal",
    ),
    _answers(
        "geo-refusal",
        "The service refuses this country",
        pages.always(pages.CLOUDFRONT_REFUSAL),
        _seen("geoblocked", located="server"),
        "http-blockpage",
    ),
    _answers(
        "legal-451",
        "The service answers 451",
        pages.always(pages.LEGAL_451),
        _seen("geoblocked", located="server"),
        "http-blockpage",
    ),
    _answers(
        "slow-server", "It thinks for two seconds", pages.slow(2.0), _seen("reachable"), "http-drop-host"
    ),
    _answers(
        "huge-page", "It sends 20 MB", pages.huge, _seen("reachable"), "http-drop-host", only_here=False
    ),
    _answers(
        "short-object",
        "It serves two bytes",
        pages.always(pages.SHORT_OBJECT),
        _seen("reachable"),
        "http-blockpage",
        only_here=False,
    ),
    Scenario(
        name="speaks-of-blocking",
        title="A plain HTTP page that quotes a notice",
        urls=(NEWS,),
        sites={NEWS_HOST[0]: Site(answer=pages.always(pages.SPEAKS_OF_BLOCKING))},
        expected=(Expected(subject=NEWS, state="reachable"),),
        twin="http-blockpage",
        options=QUICK,
    ),
    Scenario(
        name="unpaid-bill",
        title="The operator asks this subscriber for money on plain HTTP",
        urls=(NEWS,),
        rules=(Rule(stage="request", what="page", names=NEWS_HOST, detail="unpaid"),),
        expected=(Expected(subject=NEWS, state="inconclusive", reason_code="*"),),
        twin="http-blockpage",
        options=QUICK,
    ),
    Scenario(
        name="locale-redirect",
        title="Visitors are sent to the page of their language",
        urls=(START,),
        sites={"start.probe-lab.example": Site(answer=pages.locale_redirect)},
        expected=(Expected(subject=START, state="reachable"),),
        twin="behind-redirect",
        options=QUICK,
    ),
)

_HERE = (
    Scenario(
        name="clean",
        title="Nobody interferes",
        services=(SERVICE,),
        expected=(
            *_seen("reachable"),
            Expected(subject="network", state="reachable", mechanism="network.none"),
        ),
        twin="demo",
    ),
    Scenario(
        name="cdn-differs",
        title="Other resolvers give other addresses, as true",
        services=(SERVICE,),
        variety=True,
        expected=_seen("reachable"),
        twin="dns-forged-one-resolver",
        options=QUICK,
    ),
    Scenario(
        name="one-address-dead",
        title="One of two addresses is dead for everybody",
        services=(SERVICE,),
        sites={IT[0]: Site(dead=1)},
        expected=_seen("reachable"),
        twin="tcp-drop",
        options=QUICK,
    ),
    Scenario(
        name="no-ipv6",
        title="This link has no IPv6",
        services=(SERVICE,),
        families=(4,),
        expected=_seen("reachable"),
        twin="tcp-unreachable",
        options=QUICK,
    ),
    Scenario(
        name="no-ipv4",
        title="This link has no IPv4",
        services=(SERVICE,),
        families=(6,),
        expected=_seen("reachable"),
        twin="tcp-unreachable",
        options=QUICK,
    ),
    Scenario(
        name="nat64",
        title="IPv6 only, with NAT64 and DNS64",
        services=(SERVICE,),
        families=(6,),
        nat64=True,
        expected=_seen("reachable"),
        twin="dns-forged-one-resolver",
        options=QUICK,
    ),
    Scenario(
        name="antivirus-tls",
        title="An antivirus on this machine opens all TLS",
        services=(SERVICE,),
        rules=(Rule(stage="hello", what="mitm", detail="antivirus"),),
        expected=_seen("inconclusive", "LOCAL_INTERCEPTION"),
        twin="tls-mitm",
        options=QUICK,
    ),
    Scenario(
        name="fake-ip",
        title="A proxy on this machine answers DNS from 198.18/15",
        services=(SERVICE,),
        fake_ip=True,
        expected=_seen("reachable"),
        twin="dns-bogon",
        options=QUICK,
    ),
    Scenario(
        name="transparent-proxy",
        title="Something near answers for addresses where nobody is",
        services=(SERVICE,),
        rules=(Rule(stage="syn", what="pass", addresses=(SINKHOLE,)),),
        expected=(
            Expected(subject="network", state="inconclusive", reason_code="LOCAL_INTERCEPTION"),
            *_seen("reachable"),
        ),
        twin="dns-intercepted",
        options=QUICK,
    ),
    Scenario(
        name="control-failed",
        title="SYNs vanish, and the test helper is out of order",
        services=(SERVICE,),
        rules=(Rule(stage="syn", what="drop", names=IT),),
        helper="fails",
        expected=_seen("inconclusive", "CONTROL_FAILED"),
        twin="tcp-drop",
        options=QUICK,
    ),
    Scenario(
        name="helper-refused",
        title="The site refuses the test helper's data centre and serves this client",
        services=(SERVICE,),
        helper="refuses",
        expected=_seen("reachable"),
        twin="down-for-all",
        options=QUICK,
    ),
    Scenario(
        name="helper-lies",
        title="Its TLS resets everybody, and a bad helper says that all is well",
        services=(SERVICE,),
        sites={IT[0]: Site(hello="reset")},
        helper="lies",
        expected=(Expected(subject=SERVICE, state="*"),),  # one control can be a liar: a known limit
        twin="tls-reset-ip",
        options=QUICK,
    ),
    Scenario(
        name="helper-silent",
        title="RST to SYNs, and the test helper never answers",
        services=(SERVICE,),
        rules=(Rule(stage="syn", what="reset", names=IT),),
        helper="silent",
        expected=_seen("inconclusive", "CONTROL_FAILED"),
        twin="tcp-reset",
        options=QUICK,
    ),
    Scenario(
        name="wrong-clock",
        title="This machine's clock is 400 days behind",
        services=(SERVICE,),
        clock_shift_s=PAST_CLOCK_S,
        expected=_seen("reachable"),
        twin="bad-cert-for-all",
        options=QUICK,
    ),
)

INNOCENT = (*_HERE, *BROKEN, *_ODD)
