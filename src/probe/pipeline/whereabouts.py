"""Where a run stands, found out before its folder is made: the folder's name bears the AS."""

import asyncio
from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from probe.measure.runner import Session, Spent
from probe.measure.whereabouts import FACTS
from probe.model.measurement import Measurement, VantagePoint
from probe.model.network import Network
from probe.model.target import Step, Target
from probe.pipeline.request import Prepared

UNKNOWN = "AS0"
EXPERIMENT = "whereabouts"


class Standing(Struct, frozen=True, kw_only=True):
    """The vantage point as far as it is known at the start, and what asking for it took."""

    vantage: VantagePoint
    spent: Spent


def standing(prepared: Prepared, network: Network) -> Standing:
    """Find out our own AS if the request says so; of a run that is taken up again it is known."""
    declared = Standing(vantage=prepared.request.vantage, spent=Spent())
    if not prepared.request.detect_asn or prepared.request.resume is not None:
        return declared
    return asyncio.run(_detected(prepared, network, declared.vantage))


async def _detected(prepared: Prepared, network: Network, vantage: VantagePoint) -> Standing:
    """Ask; the measurement itself is kept nowhere."""
    campaign = tuple(url for url in prepared.options.controls if url not in prepared.catalogue.helpers)
    async with Session(
        network,
        options=replace(prepared.options, controls=campaign),
        run_id="",
        started=network.clock.counter(),
        asn_table=prepared.asn_table,
    ) as session:
        ask = Target(
            target_id="network/whereabouts",
            service="network",
            input="local:",
            experiment=EXPERIMENT,
            is_control=True,
            servers=prepared.catalogue.stun,
        )
        measured = await session.measure(Step(target=ask, experiment=EXPERIMENT, round=0))
        spent = session.spent
    facts = {fact.name: fact.value for fact in measured.measurement.local}
    if set(FACTS) <= set(facts):
        vantage = replace(vantage, probe_asn=facts["asn"], asn_source=facts["asn_source"])
    return Standing(vantage=vantage, spent=spent)


def told_by_receipts(vantage: VantagePoint, measurements: Iterable[Measurement]) -> VantagePoint:
    """Return the vantage point with the AS that a helper signed, where nothing better is known.

    Receipts that tell several tell none: the volunteer moved, or half of the traffic goes another way.
    """
    if vantage.probe_asn != UNKNOWN:
        return vantage
    told = {
        transfer.receipt.client_asn
        for measurement in measurements
        for transfer in measurement.transfers
        if transfer.receipt is not None and transfer.receipt.is_valid and transfer.receipt.client_asn
    }
    return replace(vantage, probe_asn=told.pop(), asn_source="helper") if len(told) == 1 else vantage
