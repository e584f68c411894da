"""Worlds in which QUIC fails: by name, by version, as a whole; and servers that are merely so."""

from __future__ import annotations

from probe.lab.interference import QUICK
from probe.lab.records import Expected, Rule, Scenario, Site

VIDEO = "quic://video.probe-lab.example/"
OTHER = "quic://other.probe-lab.example/"
BARE = "quic://bare.probe-lab.example/"
DRAFT = "quic://draft.probe-lab.example/"
STRANGE = "quic://strange.probe-lab.example/"

QUIC = (
    Scenario(
        name="quic-drop-name",
        title="QUIC is silent to one name, at any address",
        urls=(VIDEO, OTHER),
        rules=(Rule(stage="quic", what="drop", names=("video.probe-lab.example",)),),
        expected=(
            Expected(
                subject=VIDEO, state="blocked", mechanism="quic.timeout.sni", located="path", confirmed=True
            ),
            Expected(subject=OTHER, state="reachable"),
            Expected(subject="network", state="reachable", mechanism="network.none"),
        ),
        twin="quic-odd",
        options=QUICK,
    ),
    Scenario(
        name="quic-drop-version-1",
        title="QUIC version 1 is silent at every address, though all servers say that they speak it",
        urls=(VIDEO, OTHER),
        rules=(Rule(stage="quic", what="drop"),),
        expected=(
            Expected(
                subject=VIDEO, state="blocked", mechanism="quic.timeout", located="path", confirmed=False
            ),
            Expected(
                subject=OTHER, state="blocked", mechanism="quic.timeout", located="path", confirmed=False
            ),
        ),
        twin="quic-office",
        options=QUICK,
    ),
    Scenario(
        name="quic-office",
        title="A firewall lets no QUIC out, whoever it is for",
        urls=(VIDEO, "https://video.probe-lab.example/"),
        rules=(Rule(stage="quic", what="drop_all"),),
        expected=(
            Expected(subject=VIDEO, state="inconclusive", reason_code="NO_CONTROL"),
            Expected(subject="https://video.probe-lab.example/", state="reachable"),
        ),
        twin="quic-drop-version-1",
        options=QUICK,
    ),
    Scenario(
        name="quic-odd",
        title="Servers without QUIC, with a version of their own, with another's certificate",
        urls=(BARE, DRAFT, STRANGE, OTHER),
        sites={
            "bare.probe-lab.example": Site(quic="none"),
            "draft.probe-lab.example": Site(quic="other-version"),
            "strange.probe-lab.example": Site(certificate="wrong-name"),
        },
        expected=(
            Expected(subject=BARE, state="down", located="server"),
            Expected(subject=DRAFT, state="inconclusive", reason_code="SERVER_REFUSED"),
            Expected(subject=STRANGE, state="inconclusive", reason_code="CONTENT_DIFFERS"),
            Expected(subject=OTHER, state="reachable"),
        ),
        twin="quic-drop-name",
        options=QUICK,
    ),
)
