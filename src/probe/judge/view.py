"""What one control saw of a target: helper, proxy and baseline in the same words."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct, field

from probe.model.words import ControlSource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from probe.model.observation import ControlAnswer

OONI_KEY = "ooni"


class ControlView(Struct, frozen=True, kw_only=True):
    """The target as one control saw it, once. Failure strings are those of the model; None is success."""

    source: ControlSource
    """test_helper, proxy or baseline."""
    key: str
    """Which control: two views of different keys stand in different ASes, as far as is known."""
    usable: bool
    """Whether the control itself worked (a baseline: recorded on a network without interference)."""
    uid: str = ""
    """The measurement that holds it; empty for a baseline."""
    url: str = ""
    final_url: str = ""
    """Where redirects led, of a baseline."""
    hop: int = 0
    asked_s: float | None = None
    """Seconds since the run began; None for a baseline."""
    age_s: float | None = None
    """Between the recording of a baseline and this measurement, either way; None for the others."""
    dns_failure: str | None = None
    addresses: frozenset[str] = frozenset()
    """Every address the control resolved the name to."""
    asns: frozenset[int] = frozenset()
    """The AS numbers of those addresses."""
    tcp: Mapping[str, str | None] = field(default_factory=dict)
    """`ip:port` (`[ip]:port` for IPv6) to failure."""
    tls: Mapping[str, tuple[str, str | None]] = field(default_factory=dict)
    """The same endpoint to (name in the ClientHello, failure)."""
    quic: Mapping[str, tuple[str, str | None]] = field(default_factory=dict)
    """The same over UDP."""
    http_asked: bool = False
    http_failure: str | None = None
    status: int | None = None
    title: str | None = None
    header_names: frozenset[str] = frozenset()
    """Lower case."""
    body_length: int | None = None
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    issuer: str = ""
    """Of the certificate that the control was shown, where it was seen."""
    before: bool = False
    """It was asked long before the target was last tried: the world may have changed since."""
    after: bool = False
    """It was asked long after the target was last tried: that it got through says nothing of then."""
    earlier: bool = False
    """It was asked for an earlier hop, and may have been led elsewhere than we were."""
    address_asn: Mapping[str, int] = field(default_factory=dict)
    """AS numbers that the control told of single addresses, ours included."""

    @property
    def answered(self) -> bool:
        """Whether the control got an HTTP answer of whatever status."""
        return self.heard and self.http_failure is None

    @property
    def heard(self) -> bool:
        """Whether an HTTP status came to the control, even if the body then broke off."""
        return self.http_asked and self.status is not None


def endpoint(ip: str, port: int) -> str:
    """Write an address and port as controls do: `1.2.3.4:443`, `[2001:db8::1]:443`."""
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


def control_key(control: str) -> str:
    """Name the party behind a control: OONI's helpers, fronted too, are one; else the host's domain."""
    host = (urlsplit(control if "//" in control else "//" + control).hostname or control).lower().rstrip(".")
    if host.endswith(("ooni.org", "ooni.io", "cloudfront.net")):
        return OONI_KEY
    return host if host.replace(".", "").isdigit() or ":" in host else ".".join(host.split(".")[-2:])


def view_of_answer(answer: ControlAnswer, *, uid: str, started_s: float) -> ControlView:
    """Read what a test helper or a proxy told in one measurement."""
    return ControlView(
        source=ControlSource(answer.kind),
        key=control_key(answer.control),
        usable=answer.failure is None,
        uid=uid,
        url=answer.url,
        hop=answer.hop,
        asked_s=started_s + answer.t0,
        dns_failure=answer.dns_failure,
        addresses=frozenset(answer.dns_addresses),
        asns=frozenset(asn for ip, asn in answer.asns if ip in answer.dns_addresses and asn),
        tcp={e.endpoint: e.failure for e in answer.tcp_connect},
        tls={e.endpoint: (e.server_name or "", e.failure) for e in answer.tls_handshake},
        quic={e.endpoint: (e.server_name or "", e.failure) for e in answer.quic_handshake},
        http_asked=answer.http_asked,
        http_failure=answer.http_failure,
        status=answer.status_code,
        title=answer.title,
        header_names=frozenset(name.lower() for name, _ in answer.headers),
        body_length=answer.body_length,
        body=answer.body,
        headers=answer.headers,
        issuer=answer.certificate_issuer,
        address_asn={ip: asn for ip, asn in answer.asns if asn},
    )
