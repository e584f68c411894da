"""What happened, one record per network operation, in OONI's words; never what it means.

`failure` is None on success. `t0` and `t` are seconds since the measurement began, begin and end of the
operation. `hop` counts redirects from 0, `attempt` counts tries of the same operation in one measurement.
"""

from typing import Literal

from msgspec import Struct

from probe.model.bounds import Seconds, Whole

Engine = Literal["getaddrinfo", "udp", "tcp", "dot", "doh", "doq"]


class DNSReply(Struct, frozen=True, kw_only=True, gc=False):
    """One datagram or message that came back for a query; the first is not always the true one."""

    t: Seconds
    failure: str | None
    rcode: str = ""
    answers: tuple[str, ...] = ()
    """Addresses, in the order of the message."""
    cnames: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    """TXT, SOA and NS data as presentation text, at most 16 of 256 characters."""
    ttl: Whole | None = None
    """Smallest TTL among the answers."""
    ip_ttl: Whole | None = None
    authoritative: bool = False
    authentic: bool = False
    """The AD bit."""
    ede: tuple[Whole, ...] = ()
    """Extended DNS errors, RFC 8914."""
    n_bytes: Whole = 0


class DNSLookup(Struct, frozen=True, kw_only=True, gc=False):
    """One query to one resolver, with every reply that came while we listened."""

    t0: Seconds
    t: Seconds
    failure: str | None
    hostname: str
    query_type: str
    """A, AAAA, SOA, …; ANY for getaddrinfo, which asks for both families."""
    engine: Engine
    resolver_address: str
    """`ip:port`; "system" for getaddrinfo. The volunteer's own resolver is redacted on disk to "system"."""
    is_system: bool
    """Whether this is the resolver that the volunteer's programs use (or `--dns` named)."""
    answers: tuple[str, ...] = ()
    replies: tuple[DNSReply, ...] = ()
    checking_disabled: bool = False
    hop: Whole = 0
    attempt: Whole = 0
    arm: str = ""


class TCPInfo(Struct, frozen=True, kw_only=True, gc=False):
    """The kernel's view of one connection (Linux), taken when the operation ended. Microseconds and bytes."""

    rtt_us: Whole
    rttvar_us: Whole
    min_rtt_us: Whole | None
    unacked: Whole
    lost: Whole
    retrans: Whole
    total_retrans: Whole
    bytes_acked: Whole | None
    bytes_received: Whole | None
    rcv_ooopack: Whole | None = None
    """Segments that came while an earlier one was missing."""


class ICMPError(Struct, frozen=True, kw_only=True, gc=False):
    """The ICMP message that ended a connect, and who sent it."""

    type: Whole
    code: Whole
    from_ip: str | None


class TCPConnect(Struct, frozen=True, kw_only=True, gc=False):
    """One attempt to open a connection."""

    t0: Seconds
    t: Seconds
    failure: str | None
    ip: str
    port: Whole
    tcp_info: TCPInfo | None = None
    icmp: ICMPError | None = None
    hop: Whole = 0
    attempt: Whole = 0
    arm: str = ""


class Certificate(Struct, frozen=True, kw_only=True, gc=False):
    """One certificate of the chain as the server sent it; its DER is a blob under `sha256`."""

    sha256: str
    subject: str
    issuer: str
    not_before: str
    not_after: str
    names: tuple[str, ...] = ()
    """Subject alternative names, at most 32."""


class TLSHandshake(Struct, frozen=True, kw_only=True, gc=False):
    """One handshake over TCP, made without verification, its chain verified offline afterwards.

    `failure` is a failure of the handshake itself, or else of the certificate as this machine's clock
    has it. `chain_failure` and `name_matches` leave the clock out: whoever judges knows the clock better.
    """

    t0: Seconds
    t: Seconds
    failure: str | None
    ip: str
    port: Whole
    server_name: str | None
    """Sent in the ClientHello; None when none was sent."""
    verified_name: str
    """The name that the certificate had to hold."""
    completed: bool
    tls_version: str | None = None
    cipher_suite: str | None = None
    negotiated_protocol: str | None = None
    alert: Whole | None = None
    """The fatal alert the server answered with."""
    server_spoke: bool = False
    """Whether at least one TLS record of the server arrived."""
    first_bytes: str = ""
    """Hex of the first 64 bytes received, when the handshake failed."""
    chain_failure: str | None = None
    """ssl_unknown_authority or ssl_invalid_certificate, dates left out."""
    chain_code: Whole | None = None
    """OpenSSL's X509_V_ERR number."""
    name_matches: bool | None = None
    certificates: tuple[Certificate, ...] = ()
    client_hello_bytes: Whole = 0
    ja4: str = ""
    tcp_info: TCPInfo | None = None
    hop: Whole = 0
    attempt: Whole = 0
    arm: str = ""
    """In a cross experiment `<target|neutral>@<target|neutral>`: name kind at address kind; else empty."""
    trial: Whole = 0


