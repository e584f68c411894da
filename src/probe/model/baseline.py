"""What a target looked like from another network or at another time."""

from datetime import datetime

from msgspec import Struct

from probe.model.bounds import Real, Whole


class TargetBaseline(Struct, frozen=True, kw_only=True, gc=False):
    """How one target answered where and when the baseline was recorded."""

    target_id: str
    input: str
    n: Whole
    n_ok: Whole
    """Tries, and those that gave a validated answer."""
    failures: tuple[tuple[str, Whole], ...] = ()
    """Failure string and count."""
    dns_failure: str | None = None
    addresses: tuple[str, ...] = ()
    asns: tuple[Whole, ...] = ()
    certificate_sha256: tuple[str, ...] = ()
    certificate_issuer: str = ""
    status_code: Whole | None = None
    title: str | None = None
    header_names: tuple[str, ...] = ()
    body_length: Whole | None = None
    final_url: str = ""
    connect_ms: Real | None = None
    ttfb_ms: Real | None = None
    rate_bps: Real | None = None
    pair_calibration: Real | None = None
    pair_name: str = ""
    """The neutral name that the pairs were made under: beside another one they calibrate nothing."""
    path_asns: tuple[Whole, ...] = ()
    """Of a path: AS numbers of the hops that answered, in their order."""


class Baseline(Struct, frozen=True, kw_only=True, gc=False):
    """A file that `probe baseline record` or `from` wrote."""

    schema_version: str
    recorded_utc: datetime
    run_id: str
    probe_asn: str
    probe_cc: str
    network_state: str
    """The network mechanism found while recording: network.none, or empty when all was fine."""
    software: str
    clock_offset_s: Real | None = None
    """True time minus the recorder's clock; `recorded_utc` is corrected by it. None: nobody knew."""
    simulated: bool = False
    """Made of a run in the built-in lab: nothing real is held against it."""
    targets: tuple[TargetBaseline, ...] = ()
