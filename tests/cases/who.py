"""Golden cases: what a resolver told of the address that asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from probe.model import failure as f
from probe.model.who import WhoAnswer

if TYPE_CHECKING:
    from cases.script import When


def a_who_answer(ip: str, said: str, extra: dict[str, str], when: When) -> WhoAnswer:
    """`who 8.8.8.8 owner|elsewhere|timeout [via=udp|tcp|dot|doh]`."""
    via: Any = extra.get("via", "udp")
    whence: Any = "" if said == "timeout" else said
    return WhoAnswer(
        t0=when.t0,
        t=when.t,
        failure=f.TIMEOUT if said == "timeout" else None,
        ip=ip,
        transport=via,
        question="whoami.akamai.net A",
        whence=whence,
        prefix="8.8.4.0/24" if said == "owner" else "",
    )
