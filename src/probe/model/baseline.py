"""What a target looked like from another network or at another time."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetBaseline:
    """How one target answered where and when the baseline was recorded."""

    target_id: str
    input: str
    n: int
    n_ok: int
    """Tries, and those that gave a validated answer."""
    failures: tuple[tuple[str, int], ...] = ()
    """Failure string and count."""
    dns_failure: str | None = None
    addresses: tuple[str, ...] = ()
    asns: tuple[int, ...] = ()
    certificate_sha256: tuple[str, ...] = ()
    certificate_issuer: str = ""
    status_code: int | None = None
    title: str | None = None
    header_names: tuple[str, ...] = ()
    body_length: int | None = None
    final_url: str = ""
    connect_ms: float | None = None
    ttfb_ms: float | None = None
    rate_bps: float | None = None
    pair_calibration: float | None = None
    path_asns: tuple[int, ...] = ()
    """Of a path: AS numbers of the hops that answered, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A file that `probe baseline record` or `from` wrote."""

    schema_version: str
    recorded_utc: datetime
    run_id: str
    probe_asn: str
    probe_cc: str
    network_state: str
    """The network mechanism found while recording: network.none, or empty when all was fine."""
    software: str
    simulated: bool = False
    """Made of a run in the built-in lab: nothing real is held against it."""
    targets: tuple[TargetBaseline, ...] = ()
