"""QUIC on the wire: blocked by name, by version, by address; and servers and networks that are merely so."""

from __future__ import annotations

from typing import Final

from probe.lab.records import Site
from wire.packets import UDP
from wire.scenario import LINK, Row, Scenario, at

ON_QUIC: Final = {"ports": [443], "protos": [UDP]}
ODD: Final = {
    "none": (Site(quic="none"), Row("", "down", "", "server")),
    "other": (Site(quic="other-version"), Row("", "inconclusive", "", reason="SERVER_REFUSED")),
    "wrong": (Site(certificate="wrong-name"), Row("", "inconclusive", "", reason="CONTENT_DIFFERS")),
}


def _url(what: str) -> str:
    return f"quic://{what}.example.org/"


QUIC: Final = (
    Scenario(
        name="quic-name",
        about="420 s of silence after an Initial that bears a name, at any address; names beside it pass",
        services=("youtube", "facebook", "adguard-dns"),
        urls=("quic://www.youtube.com.example.org/",),
        censors=({"kind": "quic", "names": ["www.youtube.com"], "label": "QUIC by name"},),
        rows=(
            Row("youtube/quic", "blocked", "quic.timeout.sni", "path", confirmed=True),
            Row("youtube/web", "reachable"),
            Row("youtube", "reachable"),
            Row("facebook/quic", "reachable"),
            Row("adguard-dns/doq", "reachable"),
            Row("quic://www.youtube.com.example.org/", "reachable"),
            Row("network", "reachable", "network.none"),
        ),
    ),
    Scenario(
        name="quic-version-1",
        about="whatever begins with an Initial of version 1 vanishes, and so does the rest of its flow",
        services=("youtube", "instagram"),
        censors=({"kind": "quic", "label": "QUIC version 1"},),
        rows=(
            Row("youtube/quic", "blocked", "quic.timeout", "path", confirmed=False),
            Row("instagram/quic", "blocked", "quic.timeout", "path", confirmed=False),
            Row("instagram", "reachable"),
            Row("network", "reachable", "network.none"),
        ),
    ),
    Scenario(
        name="quic-address",
        about="UDP/443 to addresses of two services vanishes, or comes back as an unreachable port",
        services=("facebook", "instagram", "youtube"),
        censors=(
            at("drop", "of www.facebook.com", **ON_QUIC),
            at("icmp", "of www.instagram.com", icmp=[3, 3], icmp6=[1, 4], **ON_QUIC),
        ),
        rows=(
            Row("facebook/quic", "blocked", "quic.timeout", "path", confirmed=False),
            Row("instagram/quic", "blocked", "quic.reset", "path", confirmed=False),
            Row("facebook", "reachable"),
            Row("instagram", "reachable"),
            Row("youtube/quic", "reachable"),
        ),
    ),
    Scenario(
        name="quic-office",
        about="a firewall lets no UDP/443 out, whoever it is for",
        services=("youtube", "facebook"),
        censors=(at("drop", "0.0.0.0/0", "::/0", **ON_QUIC),),
        rows=(
            Row("youtube/quic", "inconclusive", "", reason="NO_CONTROL"),
            Row("facebook/quic", "inconclusive", "", reason="NO_CONTROL"),
            Row("youtube", "reachable"),
            Row("network", "reachable", "network.none"),
        ),
    ),
    Scenario(
        name="quic-whole",
        about="UDP/443 and a resolver's UDP/853 vanish; a baseline of this network knows them alive",
        services=("youtube", "adguard-dns"),
        censors=(
            at("drop", "0.0.0.0/0", "::/0", **ON_QUIC),
            at("drop", "94.140.14.14", ports=[853], protos=[UDP]),
        ),
        baseline="clean",
        rows=(
            Row("youtube/quic", "blocked", "quic.timeout", "unknown", confirmed=False),
            Row("adguard-dns/doq", "blocked", "quic.timeout", "path", confirmed=False),
            Row("youtube", "reachable"),
            Row("adguard-dns", "reachable"),
        ),
    ),
    Scenario(
        name="quic-odd",
        about="servers without QUIC, with another version, with another's certificate; 3 % of packets lost",
        services=("youtube",),
        urls=tuple(map(_url, ODD)),
        sites={f"{what}.example.org": site for what, (site, _) in ODD.items()},
        link={**LINK, "loss": 0.03},
        rows=(
            *(Row(_url(w), r.state, r.mechanism, r.located, r.reason) for w, (_, r) in ODD.items()),
            Row("youtube/quic", "reachable"),
        ),
    ),
)
