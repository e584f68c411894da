"""What the user asked for, and what a run says about itself."""

from msgspec import Struct

from probe.model.bounds import Real, Seconds, Whole
from probe.model.measurement import VantagePoint


class RunOptions(Struct, frozen=True, kw_only=True, gc=False):
    """The measuring options of `probe run`, with their defaults."""

    rounds: Whole = 3
    confirm_after_s: Seconds = 60.0
    concurrency: Whole = 16
    timeout_s: Seconds = 10.0
    max_bytes: Whole = 15_000_000
    max_seconds: Seconds = 480.0
    dns: str = ""
    """`ip` or `ip:port` that replaces the system's resolver."""
    controls: tuple[str, ...] = ()
    """Test helpers by URL, "ooni"; empty means none."""
    control_proxy: str = ""
    throughput: bool = True
    trust_anchors: tuple[str, ...] = ()
    """DS records of the root's keys, `tag algorithm type HEX`: what zones' signatures are held against."""
    round_gap_s: Seconds = 10.5
    """Between starts of the same target: three rounds then spread over more than 20 s."""


class TrustStore(Struct, frozen=True, kw_only=True, gc=False):
    """Which authorities certificates were verified against."""

    source: str
    """certifi, or SSL_CERT_FILE."""
    path: str
    sha256: str


class RunRecord(Struct, frozen=True, kw_only=True, gc=False):
    """The content of `run.json`."""

    schema_version: str
    run_id: str
    software_version: str
    rules_version: Whole
    python_version: str
    platform: str
    """Linux, Windows or Darwin: no build, no host."""
    options: RunOptions
    seed: Whole
    services: tuple[str, ...]
    lists: tuple[str, ...]
    """SHA-256 of each list read, not its path."""
    vantage: VantagePoint
    trust_source: str
    trust_sha256: str
    started_utc: str
    ended_utc: str = ""
    n_measurements: Whole = 0
    bytes_sent: Whole = 0
    bytes_received: Whole = 0
    clock_offset_s: Real | None = None
    network_mechanism: str = ""
    network_success_rate: Real | None = None
    """Share of tries at neutrals that succeeded: what later runs on this network are held against."""
    network_handshake_ms: Real | None = None
    """Median of their TLS handshakes."""
    network_kbps: Real | None = None
    """The link's rate as their pages show it."""
    stopped: str = ""
    """"" when it ran to its end; else interrupted, bytes or time."""
    redactions: tuple[tuple[str, Whole], ...] = ()
    errors: tuple[str, ...] = ()
    """Faults of our own, with where they happened; never evidence."""
    baseline_sha256: str = ""
    asn_table_sha256: str = ""
    """Of the user's table of AS numbers; empty where only shipped ranges were looked at."""
    asn_table_dated: str = ""
    asn_table_is_stale: bool = False
    """Older than half a year when the run began: networks may have changed hands since."""
    simulated: bool = False
    """Made in the built-in lab: not evidence of anything."""
    resumed: Whole = 0
    imported_from: str = ""
    """Whose records these are, where this program judged what another had measured; `vantage.software` says
    which. Empty for a run of its own."""
