"""Helpers' receipts that lie in a run: each is held against its signature and its transfer once more."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec.structs import replace

from probe.locale import N_
from probe.measure.transfer_receipt import JUNK, read_receipt

if TYPE_CHECKING:
    from probe.evidence.fault import Faults
    from probe.model.measurement import Measurement
    from probe.model.transfer import Transfer

PROBLEM = N_("A helper's receipt is not what the helper signed of this transfer, or stands here twice")


def holds(transfer: Transfer) -> bool:
    """Say whether a receipt says of itself what is true: that it is valid, or that it is not."""
    told = transfer.receipt
    if told is None:
        return True
    signed = {"payload": told.payload, "signature": told.signature, "key": told.key}
    return read_receipt(signed, key=told.key, nonce=nonce_of(told.payload), transfer=transfer) == told


def nonce_of(payload: str) -> str:
    """Return what a receipt names its transfer by; empty where it is no receipt."""
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError):
        return ""
    nonce = said.get("nonce") if isinstance(said, dict) else None
    return nonce if isinstance(nonce, str) else ""


def hold(measurement: Measurement, line: int, seen: set[str], file: str, faults: Faults) -> None:
    """Tell of each receipt of a measurement that does not hold; `seen` gathers the nonces of a run."""
    for transfer in measurement.transfers:
        if transfer.receipt is None:
            continue
        nonce = nonce_of(transfer.receipt.payload)
        if nonce in seen or not holds(transfer):
            faults.add("unreadable", file, line, problem=PROBLEM)
        if nonce:
            seen.add(nonce)


def as_they_hold(measurement: Measurement) -> Measurement:
    """Return a measurement in which a receipt that does not hold says so: nobody counts it."""
    if all(holds(transfer) for transfer in measurement.transfers):
        return measurement
    transfers = (each if holds(each) else replace(each, receipt=JUNK) for each in measurement.transfers)
    return replace(measurement, transfers=tuple(transfers))
