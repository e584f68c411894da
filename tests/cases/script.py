"""Golden cases as short scripts: rows of a TOML file become measurements, neutrals, controls and facts."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from msgspec.structs import replace

from cases.stores import a_store_answer
from cases.tunnels import an_exchange
from cases.who import a_who_answer
from cases.zones import a_chain, a_zone_answer
from probe.model import failure as f
from probe.model.measurement import Measurement
from probe.model.observation import (
    Certificate,
    DNSLookup,
    DNSReply,
    HTTPRoundTrip,
    NetworkEvent,
    TCPConnect,
    TCPInfo,
    TLSHandshake,
)
from probe.model.quic import OWN, VERSION_1, QUICHandshake
from probe.model.target import Target
from probe.model.zone import ZoneAnswer, ZoneChain

ZERO = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
NAME = "site.example.org"
TRUE_IP = "104.16.1.1"
GAP_S = 10.5
WORDS = {
    "ok": None,
    "timeout": f.TIMEOUT,
    "reset": f.CONNECTION_RESET,
    "eof": f.EOF,
    "refused": f.CONNECTION_REFUSED,
    "unreachable": f.HOST_UNREACHABLE,
    "alert": f.X_TLS_ALERT,
    "untrusted": f.TLS_UNKNOWN_AUTHORITY,
    "mismatch": f.TLS_INVALID_HOSTNAME,
    "expired": f.TLS_INVALID_CERTIFICATE,
    "junk": f.TLS_FAILED_HANDSHAKE,
    "bare": f.X_HTTP_NO_STATUS_LINE,
    "unroutable": f.NETWORK_UNREACHABLE,
    "interrupted": f.INTERRUPTED,
    "local": "x_local_invalid_argument",
    "nxdomain": f.DNS_NXDOMAIN,
    "servfail": f.DNS_SERVFAIL,
    "norefuse": f.DNS_REFUSED,
    "cut": f.X_DNS_TRUNCATED,
    "empty": f.DNS_NO_ANSWER,
    "again": f.DNS_TEMPORARY,
    "loop": f.X_REDIRECT_LOOP,
    "version": f.QUIC_INCOMPATIBLE_VERSION,
    "vague": "unknown_failure: unknown_error",
}
COMPLETED = {"ok", "untrusted", "mismatch", "expired"}


class When(NamedTuple):
    """Where in a measurement an operation stands."""

    t0: float
    t: float
    hop: int
    target: Target


def a_target(row: dict[str, Any]) -> Target:
    """Return the target of a case: a web page unless the row says otherwise."""
    given: dict[str, Any] = {
        "target_id": "case/it",
        "service": "case",
        "input": f"https://{NAME}/",
        "experiment": "web",
    }
    said = {k: tuple(v) if isinstance(v, list) else v for k, v in row.get("target", {}).items()}
    return Target(**{**given, "country": "US", "ranges": ("case",), **said})


def measured(
    uid: str, target: Target, at: float, ops: list[str], *, round_: int = 0, experiment: str = ""
) -> Measurement:
    """Run the script of one measurement: one operation a line, each begun when the last had ended."""
    clock = 0.0
    kept: dict[str, list[Any]] = {name: [] for name in OPS}
    for op in ops:
        words = shlex.split(op)
        hop = int(words.pop(0)[:-1]) if words[0].endswith(":") else 0
        extra = dict(w.split("=", 1) for w in words[3:] if "=" in w)
        took = float(extra.pop("took", "5" if words[2] == "timeout" else "0.1"))
        at_once = clock if "beside" not in extra else clock - took
        extra.pop("beside", None)
        kept[words[0]].append(
            OPS[words[0]](words[1], words[2], extra, When(at_once, at_once + took, hop, target))
        )
        clock = at_once + took
    return Measurement(
        measurement_uid=uid,
        target_id=target.target_id,
        service=target.service,
        input=target.input,
        experiment=experiment or target.experiment,
        round=round_,
        is_control=False,
        measurement_start_time=ZERO + timedelta(seconds=at),
        started_s=at,
        runtime_s=clock,
        queries=tuple(kept["dns"]),
        tcp_connect=tuple(kept["tcp"]),
        tls_handshakes=tuple(kept["tls"]),
        requests=tuple(r for r, _ in kept["http"]),
        quic_handshakes=tuple(kept["quic"]),
        zone_answers=tuple(kept["zone"]),
        zone_chains=tuple(kept["chain"]),
        store_answers=tuple(kept["store"]),
        who_answers=tuple(kept["who"]),
        vpn_exchanges=tuple(kept["vpn"]),
        network_events=tuple(e for _, e in kept["http"] if e is not None),
    )


def _dns(who: str, said: str, extra: dict[str, str], when: When) -> DNSLookup:
    """`dns system|lib|8.8.8.8 1.2.3.4|failure [name=] [cd=1] [type=] [engine=] [then=reply|reply] [ede=]`."""
    failure = WORDS.get(said)
    answers = () if said in WORDS else tuple(said.split(","))
    engine: Any = extra.get("engine", {"lib": "getaddrinfo"}.get(who, "udp"))
    replies = tuple(
        DNSReply(
            t=when.t,
            failure=WORDS.get(one) if one in WORDS else None,
            rcode="NXDOMAIN" if one == "nxdomain" else "NOERROR",
            answers=() if one in WORDS else tuple(one.split(",")),
            ede=tuple(int(e) for e in extra.get("ede", "").split(",") if e),
        )
        for one in (said, *filter(None, extra.get("then", "").split("|")))
    )
    return DNSLookup(
        t0=when.t0,
        t=when.t,
        failure=failure,
        hostname=extra.get("name", NAME),
        query_type=extra.get("type", "A"),
        engine=engine,
        resolver_address="system" if who in {"system", "lib"} else f"{who}:{extra.get('port', '53')}",
        is_system=who in {"system", "lib"},
        answers=answers,
        replies=replies,
        checking_disabled="cd" in extra,
        hop=when.hop,
    )


def _port(target: Target, extra: dict[str, str]) -> int:
    return int(extra.get("port", "80" if target.input.startswith("http:") else "443"))


def _tcp(ip: str, said: str, extra: dict[str, str], when: When) -> TCPConnect:
    return TCPConnect(
        t0=when.t0,
        t=when.t,
        failure=WORDS[said],
        ip=ip,
        port=_port(when.target, extra),
        hop=when.hop,
        arm=extra.get("arm", ""),
    )


def a_shake(ip: str, said: str, extra: dict[str, str], when: When) -> TLSHandshake:
    name = extra.get("name", NAME)
    day = timedelta(days=30)
    begin, end = (ZERO - 3 * day, ZERO - day) if said == "expired" else (ZERO - day, ZERO + day)
    shown = Certificate(
        sha256="00",
        subject="CN=" + name,
        issuer=extra.get("issuer", "CN=Test CA"),
        not_before=extra.get("from", begin.isoformat()),
        not_after=extra.get("to", end.isoformat()),
        names=(name,),
    )
    completed = said in COMPLETED
    return TLSHandshake(
        t0=when.t0,
        t=when.t,
        failure=WORDS[said],
        ip=ip,
        port=int(extra.get("port", "443")),
        server_name=None if "nosni" in extra else name,
        verified_name=name,
        completed=completed,
        alert=int(extra.get("alert", "40")) if said == "alert" or "alert" in extra else None,
        server_spoke=completed or said == "alert" or "alert" in extra,
        chain_failure=f.TLS_UNKNOWN_AUTHORITY if said == "untrusted" else None,
        name_matches=said != "mismatch" if completed else None,
        certificates=() if "bare" in extra or not completed else (shown,),
        hop=when.hop,
        arm=extra.get("arm", ""),
        tcp_info=an_info(extra),
    )


def an_info(extra: dict[str, str]) -> TCPInfo | None:
    """`ooo=1`: so many segments came while an earlier one was missing."""
    if "ooo" not in extra:
        return None
    return TCPInfo(
        rtt_us=40_000, rttvar_us=1000, min_rtt_us=40_000, unacked=0, lost=0, retrans=0, total_retrans=0,
        bytes_acked=500, bytes_received=0, rcv_ooopack=int(extra["ooo"]),
    )  # fmt: skip


def a_request(ip: str, said: str, extra: dict[str, str], when: When) -> HTTPRoundTrip:
    url = extra.get("url", when.target.input)
    status = int(said) if said.isdigit() else int(extra["status"]) if "status" in extra else None
    body = extra.get("body", "")
    length = extra.get("length", str(len(body)) if body or status else "")
    return HTTPRoundTrip(
        t0=when.t0,
        t=when.t,
        failure=None if said.isdigit() else WORDS[said],
        url=url,
        ip=ip,
        port=_port(replace(when.target, input=url), extra),
        is_tls=url.startswith("https"),
        status_code=status,
        headers=tuple(
            (n, v) for n, _, v in (h.partition(":") for h in extra.get("headers", "").split(";") if h)
        ),
        body=body,
        body_length=None if "unread" in extra else int(length) if length else None,
        declared_length=int(extra["declared"]) if "declared" in extra else None,
        title=extra.get("title"),
        location=extra.get("location"),
        first_byte_s=0.05 if status else None,
        tcp_info=an_info(extra),
        hop=when.hop,
    )


def _http(ip: str, said: str, extra: dict[str, str], when: When) -> tuple[HTTPRoundTrip, NetworkEvent | None]:
    """Return the request, and with `kbps=` what arrived at the socket meanwhile, at a steady rate."""
    one = a_request(ip, said, extra, when)
    if "kbps" not in extra:
        return one, None
    step = int(float(extra["kbps"]) * 1000 / 8 * 0.05)
    n = max(1, (one.body_length or 0) // step)
    series = tuple((when.t0 + 0.06 + i * 0.05, step) for i in range(n))
    return one, NetworkEvent(ip=ip, port=one.port, series=series, hop=when.hop)


def _quic(ip: str, said: str, extra: dict[str, str], when: When) -> QUICHandshake:
    """`quic 1.2.3.4 ok|failure|v1|draft [arm=] [name=]`; v1 and draft are answers to version negotiation."""
    versions = {"v1": (VERSION_1,), "draft": ("ff00001d",)}.get(said, ())
    shown = a_shake(ip, "ok" if versions else said, extra, when)
    return QUICHandshake(
        t0=when.t0,
        t=when.t,
        failure=None if versions else WORDS[said],
        ip=ip,
        port=int(extra.get("port", "443")),
        server_name=None if versions else shown.server_name,
        verified_name=shown.verified_name,
        completed=shown.completed and not versions,
        server_versions=versions,
        close_code=0x128 if said == "alert" else None,
        chain_failure=shown.chain_failure,
        name_matches=None if versions else shown.name_matches,
        certificates=() if versions else shown.certificates,
        arm=extra.get("arm", OWN),
    )


def _zone(who: str, said: str, extra: dict[str, str], when: When) -> ZoneAnswer:
    return a_zone_answer(who, WORDS[said], extra, when)


def _chain(who: str, said: str, extra: dict[str, str], _when: When) -> ZoneChain:
    return a_chain(who, said, extra, ZERO.timestamp())


OPS: dict[str, Any] = {
    "dns": _dns,
    "tcp": _tcp,
    "tls": a_shake,
    "http": _http,
    "quic": _quic,
    "zone": _zone,
    "chain": _chain,
    "store": a_store_answer,
    "who": a_who_answer,
    "vpn": an_exchange,
}
