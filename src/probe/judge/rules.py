"""Every rule by which a target is judged, in one place for documents, translations and tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from probe.judge.appstore import STORE_RULES
from probe.judge.content import ANSWERED, PLAIN_CONTENT, TLS_CONTENT
from probe.judge.dns import ARTEFACTS
from probe.judge.dns_fails import FAILS, UNTRUE
from probe.judge.doq import DOQ_RULES
from probe.judge.gate import BUDGET_SPENT, INTERRUPTED, NETWORK_NOT_FINE, NOT_MEASURED
from probe.judge.http import HTTP_RULES
from probe.judge.quic import QUIC_ANSWERED, QUIC_RULES
from probe.judge.series import OTHER_ADDRESS, SERIES, UNFINISHED
from probe.judge.server import INTERCEPTION, RESOLVER_RULES
from probe.judge.tcp import TCP_RULES
from probe.judge.throughput import THROUGHPUT_RULES
from probe.judge.tls import TLS_RULES
from probe.judge.vpn_rules import VPN_ANSWERED, VPN_HANDSHAKE_ANSWERED, VPN_RULES
from probe.judge.who import WHO_RULES
from probe.judge.zone_rules import ZONE_RULES

if TYPE_CHECKING:
    from probe.judge.rule import Rule

ALL_RULES: tuple[Rule[Any], ...] = (
    NOT_MEASURED,
    NETWORK_NOT_FINE,
    BUDGET_SPENT,
    INTERRUPTED,
    UNFINISHED,
    *SERIES,
    OTHER_ADDRESS,
    *ARTEFACTS,
    *FAILS,
    *UNTRUE,
    *INTERCEPTION,
    *WHO_RULES,
    *RESOLVER_RULES,
    *TCP_RULES,
    *TLS_RULES,
    *HTTP_RULES,
    *TLS_CONTENT,
    *PLAIN_CONTENT,
    *ANSWERED.values(),
    *STORE_RULES,
    QUIC_ANSWERED,
    *QUIC_RULES,
    *DOQ_RULES,
    VPN_ANSWERED,
    VPN_HANDSHAKE_ANSWERED,
    *VPN_RULES,
    *ZONE_RULES,
    *THROUGHPUT_RULES,
)
"""In the order in which they are asked; some stand in two tables."""
