"""Transfers: what a download or upload is asked to do, and what it did, as bytes over time at the socket.

Arms are those of METHOD section 7: T is the target's address under the target's name, C1 that address under
a neutral name, X and C2 a neutral server under the target's and a neutral name; N is a neutral by itself.
"""

from typing import Literal

from msgspec import Struct

from probe.model.bounds import Seconds, Whole
from probe.model.observation import TCPInfo

Arm = Literal["T", "C1", "X", "C2", "N"]
Arms = Literal["", "T/C1", "X/C2"]
"""A pair: what is suspected, and what it is held against."""
Purpose = Literal["pair", "freeze", "elsewhere", "small_segments", "self_test"]
"""pair: one trial of each arm. freeze: one trial without cap, to its silence. elsewhere: as many bytes from
another AS. small_segments: the freeze again with a smaller TCP_MAXSEG, for as long as a page is waited for.
self_test: neutral against neutral."""
Direction = Literal["down", "up"]
Stage = Literal["", "helper", "connect", "tls", "request", "body"]

TRIAL_BYTES = 131_072
TRIAL_SECONDS = 2.8
"""A trial moves at most 128 kB and takes at most 2.8 s: in 1.8 s a policer with a bucket of half the trial,
and a line whose own queue is full, look alike too often (`docs/throttling-errors.md`)."""


class ArmPlan(Struct, frozen=True, kw_only=True, gc=False):
    """Where one arm goes and what it says there."""

    arm: Arm
    ip: str = ""
    """Empty where a helper tells its own."""
    port: Whole = 443
    server_name: str
    """In the ClientHello."""
    host: str = ""
    """In the Host header: the owner of the object, whatever the ClientHello says."""
    path: str = "/"
    helper: str = ""
    """URL of the helper that serves this arm; address, port, path and certificate are asked of it."""


class TransferPlan(Struct, frozen=True, kw_only=True, gc=False):
    """One measurement of the experiment `throughput`: its arms in the order in which they are run."""

    purpose: Purpose = "pair"
    arms: tuple[ArmPlan, ...]
    test: Whole = 0
    """0 the first test, 1 its confirmation."""
    number: Whole = 0
    """Which pair, or which trial, of the test."""
    direction: Direction = "down"
    max_bytes: Whole = TRIAL_BYTES
    max_seconds: Seconds = TRIAL_SECONDS
    max_segment: Whole | None = None
    """TCP_MAXSEG, set before connecting."""


class TCPSample(Struct, frozen=True, kw_only=True, gc=False):
    """What Linux said of the connection at one moment of a transfer."""

    t: Seconds
    rtt_us: Whole
    min_rtt_us: Whole | None
    delivery_rate_bps: Whole | None
    reordering: Whole | None
    """Reordering events seen so far (tcpi_reord_seen)."""
    rcv_ooopack: Whole | None
    """Segments received out of order so far."""
    bytes_received: Whole | None
    total_retrans: Whole
    rcv_rtt_us: Whole | None = None
    """The receiver's own estimate (tcpi_rcv_rtt): in a download it moves, `rtt_us` does not."""


class Receipt(Struct, frozen=True, kw_only=True, gc=False):
    """What a helper signed of a transfer; no address in it."""

    payload: str
    """The exact text that was signed: compact JSON with sorted keys."""
    signature: str
    """Hex, Ed25519."""
    key: str
    """Hex of the helper's public key."""
    is_valid: bool
    """Whether the signature holds and what it says fits what was asked."""
    server_name: str
    n_bytes: Whole
    retransmits: Whole | None
    rtt_us: Whole | None
    min_rtt_us: Whole | None
    client_asn: str = ""
    """`AS12389`; empty where the helper holds no table."""


class Transfer(Struct, frozen=True, kw_only=True, gc=False):
    """One trial of one arm. Times are seconds since the measurement began."""

    t0: Seconds
    """When the connect began."""
    t: Seconds
    failure: str | None
    stage: Stage = ""
    """Where it failed; empty on success, and where a cap of ours ended it."""
    arm: Arm
    purpose: Purpose
    test: Whole
    number: Whole
    position: Whole
    """0 for the arm of a pair that was run first."""
    ip: str
    port: Whole
    server_name: str
    host: str
    path: str
    direction: Direction
    helper: str = ""
    connect_s: Seconds | None = None
    tls_s: Seconds | None = None
    requested: Seconds | None = None
    """When the request's last byte was sent; for an upload, when its body began."""
    first_byte: Seconds | None = None
    """When the first byte of the answer's body arrived; for an upload, was sent."""
    status_code: Whole | None = None
    declared_length: Whole | None = None
    n_bytes: Whole = 0
    """Of the body, as HTTP has it."""
    n_socket_bytes: Whole = 0
    """At the socket from the request on, TLS records and headers included: the sum of the series."""
    series: tuple[tuple[Seconds, Whole], ...] = ()
    """Bytes at the socket over time from the request on, at most 512 points, neighbours merged beyond."""
    samples: tuple[TCPSample, ...] = ()
    """At most 64, 50 ms apart or more."""
    tcp_info: TCPInfo | None = None
    chain_length: Whole | None = None
    certificate_sha256: str = ""
    ended_by: str = ""
    """"", fin, rst, close_notify, or we: a cap was reached."""
    max_bytes: Whole = TRIAL_BYTES
    max_seconds: Seconds = TRIAL_SECONDS
    max_segment: Whole | None = None
    foreign_bytes: Whole | None = None
    """What others moved over this machine's interfaces meanwhile; None where it cannot be told."""
    receipt: Receipt | None = None