class HTTPRoundTrip(Struct, frozen=True, kw_only=True, gc=False):
    """One request and what came back on the measured connection."""

    t0: Seconds
    t: Seconds
    failure: str | None
    url: str
    ip: str
    port: Whole
    method: str = "GET"
    host: str = ""
    """The Host header, where a cross experiment sends another than the URL's."""
    is_tls: bool = False
    http_version: str = ""
    status_code: Whole | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    """Decoded text of at most the first 16 KiB."""
    body_text_bytes: Whole | None = None
    """UTF-8 bytes of `body` as it was measured, where masks changed it since; None where none did."""
    body_sha256: str = ""
    """Of the decoded, capped bytes; names a blob when more than the 16 KiB was kept."""
    body_length: Whole | None = None
    """Bytes received of the body after decoding."""
    declared_length: Whole | None = None
    body_is_capped: bool = False
    """We stopped reading; the server did not."""
    title: str | None = None
    location: str | None = None
    """The redirect's target, joined with the URL; None when this is no redirect."""
    first_byte_s: Seconds | None = None
    """From the request's last byte sent to the first byte of the answer."""
    ended_by: str = ""
    """How the connection ended: "", fin, rst, close_notify, or we."""
    tcp_info: TCPInfo | None = None
    hop: Whole = 0
    attempt: Whole = 0
    arm: str = ""
    trial: Whole = 0


class NetworkEvent(Struct, frozen=True, kw_only=True, gc=False):
    """Bytes over time at the socket, under TLS: pairs of seconds since the measurement began and bytes."""

    ip: str
    port: Whole
    operation: Literal["bytes_received"] = "bytes_received"
    series: tuple[tuple[Seconds, Whole], ...] = ()
    """At most 512 points; neighbours are merged beyond."""
    hop: Whole = 0
    attempt: Whole = 0


class EndpointAnswer(Struct, frozen=True, kw_only=True, gc=False):
    """What a control saw at one address."""

    endpoint: str
    """ip:port"""
    failure: str | None
    server_name: str | None = None


class ControlAnswer(Struct, frozen=True, kw_only=True, gc=False):
    """The target as seen from elsewhere, now: a test helper's answer, or our own fetch through a proxy."""

    t0: Seconds
    t: Seconds
    failure: str | None
    """The control itself failed; nothing below holds."""
    kind: Literal["test_helper", "proxy"]
    control: str
    """The helper's URL, or the proxy's without credentials."""
    url: str
    """What it was asked for."""
    dns_failure: str | None = None
    dns_addresses: tuple[str, ...] = ()
    tcp_connect: tuple[EndpointAnswer, ...] = ()
    tls_handshake: tuple[EndpointAnswer, ...] = ()
    quic_handshake: tuple[EndpointAnswer, ...] = ()
    """Of a helper that was asked about QUIC and answers."""
    http_failure: str | None = None
    http_asked: bool = False
    """Whether the control tried HTTP at all."""
    status_code: Whole | None = None
    title: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body_length: Whole | None = None
    body: str = ""
    """Proxy only: at most 16 KiB."""
    certificate_issuer: str = ""
    """Proxy only, where the handshake was seen."""
    asns: tuple[tuple[str, Whole], ...] = ()
    """Address and AS number, as the helper said."""
    hop: Whole = 0


class LocalFact(Struct, frozen=True, kw_only=True, gc=False):
    """Something read on this machine without a packet: a route, an interface kind, a resolver class."""

    name: str
    value: str
