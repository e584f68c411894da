"""Runs as reports are told of them, made in code."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from probe.model.measurement import Measurement
from probe.report.told import Told
from unit.outcomes import a_record

HOSTILE = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "'=1",
    "\t=1",
    "\r=1",
    "\n=1",
    "\0=1",
    "\uff1d1+1",
    "x;=1+1",
    'x;"=1+1',
    "<r><t>rich</t></r>",
    "_x003D_1+1",
    "</t></is></c><c><f>1+1</f></c>",
    '"><script>alert(1)</script>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "{{7*7}}{%raw%}{#",
    "<!--<svg onload=alert(1)>",
    "]]><![CDATA[",
    "&lt;script&gt;&#x3c;script&#x3e;",
    "\x1b[31mred\x07",
    "\u202egnp.exe\u2066\u200b\ufeff",
    "\ud800 alone",
    "\ufffe\uffff",
    "e" + "\u0301" * 500,
    "a" * 40_000,
    "\U0001f600" * 20_000,
    '=HYPERLINK("https://example.org/","x")',
)
"""What servers, lists and tampered runs may say."""


def a_told(measurements: Sequence[Measurement] = (), **changes: Any) -> Told:
    """Return a run without verdicts."""
    plain = Told(
        record=a_record(),
        verdicts=(),
        services=(),
        trials=(),
        facts=(),
        targets=(),
        controls=(),
        baseline=None,
        seal=None,
        measurements=lambda: measurements,
    )
    return replace(plain, **changes)
