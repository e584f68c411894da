"""Our own AS: a helper or a STUN server tells the address we come from, the table its AS; the address goes.

It is held in a variable of these functions and nowhere else: no record, no file, no message ever has it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec

from probe.measure import dns, stun
from probe.measure.transfer_helper import fetched
from probe.measure.urls import is_address, is_public
from probe.model.observation import LocalFact

if TYPE_CHECKING:
    from probe.measure.trace import Context
    from probe.model.target import Step

SERVERS: Final = 2
"""STUN servers that are asked, at most."""
ASN: Final = r"\A(AS[1-9][0-9]{0,6})?\Z"
FACTS: Final = ("asn", "asn_source")


class _Told(msgspec.Struct):
    """What the protocol has a helper say of whoever asks; more may stand beside it."""

    v: Literal[1]
    address: Annotated[str, msgspec.Meta(max_length=64)] = ""
    asn: Annotated[str, msgspec.Meta(pattern=ASN)] = ""


async def recipe(ctx: Context, step: Step) -> None:
    """Leave `asn` and `asn_source` (detected or helper) as local facts; nothing where nobody could tell.

    The helpers of `options.controls` are asked first, over validated TLS, then the STUN servers of
    `target.servers`, `host:port`. The user's own table counts before the helper's.
    """
    told = await _by_helpers(ctx) or await _by_stun(ctx, step.target.servers)
    if told:
        ctx.local.extend(LocalFact(name=name, value=value) for name, value in zip(FACTS, told, strict=True))


def _looked_up(ctx: Context, address: str) -> tuple[str, str] | None:
    """Return the AS of an address; none for a private one, which many networks use at once."""
    asn = ctx.asn_table.name_of(address) if is_address(address) and is_public(address) else ""
    return (asn, "detected") if asn else None


async def _by_helpers(ctx: Context) -> tuple[str, str] | None:
    for url in ctx.options.controls:
        found = await fetched(ctx, url, "address")
        if isinstance(found, str):
            continue
        try:
            told = msgspec.json.decode(found.body, type=_Told)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            continue
        if by_table := _looked_up(ctx, told.address):
            return by_table
        if told.asn:
            return told.asn, "helper"
    return None


async def _by_stun(ctx: Context, servers: tuple[str, ...]) -> tuple[str, str] | None:
    """Ask over each family in turn: behind a carrier's NAT IPv4 may tell what IPv6 does not, and reversed."""
    for server in servers[:SERVERS]:
        host, _, port = server.rpartition(":")
        answers = (await dns.ask_system(ctx, host)).answers if not is_address(host) else (host,)
        for v6 in (False, True):
            address = next((ip for ip in answers if (":" in ip) == v6 and re.match(r"[0-9a-f:.]+\Z", ip)), "")
            told = await stun.ask(ctx, address, int(port)) if address else None
            if told and (by_table := _looked_up(ctx, told)):
                return by_table
    return None
