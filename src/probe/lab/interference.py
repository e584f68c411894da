"""Worlds with a censor: each shows one way of interfering, and names the innocent world that looks alike."""

from __future__ import annotations

from probe.lab import pages
from probe.lab.names import BOGON, NOTICE_ADDRESS, STRANGER, SYSTEM_RESOLVERS
from probe.lab.records import Expected, Rule, Scenario, Site, Stage

SERVICE = "whatsapp-registration"
"""The service that the worlds below block: one target, in its owner's own address range."""
IT = (f"@{SERVICE}",)
NEWS = "http://news.probe-lab.example/"
NEWS_HOST = ("news.probe-lab.example",)
START = "https://start.probe-lab.example/"
INNER = "inner.probe-lab.example"
GATEWAY = (
    Rule(stage="syn", what="pass", addresses=(STRANGER,)),
    Rule(stage="hello", what="mitm", addresses=(STRANGER,), detail="middlebox"),
)
QUICK = {"timeout_s": 4.0}


def _blocked(mechanism: str, located: str = "", subject: str = SERVICE) -> tuple[Expected, ...]:
    return (Expected(subject=subject, state="blocked", mechanism=mechanism, located=located),)


def _dns(
    name: str,
    title: str,
    what: str,
    mechanism: str,
    twin: str,
    *,
    detail: str = "",
    located: str = "resolver",
) -> Scenario:
    """Return a world where the operator's resolver lies about the service's name and others do not."""
    rule = Rule(stage="query", what=what, names=IT, addresses=SYSTEM_RESOLVERS, detail=detail)
    return Scenario(
        name=name,
        title=title,
        services=(SERVICE,),
        rules=(rule, *(GATEWAY if detail == STRANGER else ())),
        expected=_blocked(mechanism, located),
        twin=twin,
        options=QUICK,
    )


def _at(stage: Stage, name: str, title: str, what: str, *, mechanism: str, twin: str) -> Scenario:
    """Return a world where the path strikes flows to the service at one stage."""
    return Scenario(
        name=name,
        title=title,
        services=(SERVICE,),
        rules=(Rule(stage=stage, what=what, names=IT),),
        expected=_blocked(mechanism, "path"),
        twin=twin,
        options=QUICK,
    )


def _plain(name: str, title: str, what: str, mechanism: str, twin: str, *, detail: str = "") -> Scenario:
    """Return a world where the path strikes plain HTTP requests by their Host."""
    return Scenario(
        name=name,
        title=title,
        urls=(NEWS,),
        rules=(Rule(stage="request", what=what, names=NEWS_HOST, detail=detail),),
        expected=_blocked(mechanism, subject=NEWS),
        twin=twin,
        options=QUICK,
    )


def _behind(name: str, rule: Rule, mechanism: str, scheme: str = "https", located: str = "path") -> Scenario:
    """Return a world where a free site redirects to one that is struck."""
    return Scenario(
        name=name,
        title=f"A redirect leads to a site that meets {mechanism}",
        urls=(START,),
        rules=(rule,),
        sites={"start.probe-lab.example": Site(answer=pages.redirect_to(f"{scheme}://{INNER}/"))},
        expected=_blocked(mechanism, located, subject=START),
        twin="locale-redirect",
        options=QUICK,
    )


_DNS = (
    _dns("dns-nxdomain", "The resolver denies the name", "nxdomain", "dns.nxdomain", "nxdomain-for-all"),
    _dns("dns-empty", "The resolver knows no address", "empty", "dns.no_answer", "nxdomain-for-all"),
    _dns("dns-refused", "The resolver refuses the name", "refused", "dns.refused", "nxdomain-for-all"),
    _dns("dns-servfail", "The resolver fails on the name", "servfail", "dns.servfail", "broken-dnssec"),
    _dns("dns-silence", "The resolver is silent on it", "silence", "dns.timeout", "clean", located="path"),
    _dns("dns-bogon", "The resolver answers 10.x", "forge", "dns.bogon", "fake-ip", detail=BOGON),
    _dns(
        "dns-blockpage",
        "The resolver answers with the operator's notice server",
        "forge",
        "dns.blockpage",
        "cdn-differs",
        detail=NOTICE_ADDRESS,
        located="operator_network",
    ),
    _dns(
        "dns-forged-one-resolver",
        "The resolver answers with a stranger's address, where a gateway shows its own certificate",
        "forge",
        "dns.hijacked",
        "cdn-differs",
        detail=STRANGER,
    ),
    Scenario(
        name="dns-forged-first",
        title="A forged answer comes before the true one, whatever resolver is asked over UDP",
        services=(SERVICE,),
        rules=(Rule(stage="query", what="forge_first", names=IT, transports=("udp",), detail=STRANGER),),
        expected=_blocked("dns.injected", "path"),
        twin="cdn-differs",
        options=QUICK,
    ),
    Scenario(
        name="dns-nxdomain-all",
        title="Every resolver asked over UDP or TCP denies the name; only encrypted DNS tells it",
        services=(SERVICE,),
        rules=(Rule(stage="query", what="nxdomain", names=IT, transports=("udp", "tcp")),),
        expected=_blocked("dns.nxdomain", "path"),
        twin="nxdomain-for-all",
        options=QUICK,
    ),
    Scenario(
        name="resolver-drop",
        title="UDP/53 to Google's resolver is silent",
        services=("google-dns",),
        rules=(
            Rule(
                stage="query",
                what="silence",
                addresses=("8.8.8.8", "8.8.4.4", "2001:4860:4860::8888"),
                transports=("udp",),
            ),
        ),
        expected=_blocked("dns.timeout", "path", "google-dns"),
        twin="clean",
        options=QUICK,
    ),
    Scenario(
        name="dns-intercepted",
        title="Every UDP/53 packet is answered by the operator, whatever address it was for",
        services=("google-dns",),
        rules=(Rule(stage="query", what="intercept", transports=("udp",)),),
        expected=_blocked("dns.intercepted", subject="google-dns"),
        twin="clean",
        options=QUICK,
    ),
)

