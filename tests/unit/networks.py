"""Digests that make up networks of one kind or another, for tests of the network's rules."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal

from probe.judge.clock import ClockSample
from probe.judge.digest import ControlDigest, Witness
from probe.judge.names import NameAnswer
from probe.judge.portal import Outcome, PortalCheck, Sinkhole
from probe.model.observation import LocalFact
from unit.observed import START

GROUPS = ("domestic_listed", "domestic_unlisted", "foreign", "foreign_frozen")
TIMEOUT = "generic_timeout_error"


def a_digest(uid: str, at: float, **changes: Any) -> ControlDigest:
    return ControlDigest(
        uid=uid,
        target_id=uid,
        round=0,
        started_s=at,
        started=START + timedelta(seconds=at),
        n_observations=1,
        **changes,
    )


def a_try(
    name: str,
    group: str,
    at: float,
    *,
    ok: bool = True,
    failure: str = TIMEOUT,
    layer: Literal["dns", "tcp", "tls", "http"] = "tls",
    **changes: Any,
) -> ControlDigest:
    fields: dict[str, Any] = {
        "family": 4,
        "port": 443,
        "address": f"93.184.215.{len(name)}",
        "took": 0.1,
    } | changes
    witness = Witness(
        uid=f"{name}@{at:g}",
        t0_s=at,
        t_s=at + fields.pop("took"),
        side="domestic" if group.startswith("domestic") else "foreign",
        neutral_group=group,
        ok=ok,
        failure=None if ok else failure,
        layer=layer,
        name=name,
        **fields,
    )
    return a_digest(f"{name}@{at:g}", at, witnesses=(witness,))


def neutrals(
    passing: Sequence[str] = GROUPS, rounds: Sequence[float] = (0.0, 11.0, 22.0), **changes: Any
) -> list[ControlDigest]:
    """Three neutrals of each group, tried in each round; those of the groups in `passing` succeed."""
    return [
        a_try(f"{group}-{number}", group, at + number / 10, ok=group in passing, **changes)
        for at in rounds
        for group in GROUPS
        for number in range(3)
    ]


def a_name(
    name: str, *, is_true: bool = True, failure: str | None = None, kind: str = "public"
) -> ControlDigest:
    answer = NameAnswer(
        uid=name,
        t0_s=0.0,
        t_s=0.0,
        name=name,
        engine="getaddrinfo",
        failure=failure,
        kind=kind,
        is_true=is_true,
    )
    return a_digest(name, 0.0, names=(answer,))


def a_portal(url: str, outcome: Outcome, detail: str = "", *, at: float = 0.5) -> ControlDigest:
    return a_digest(url, at, portal=PortalCheck(uid=url, url=url, outcome=outcome, detail=detail, t_s=at))


def a_sinkhole(*, tcp: bool | None = False, dns: bool | None = False) -> ControlDigest:
    return a_digest("sinkhole", 0.5, sinkhole=Sinkhole(uid="sinkhole", tcp_answered=tcp, dns_answered=dns))


def a_clock(name: str, offset_s: float) -> ControlDigest:
    return a_digest(name, 0.5, clock=(ClockSample(name, name, offset_s),))


def a_machine(**facts: str) -> ControlDigest:
    return a_digest(
        "local", 0.0, local=tuple(LocalFact(name=n.replace("_", "."), value=v) for n, v in facts.items())
    )
