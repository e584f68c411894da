"""Golden cases: what root servers and a zone's own servers said, one reply a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from probe.model import failure as f
from probe.model.zone import ZoneAnswer, ZoneChain

if TYPE_CHECKING:
    from cases.script import When

NS = "a.dns.example"
DAY_S = 86_400
RCODES = {f.DNS_NXDOMAIN: "NXDOMAIN", f.DNS_REFUSED: "REFUSED", f.DNS_SERVFAIL: "SERVFAIL"}
ADDRESSES = {"root": "198.41.0.{}", "key": "198.41.0.{}", "server": "193.232.128.{}"}
QUESTIONS = {"root": ("root", "NS", "ru"), "key": ("root", "DNSKEY", "."), "server": ("server", "SOA", "ru")}


def place(who: str) -> tuple[str, str, str]:
    """Return kind, name and address of `root1`, `key1` (the root's keys there) or `server1`."""
    kind = who.rstrip("0123456789")
    return kind, f"{who[len(kind) :]}.{kind}", ADDRESSES[kind].format(who[len(kind) :])


def a_zone_answer(who: str, failure: str | None, extra: dict[str, str], when: When) -> ZoneAnswer:
    """`zone root1|key1|server1 ok|failure [by=tcp] [reply=1] [aa=0] [ra=1] [signed=0] [serial=] [ns=]`.

    `cut=1`: it did not fit into a datagram.
    """
    failure = f.X_DNS_TRUNCATED if "cut" in extra else failure
    kind, server, ip = place(who)
    side, query_type, name = QUESTIONS[kind]
    spoke = failure is None or failure in RCODES or failure in {f.DNS_NO_ANSWER, f.X_DNS_TRUNCATED}
    names = extra.get("ns", NS if kind == "root" else "")
    is_serial = kind == "server" and failure is None
    return ZoneAnswer(
        t0=when.t0,
        t=when.t,
        failure=failure,
        side="root" if side == "root" else "server",
        server=server,
        ip=ip,
        query_type=query_type,
        hostname=name,
        transport="tcp" if extra.get("by") == "tcp" else "udp",
        reply=int(extra.get("reply", "0")),
        rcode=RCODES.get(failure or "", "NOERROR") if spoke else "",
        authoritative=spoke and extra.get("aa", "0" if kind == "root" or failure else "1") == "1",
        recursion="ra" in extra,
        verified=extra.get("signed", "0" if failure else "1") == "1",
        serial=int(extra.get("serial", "7")) if is_serial else None,
        ns=tuple(names.split(",")) if names and failure is None else (),
    )


def a_chain(who: str, said: str, extra: dict[str, str], now: float) -> ZoneChain:
    """`chain server1 secure|old|bogus|insecure|unknown [why=]`; old: every signature has run out."""
    _, server, ip = place(who)
    dated = said in {"secure", "old"}
    ago = 30 * DAY_S if said == "old" else 0
    result: Any = "secure" if dated else said
    return ZoneChain(
        server=server,
        ip=ip,
        result=result,
        reason=extra.get("why", ""),
        not_before=int(now) - DAY_S - ago if dated else None,
        not_after=int(now) + 9 * DAY_S - ago if dated else None,
    )
