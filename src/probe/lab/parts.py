"""Worlds where single parts of services are cut, and innocent ones where single parts ail by themselves."""

from __future__ import annotations

from probe.lab import pages
from probe.lab.interference import QUICK
from probe.lab.names import SYSTEM_RESOLVERS
from probe.lab.records import Expected, Rule, Scenario, Site

SERVICES = (
    *("telegram", "telegram-web", "whatsapp", "whatsapp-registration"),
    *("twitter", "instagram", "signal", "youtube"),
)
DEAD_HOSTS = tuple(f"e{n}.whatsapp.net" for n in range(1, 9))
DEAD_CENTRES = ("149.154.175.50", "149.154.167.51")

PARTS = (
    Scenario(
        name="parts-cut",
        title="Telegram's POST vanishes, WhatsApp's names are denied; of other services one part is cut",
        services=SERVICES,
        rules=(
            Rule(stage="request", what="drop", names=("@telegram",)),
            Rule(stage="query", what="nxdomain", names=("@whatsapp",), addresses=SYSTEM_RESOLVERS),
            Rule(stage="hello", what="reset", names=("v.whatsapp.net",)),
            Rule(stage="hello", what="drop", names=("twimg.com",)),
            Rule(stage="hello", what="reset", names=("googlevideo.com",)),
            Rule(stage="hello", what="mitm", names=("chat.signal.org",), detail="middlebox"),
        ),
        expected=(
            Expected(subject="telegram", state="blocked", mechanism="http.timeout", located="path"),
            Expected(subject="telegram-web", state="reachable"),
            Expected(subject="whatsapp", state="blocked", mechanism="dns.nxdomain", located="resolver"),
            Expected(
                subject="whatsapp-registration", state="blocked", mechanism="tls.reset.sni", located="path"
            ),
            Expected(subject="https://x.com/", state="reachable"),
            Expected(subject="twitter", state="blocked", mechanism="tls.timeout.sni", located="path"),
            Expected(subject="instagram", state="reachable"),
            Expected(subject="https://storage.signal.org/", state="reachable"),
            Expected(subject="signal", state="blocked", mechanism="tls.mitm", located="path"),
            Expected(subject="https://www.youtube.com/", state="reachable"),
            Expected(subject="youtube", state="blocked", mechanism="tls.reset.sni", located="path"),
        ),
        twin="parts-ailing",
        options=QUICK,
    ),
    Scenario(
        name="parts-ailing",
        title="Single parts of services are dead, expired or refusing for everybody",
        services=SERVICES,
        sites={
            **{name: Site(syn="drop") for name in (*DEAD_CENTRES, *DEAD_HOSTS)},
            "t.me": Site(hello="drop"),
            "v.whatsapp.net": Site(answer=pages.always(pages.page("Bad Request", status=400))),
            "pbs.twimg.com": Site(certificate="expired"),
            "video.twimg.com": Site(syn="drop"),
            "scontent.cdninstagram.com": Site(certificate="expired"),
            "redirector.googlevideo.com": Site(syn="drop"),
        },
        expected=(
            Expected(subject="telegram", state="reachable"),
            Expected(subject="tcp://149.154.175.50:443", state="down", located="server", mechanism="*"),
            Expected(subject="telegram-web", state="reachable"),
            Expected(subject="https://t.me/", state="down", located="server", mechanism="*"),
            Expected(subject="whatsapp", state="reachable"),
            Expected(subject="whatsapp-registration", state="reachable"),
            Expected(subject="https://pbs.twimg.com/", state="down", located="server", mechanism="*"),
            Expected(subject="https://video.twimg.com/", state="down", located="server", mechanism="*"),
            Expected(subject="twitter", state="reachable"),
            Expected(subject="instagram", state="down", located="server", mechanism="*"),
            Expected(subject="signal", state="reachable"),
            Expected(subject="youtube", state="down", located="server", mechanism="*"),
        ),
        twin="parts-cut",
        options=QUICK,
    ),
)
