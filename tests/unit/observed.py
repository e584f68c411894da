"""Measurements for tests of judging, written in few words."""

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from probe.model.measurement import Measurement
from probe.model.observation import (
    Certificate,
    DNSLookup,
    DNSReply,
    HTTPRoundTrip,
    LocalFact,
    TCPConnect,
    TLSHandshake,
)
from probe.model.quic import QUICHandshake
from probe.model.target import Target

START = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
PUBLIC_IP = "93.184.215.14"


def a_measurement(target: Target, uid: str = "m1", started_s: float = 0.0, **changes: Any) -> Measurement:
    plain = Measurement(
        measurement_uid=uid,
        target_id=target.target_id,
        service=target.service,
        input=target.input,
        experiment=target.experiment,
        round=0,
        is_control=target.is_control,
        measurement_start_time=START + timedelta(seconds=started_s),
        started_s=started_s,
        runtime_s=1.0,
    )
    return replace(plain, **changes)


def a_connect(ip: str = PUBLIC_IP, port: int = 443, failure: str | None = None, **changes: Any) -> TCPConnect:
    return replace(TCPConnect(t0=0.1, t=0.2, failure=failure, ip=ip, port=port), **changes)


def a_certificate(issuer: str = "CN=R11,O=Let's Encrypt,C=US", sha256: str = "ab" * 32) -> Certificate:
    return Certificate(
        sha256=sha256, subject="CN=x", issuer=issuer, not_before="2026-01-01", not_after="2027-01-01"
    )


def a_handshake(name: str, failure: str | None = None, **changes: Any) -> TLSHandshake:
    return replace(TLSHandshake(**_shaken(name, failure)), **changes)


def _shaken(name: str, failure: str | None) -> dict[str, Any]:
    """Return what a handshake under a name looks like, over TCP as over QUIC."""
    return {
        "t0": 0.2,
        "t": 0.4,
        "failure": failure,
        "ip": PUBLIC_IP,
        "port": 443,
        "server_name": name,
        "verified_name": name,
        "completed": failure is None,
        "name_matches": True if failure is None else None,
        "certificates": (a_certificate(),) if failure is None else (),
    }


def a_quic_handshake(name: str, failure: str | None = None, **changes: Any) -> QUICHandshake:
    return replace(QUICHandshake(**_shaken(name, failure), arm="target@target"), **changes)


def a_trip(url: str, status: int | None = 200, failure: str | None = None, **changes: Any) -> HTTPRoundTrip:
    is_tls = url.startswith("https")
    plain = HTTPRoundTrip(
        t0=0.4,
        t=0.6,
        failure=failure,
        url=url,
        ip=PUBLIC_IP,
        port=443 if is_tls else 80,
        is_tls=is_tls,
        status_code=status,
    )
    return replace(plain, **changes)


def a_lookup(name: str, *answers: str, failure: str | None = None, **changes: Any) -> DNSLookup:
    plain = DNSLookup(
        t0=0.0,
        t=0.1,
        failure=failure,
        hostname=name,
        query_type="ANY",
        engine="getaddrinfo",
        resolver_address="system",
        is_system=True,
        answers=answers,
    )
    return replace(plain, **changes)


def a_reply(*answers: str) -> DNSReply:
    return DNSReply(t=0.1, failure=None, rcode="NOERROR", answers=answers)


def a_fact(name: str, value: str) -> LocalFact:
    return LocalFact(name=name, value=value)