_TCP = (
    _at(
        "syn",
        "tcp-drop",
        "SYNs to its addresses vanish",
        "drop",
        mechanism="tcp.timeout",
        twin="silent-for-all",
    ),
    _at(
        "syn",
        "tcp-reset",
        "SYNs to its addresses meet RST",
        "reset",
        mechanism="tcp.refused",
        twin="down-for-all",
    ),
    _at(
        "syn",
        "tcp-unreachable",
        "ICMP says unreachable",
        "unreachable",
        mechanism="ip.unreachable",
        twin="down-for-all",
    ),
)

_TLS = (
    _at(
        "hello",
        "tls-reset-sni",
        "RST after its name",
        "reset",
        mechanism="tls.reset.sni",
        twin="tls-reset-for-all",
    ),
    _at(
        "hello",
        "tls-drop-sni",
        "Silence after its name",
        "drop",
        mechanism="tls.timeout.sni",
        twin="tls-silent-for-all",
    ),
    _at(
        "hello", "tls-fin-sni", "FIN after its name", "fin", mechanism="tls.eof.sni", twin="tls-reset-for-all"
    ),
    Scenario(
        name="tls-reset-residual",
        title="RST after its name, then 40 s of silence for every name at that address",
        services=(SERVICE,),
        rules=(Rule(stage="hello", what="reset", names=IT, residual_s=40.0),),
        expected=(Expected(subject=SERVICE, state="blocked", mechanism="*", located="path"),),
        twin="tls-reset-for-all",
        options=QUICK,
    ),
    Scenario(
        name="tls-reset-ip",
        title="RST after any ClientHello at its addresses",
        services=(SERVICE,),
        rules=(Rule(stage="hello", what="reset", at=IT),),
        expected=_blocked("tls.reset.ip", "path"),
        twin="tls-reset-for-all",
        options=QUICK,
    ),
    Scenario(
        name="tls-reset-both",
        title="RST only after its name at its own addresses",
        services=(SERVICE,),
        rules=(Rule(stage="hello", what="reset", names=IT, at=IT),),
        expected=_blocked("tls.reset", "path"),
        twin="tls-reset-for-all",
        options=QUICK,
    ),
    Scenario(
        name="tls-flaky-60",
        title="RST after its name in 60 % of flows",
        services=(SERVICE,),
        rules=(Rule(stage="hello", what="reset", names=IT, flows=0.6),),
        expected=(Expected(subject=SERVICE, state="*"),),  # the seed decides
        twin="clean",
        options=QUICK,
    ),
    Scenario(
        name="tls-mitm",
        title="A gateway of the operator shows its own certificate",
        services=(SERVICE,),
        rules=(Rule(stage="hello", what="mitm", names=IT, detail="middlebox"),),
        expected=_blocked("tls.mitm"),
        twin="antivirus-tls",
        options=QUICK,
    ),
)

_HTTP = (
    _plain("http-reset-host", "RST after its Host", "reset", "http.reset.host", "http-reset-for-all"),
    _plain("http-drop-host", "Silence after its Host", "drop", "http.timeout.host", "http-silent-for-all"),
    _plain("http-fin-host", "FIN after its Host", "fin", "http.eof.host", "http-eof-for-all"),
    _plain(
        "http-blockpage", "A legal notice", "page", "http.blockpage", "speaks-of-blocking", detail="notice"
    ),
    _plain(
        "http-blockpage-no-headers",
        "A legal notice without a single header",
        "page",
        "http.blockpage",
        "speaks-of-blocking",
        detail="no-headers",
    ),
    _plain(
        "http-blockpage-same-length",
        "A legal notice as long as the true page",
        "page",
        "http.blockpage",
        "speaks-of-blocking",
        detail="same-length",
    ),
    _plain(
        "http-redirect-blockpage", "A redirect to the notices", "redirect", "http.redirect", "locale-redirect"
    ),
)

_BEHIND = (
    _behind("behind-redirect", Rule(stage="hello", what="reset", names=(INNER,)), "tls.reset.sni"),
    _behind(
        "behind-redirect-dns",
        Rule(stage="query", what="nxdomain", names=(INNER,), addresses=SYSTEM_RESOLVERS),
        "dns.nxdomain",
        located="resolver",
    ),
    _behind("behind-redirect-tcp", Rule(stage="syn", what="drop", names=(INNER,)), "tcp.timeout"),
    _behind(
        "behind-redirect-http",
        Rule(stage="request", what="page", names=(INNER,)),
        "http.blockpage",
        "http",
        "operator_network",
    ),
)

INTERFERENCE = (*_DNS, *_TCP, *_TLS, *_HTTP, *_BEHIND)
