"""Facts: what registries, routing or a path showed, with source and date. No verdict is made of it."""

from typing import Final, Literal

from msgspec import Struct

from probe.model.bounds import Real, Seconds, Whole

FACTS: Final = frozenset({"registry", "path"})
"""Experiments that give facts: their targets are measured once and never judged."""
Registry = Literal["rdap", "ripestat"]
REGISTRIES: Final[tuple[Registry, ...]] = ("rdap", "ripestat")
UNKNOWN_AS: Final = "unknown"
"""An AS number that neither the shipped ranges nor a table of the user's have."""


class RegistryAnswer(Struct, frozen=True, kw_only=True, gc=False):
    """What one service, or a saved file of its answer, said of a prefix or AS number."""

    t0: Seconds
    t: Seconds
    failure: str | None
    kind: Registry
    resource: str
    """`AS3333` or `193.0.0.0/21`."""
    source: str
    """The address that was asked; of a saved file `file:` and its name."""
    asked_utc: str = ""
    """When it was asked; of a saved file when the file was last written."""
    status_code: Whole | None = None
    referred_to: str = ""
    """The host that the service sends us on to, where it does not hold the resource itself."""
    handle: str = ""
    status: tuple[str, ...] = ()
    """RDAP's words: active, reserved, …; at most 8."""
    registered: str = ""
    last_changed: str = ""
    country: str = ""
    port43: str = ""
    """The registry's own name, by its whois server."""
    peers_seeing_v4: Whole | None = None
    peers_v4: Whole | None = None
    peers_seeing_v6: Whole | None = None
    peers_v6: Whole | None = None
    """Collectors' peers in whose routing tables it was, and how many there were."""
    prefixes_v4: Whole | None = None
    prefixes_v6: Whole | None = None
    """Prefixes that an AS announced."""
    origins: tuple[Whole, ...] = ()
    """AS numbers that announced a prefix, at most 8."""
    first_seen: str = ""
    last_seen: str = ""
    data_utc: str = ""
    """Of which moment the routing tables are."""


class PathHop(Struct, frozen=True, kw_only=True, gc=False):
    """What came back from one distance; an address only where it is nothing of the volunteer's network."""

    ttl: Whole
    n_sent: Whole
    rtt_ms: tuple[Real, ...] = ()
    """Of each answer; empty where nobody answered."""
    as_names: tuple[str, ...] = ()
    """Of those who answered, each once: `AS174`, or `unknown`."""
    ips: tuple[str, ...] = ()
    """Of those in an AS that is known and neither the volunteer's nor the first one met."""


class PathTrace(Struct, frozen=True, kw_only=True, gc=False):
    """The routers between here and one address, as far as they answered."""

    t0: Seconds
    t: Seconds
    failure: str | None
    """Null where the address itself answered."""
    ip: str
    port: Whole
    carrier: str = ""
    """`AS174`: behind whom the address lies, as the catalogue says."""
    hops: tuple[PathHop, ...] = ()
    as_table: str = ""
    """Whose word the AS numbers are: `shipped` or `given`, and when that table was made."""
