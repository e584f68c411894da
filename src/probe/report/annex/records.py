"""The annex's facts as records: the keys of `--format json`, the same in every language.

Times are UTC, ISO 8601 with Z: to the second in full, the begin of their hour (`2026-11-21T12:00Z`) in
public. A count never stands without what it was counted of. Lists are in the order in which they are printed.
"""

from __future__ import annotations

from msgspec import Struct

SCHEMA_VERSION = "1"
"""More keys may follow under the same version; a changed meaning is a new one."""


class Count(Struct, frozen=True, kw_only=True):
    """How often a machine word came."""

    word: str
    n: int


class Run(Struct, frozen=True, kw_only=True):
    """One run that was counted, or the reason why none of it was."""

    name: str
    """In public eight digits of its root hash, or `unsealed-1`; in full its own name."""
    asn: str
    asn_source: str
    country: str
    network_name: str
    """As the volunteer typed it; in public only where it fits the AS in the table of operators."""
    network_name_fits: bool
    access_type: str
    region: str
    """Empty in public where several people measured: there cells tell of regions."""
    resolver_class: str
    resolver_asn: str
    bypass: tuple[str, ...]
    started_utc: str
    ended_utc: str
    clock_offset_s: float | None
    """In public to the second."""
    n_measurements: int
    stopped: str
    """Empty for a run that came to its end; else interrupted, bytes or time."""
    source: str
    """`own` measurements, or `ooni`: records of OONI's that were read from a file."""
    software_version: str
    rules_version: int
    as_table_dated: str
    """Of the table that the AS was detected by, or of the table of operators."""
    options: tuple[tuple[str, str], ...]
    network_mechanism: str
    network_n_ok: int
    network_n_tries: int
    """Tries at neutral sites, and those that succeeded."""
    baseline_recorded_utc: str
    """Empty: compared with no baseline."""
    baseline_asn: str
    control_kinds: tuple[Count, ...]
    """Answers of test helpers and proxies, by kind."""
    n_receipts: int
    """Transfers of which a helper signed what it saw, and the signature holds."""
    root_sha256: str
    """Empty: not sealed."""
    n_files: int
    n_bytes: int
    signature: str
    token: str
    judged_again: str
    """As Seal.judged_again has it; empty: not sealed."""


class Span(Struct, frozen=True, kw_only=True):
    """A series of runs, without a good one between, that found the same."""

    state: str
    from_utc: str
    to_utc: str
    """First try of the first of them and last try of the last: between, it was looked at n_runs times."""
    n_runs: int
    longest_gap_s: int | None
    """Between two of these runs nothing was measured for so long; None of one run. In public full hours."""


class Summary(Struct, frozen=True, kw_only=True):
    """One service on one network."""

    asn: str
    service: str
    """A service; for addresses of the user's own, the address."""
    title: str
    state: str
    """What all conclusive runs found; `mixed` where they differ; `inconclusive` where there are none."""
    mechanisms: tuple[Count, ...]
    n_runs: int
    """Counted ones, good ones too."""
    states: tuple[Count, ...]
    """Runs in each state that came."""
    n_confirmed: int
    n_contradictions: int
    """Conclusive runs that found another state than the one found most often."""
    n_excluded: int
    spans: tuple[Span, ...]


class TargetCount(Struct, frozen=True, kw_only=True):
    """One target on one network, all runs counted."""

    asn: str
    service: str
    target_id: str
    input: str
    n: int
    states: tuple[Count, ...]
    reasons: tuple[Count, ...]
    """Reason codes of verdicts that are not stronger."""
    excluded: tuple[Count, ...]
    """Runs that were not counted, by reason."""


class TargetFacts(Struct, frozen=True, kw_only=True):
    """What was measured, exactly."""

    target_id: str
    service: str
    input: str
    experiment: str
    is_control: bool
    addresses: tuple[str, ...]
    """Addresses contacted, at most 16."""
    n_addresses: int
    names: tuple[str, ...]
    """Names sent: in the ClientHello, or asked of a resolver; at most 16."""
    n_names: int


class LayerError(Struct, frozen=True, kw_only=True):
    """How often tries at neutral sites failed, which nobody is known to interfere with."""

    layer: str
    n_tries: int
    n_failed: int


class SpeedTest(Struct, frozen=True, kw_only=True):
    """One target's transfers beside their control's, in the same minutes. Rates in 1000 bit/s."""

    run: str
    target_id: str
    arms: str
    n_pairs: int
    n_counted: int
    n_slower: int
    seconds: float
    """From the first trial's begin to the last's end."""
    median_kbps: float | None
    least_kbps: float | None
    most_kbps: float | None
    control_median_kbps: float | None
    control_least_kbps: float | None
    control_most_kbps: float | None
    ratio: float | None
    """Median over the pairs."""
    p: float


class Finding(Struct, frozen=True, kw_only=True):
    """One target in one run that did not just answer."""

    number: int
    run: str
    asn: str
    target_id: str
    service: str
    input: str
    state: str
    mechanism: str
    layer: str
    located: str
    confirmed: bool
    wording: str
    """`observed` or `confirmed_by_artefact`; `consistent_with` for what is inconclusive with a mechanism."""
    elsewhere: str
    """`ruled_out`: a control saw that it is not down everywhere; `untested`."""
    rule_id: str
    rules_version: int
    control_source: tuple[str, ...]
    because: str
    template: str
    params: tuple[tuple[str, str], ...]
    failure: str
    caveats: tuple[str, ...]
    measurement_uids: tuple[str, ...]


class BlockPage(Struct, frozen=True, kw_only=True):
    """A page that came in place of the service, as text; what could name the volunteer is masked."""

    sha256: str
    """Of the page's bytes as they are kept."""
    url: str
    """Where it came first."""
    status_code: int | None
    title: str
    text: str
    n_bytes: int | None
    targets: tuple[str, ...]
    runs: tuple[str, ...]


class Custody(Struct, frozen=True, kw_only=True):
    """Who did what with a run, by role."""

    run: str
    time_utc: str
    role: str
    action: str


class Request(Struct, frozen=True, kw_only=True):
    """What the letter asks of one addressee."""

    kind: str
    name: str
    status: str
    """`made`; else `OPERATOR_UNCERTAIN`, `NO_FINDING` (there is nothing to be answered), or `SIMULATED`."""
    causes: tuple[str, ...]
    """Why it is uncertain."""
    items: tuple[str, ...]
    """Keys of what is asked."""
    findings: tuple[int, ...]
    """Numbers of the findings that it rests on, and that the reply form lists."""


class ControlRole(Struct, frozen=True, kw_only=True):
    """What targets were compared with on the same network, by its part in that."""

    role: str
    """A group of neutral sites, `network`, `resolver`."""
    n: int
    asns: tuple[str, ...]
    """Where their addresses lie, as the baseline knows; empty where it does not."""


class Excluded(Struct, frozen=True, kw_only=True):
    """Why a run's verdicts were not counted."""

    reason: str
    n_runs: int
    n_verdicts: int


class Network(Struct, frozen=True, kw_only=True):
    """One AS, with all that says whose it is."""

    asn: str
    registered_name: str
    commercial_name: str
    country: str
    """Of the operator by the table, else of the probe."""
    sources: tuple[str, ...]
    """Who said the AS: declared, helper, detected, none."""
    tables_dated: tuple[str, ...]
    access_types: tuple[str, ...]
    declared_names: tuple[str, ...]
    n_runs: int
