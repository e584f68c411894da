"""Operations of few kinds of measurement as lines: zones, tunnels, shops, who asks, this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from probe.locale import N_, _, ngettext
from probe.report.html_step import OK, Step, place, timed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


def _zone_answer(one: Any) -> Iterator[Step]:
    serial = _("serial {n}").format(n=one.serial) if one.serial is not None else ""
    came = ", ".join(filter(None, (one.rcode, serial, *one.ns[:4])))
    yield timed(
        one,
        what=f"{one.query_type} {one.hostname} ({one.transport})",
        whom=f"{one.server} ({one.ip})",
        came=came or _(OK),
        more=(_("signatures hold") if one.verified else "", came if one.failure else ""),
    )


def _zone_chain(one: Any) -> Iterator[Step]:
    came = f"{one.result} ({one.reason})" if one.reason else one.result
    failed = one.result == "bogus"
    yield Step(what=_("Signatures from the root"), whom=f"{one.server} ({one.ip})", came=came, failed=failed)


def _tunnel(one: Any) -> Iterator[Step]:
    came = ngettext("{n} packet came back", "{n} packets came back", one.packets_received)
    yield timed(
        one,
        what=_("{protocol}, {stage}").format(protocol=one.protocol, stage=one.stage),
        whom=f"{place(one.ip, one.port)} ({one.transport})",
        came=came.format(n=one.packets_received),
        more=(_("came as far as: {what}").format(what=one.reached) if one.reached else "",),
    )


_LISTED: Final = {True: N_("listed"), False: N_("not listed"), None: N_("the answer tells neither")}


def _shop(one: Any) -> Iterator[Step]:
    yield timed(
        one,
        what=_("App {app} in the storefront {storefront}, by {what}").format(
            app=one.app, storefront=one.storefront, what=one.said_by
        ),
        whom=one.ip,
        came=_(_LISTED[one.listed]),
        more=(_("another app, to compare") if one.is_control else "",),
    )


_WHENCE: Final = {
    "": N_("nobody told"),
    "owner": N_("the resolver's owner asked"),
    "elsewhere": N_("somebody else asked"),
}


def _who(one: Any) -> Iterator[Step]:
    asn = f"AS{one.asn}" if one.asn else ""
    yield timed(
        one,
        what=_("Who asks for it: {question}").format(question=one.question),
        whom=f"{one.ip} ({one.transport})",
        came=" ".join(filter(None, (_(_WHENCE[one.whence]), asn, one.prefix))),
    )


def _local(one: Any) -> Iterator[Step]:
    if not one.name.startswith("link.id."):  # a salted name of the router says nothing to a reader
        yield Step(what=_("On this machine: {name}").format(name=one.name), came=one.value or _("nothing"))


RARE: Final[Mapping[str, Callable[[Any], Iterator[Step]]]] = {
    "zone_answers": _zone_answer,
    "zone_chains": _zone_chain,
    "vpn_exchanges": _tunnel,
    "store_answers": _shop,
    "who_answers": _who,
    "local": _local,
}
"""Field of a measurement, and what makes lines of what it holds."""
