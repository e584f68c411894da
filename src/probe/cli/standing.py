"""What is said of the table of AS numbers and of detection: a stale table, none, nothing found."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from probe.locale import _

if TYPE_CHECKING:
    from probe.model.options import RunRecord
    from probe.pipeline.request import Prepared


def table_lines(prepared: "Prepared") -> Iterator[str]:
    """Yield what to know of the table before the run."""
    request, table = prepared.request, prepared.asn_table
    if request.asn_table is not None and table.is_stale(datetime.now(UTC).date()):
        said = _("The table of AS numbers is of {day}: networks may have changed hands. Take a newer one.")
        yield said.format(day=table.dated)
    campaign = set(prepared.options.controls) - set(prepared.catalogue.helpers)
    if request.detect_asn and request.asn_table is None and not campaign:
        yield _("Without a table of AS numbers only few networks are known.") + " " + _what_to_type()


def tell_if_undetected(prepared: "Prepared", record: "RunRecord") -> None:
    """Say after a run that detection was in vain, and what to type the next time."""
    if prepared.request.detect_asn and record.vantage.asn_source == "none":
        sys.stderr.write(_("Your AS could not be detected: it stays AS0.") + " " + _what_to_type() + "\n")


def _what_to_type() -> str:
    return _("Type your operator's number, --asn AS12389, or bring a table: --asn-table FILE")
