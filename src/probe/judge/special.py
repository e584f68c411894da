"""SPECIAL: experiments that have tables of their own; every other goes through addresses and hops."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from probe.judge.quic import judge_quic
from probe.judge.vpn import judge_vpn
from probe.judge.zone import judge_zone

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from probe.judge.hop import Hop
    from probe.judge.outcome import Outcome

SPECIAL: Final[Mapping[str, Callable[[Hop], Outcome]]] = MappingProxyType(
    {
        "quic": judge_quic,
        "vpn": judge_vpn,
        "zone": judge_zone,
    }
)
"""Each takes hop 0: facts of the run, the target's reading, its trust; and concludes."""
