"""The AS that a helper signed counts where nothing better is known, and where all its receipts agree."""

import pytest
from msgspec import structs

from probe.model.measurement import Measurement, VantagePoint
from probe.pipeline.whereabouts import told_by_receipts
from unit.a_run import a_measurement
from unit.test_redact_transfers import FULL, RECEIPT

UNKNOWN = VantagePoint()


def receipts(*asns: str, is_valid: bool = True) -> list[Measurement]:
    """Return a measurement with a transfer for each AS, and one without a receipt."""
    told = [structs.replace(RECEIPT, client_asn=asn, is_valid=is_valid) for asn in asns]
    return [a_measurement(transfers=(structs.replace(FULL, receipt=one),)) for one in (*told, None)]


def test_receipts_that_agree_tell_the_as() -> None:
    found = told_by_receipts(UNKNOWN, receipts("AS64500", "", "AS64500"))
    assert (found.probe_asn, found.asn_source) == ("AS64500", "helper")


@pytest.mark.parametrize(
    "measurements",
    [[], receipts(), receipts(""), receipts("AS64500", "AS64501"), receipts("AS64500", is_valid=False)],
    ids=["none", "without", "untold", "two", "junk"],
)
def test_anything_else_tells_nothing(measurements: list[Measurement]) -> None:
    assert told_by_receipts(UNKNOWN, measurements) == UNKNOWN


def test_what_was_declared_or_detected_stands() -> None:
    declared = VantagePoint(probe_asn="AS64499", asn_source="declared")
    assert told_by_receipts(declared, receipts("AS64500")) == declared
