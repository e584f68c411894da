"""The closed vocabularies: states, layers, mechanisms, reason codes, controls."""

from enum import StrEnum


class State(StrEnum):
    """The answer to the user's question; there are six, always."""

    REACHABLE = "reachable"
    THROTTLED = "throttled"
    BLOCKED = "blocked"
    GEOBLOCKED = "geoblocked"
    DOWN = "down"
    INCONCLUSIVE = "inconclusive"


WORST_FIRST: tuple[State, ...] = (
    State.BLOCKED,
    State.THROTTLED,
    State.GEOBLOCKED,
    State.DOWN,
    State.INCONCLUSIVE,
    State.REACHABLE,
)
"""The order in which rows are shown and parts of a service are rolled up."""


class Layer(StrEnum):
    """Where the deciding fact showed."""

    NETWORK = "network"
    DNS = "dns"
    TCP = "tcp"
    TLS = "tls"
    HTTP = "http"
    QUIC = "quic"
    THROUGHPUT = "throughput"
    ZONE = "zone"
    STORE = "store"
    VPN = "vpn"


class Located(StrEnum):
    """Where the evidence points, never whose equipment it is; a silent drop alone is no more than `path`."""

    RESOLVER = "resolver"
    OPERATOR_NETWORK = "operator_network"
    PATH = "path"
    SERVER = "server"
    UNKNOWN = "unknown"


class Risk(StrEnum):
    """How dangerous it may be for a volunteer to be seen contacting a target."""

    LOW = "low"
    ELEVATED = "elevated"
    HIGH = "high"


class ReasonCode(StrEnum):
    """Why a verdict is not stronger than it is."""

    NO_CONTROL = "NO_CONTROL"
    CONTROL_FAILED = "CONTROL_FAILED"
    CONTROL_UNCALIBRATED = "CONTROL_UNCALIBRATED"
    INTERMITTENT = "INTERMITTENT"
    DISCORDANT_RERUN = "DISCORDANT_RERUN"
    UNCONFIRMED = "UNCONFIRMED"
    RESIDUAL_WINDOW = "RESIDUAL_WINDOW"
    CONTENT_DIFFERS = "CONTENT_DIFFERS"
    SERVER_REFUSED = "SERVER_REFUSED"
    AMBIGUOUS_REFUSAL = "AMBIGUOUS_REFUSAL"
    FAMILY_UNAVAILABLE = "FAMILY_UNAVAILABLE"
    LOCAL_INTERCEPTION = "LOCAL_INTERCEPTION"
    CAPTIVE_PORTAL = "CAPTIVE_PORTAL"
    RESOLVER_FAILED = "RESOLVER_FAILED"
    DOMESTIC_ONLY = "DOMESTIC_ONLY"
    SHUTDOWN = "SHUTDOWN"
    NO_NETWORK = "NO_NETWORK"
    NETWORK_CHANGED = "NETWORK_CHANGED"
    CLOCK_UNTRUSTED = "CLOCK_UNTRUSTED"
    LINK_TOO_SLOW = "LINK_TOO_SLOW"
    CONTROL_NOISY = "CONTROL_NOISY"
    TOO_FEW_PAIRS = "TOO_FEW_PAIRS"
    SLOW_NOT_NAME_DEPENDENT = "SLOW_NOT_NAME_DEPENDENT"
    PMTU_OR_SERVER = "PMTU_OR_SERVER"
    EFFECT_BELOW_FLOOR = "EFFECT_BELOW_FLOOR"
    BACKGROUND_TRAFFIC = "BACKGROUND_TRAFFIC"
    BUDGET_SPENT = "BUDGET_SPENT"
    NETWORK_DEGRADED = "NETWORK_DEGRADED"
    NOT_MEASURED = "NOT_MEASURED"


class Caveat(StrEnum):
    """Said beside a state, never instead of one."""

    BYPASS_ACTIVE = "BYPASS_ACTIVE"
    OPERATOR_UNCERTAIN = "OPERATOR_UNCERTAIN"


class ControlSource(StrEnum):
    """What a verdict was compared with; several are joined by `+` in the exports."""

    CROSS = "cross"
    RESOLVER = "resolver"
    TEST_HELPER = "test_helper"
    PROXY = "proxy"
    BASELINE = "baseline"
    NEUTRAL = "neutral"
    NONE = "none"


class Owed(StrEnum):
    """What else may have to be measured before a verdict stands."""

    ROUND = "round"
    """Another try of the target itself, spaced from the last."""
    RESOLVER = "resolver"
    """The name asked of another resolver from here, and its addresses tried under the name."""
    CONTROL = "control"
    """The target asked for from elsewhere: test helper or proxy."""
    CONTROL_AGAIN = "control_again"
    """The same once more, at least 20 s later."""
    ADDRESSES = "addresses"
    """The addresses that a control or another resolver gave, tried from here under the target's name."""
    CROSS = "cross"
    """The matrix of names and addresses of METHOD section 6."""
    SMALL_SEGMENTS = "small_segments"
    """What ended in silence asked for once more with a smaller TCP_MAXSEG: large packets may be lost."""
    TRANSFER = "transfer"
    """A pair of transfers, or one trial of a freeze (METHOD section 7); paid with nothing else under way."""


SMALL_SEGMENTS = Owed.SMALL_SEGMENTS.value
"""The experiment that pays it, and the arm of its observations."""
MECHANISMS: frozenset[str] = frozenset(
    {
        f"dns.{what}"
        for what in (
            "nxdomain",
            "servfail",
            "refused",
            "no_answer",
            "timeout",
            "bogon",
            "blockpage",
            "injected",
            "hijacked",
            "intercepted",
        )
    }
    | {"ip.unreachable", "tcp.timeout", "tcp.reset", "tcp.refused"}
    | {
        f"tls.{what}{trigger}"
        for what in ("reset", "timeout", "eof", "mitm")
        for trigger in ("", ".sni", ".ip")
    }
    | {
        f"http.{what}{trigger}"
        for what in ("blockpage", "redirect", "reset", "timeout", "eof")
        for trigger in ("", ".host", ".sni", ".ip")
    }
    | {f"quic.{what}{trigger}" for what in ("timeout", "reset") for trigger in ("", ".sni")}
    | {
        f"throughput.{what}{trigger}"
        for what in ("policed", "shaped", "frozen", "lossy", "slow")
        for trigger in ("", ".sni", ".ip")
    }
    | {f"network.{what}" for what in ("none", "shutdown", "domestic_only", "captive_portal", "degraded")}
    | {f"zone.{what}" for what in ("bogus", "lame", "inconsistent", "withdrawn")}
    | {"store.delisted", "vpn.handshake", "vpn.data"}
)
"""Every mechanism a verdict may name: `<layer>.<what>[.<trigger>]`."""
