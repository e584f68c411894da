"""What is asked about: targets, the services they belong to, and single steps."""

from typing import Final, Literal

from msgspec import Struct

from probe.model.fact import RegistryAnswer
from probe.model.transfer import Arms, Purpose, TransferPlan
from probe.model.words import Owed, Risk

Rule = Literal["any", "all", "essential"]
MIRROR: Final = "mirror"
"""The role of an endpoint that shows at another name what another endpoint of its service does."""
NeutralGroup = Literal["", "domestic_listed", "domestic_unlisted", "foreign_frozen", "foreign"]


class Target(Struct, frozen=True, kw_only=True, gc=False):
    """One thing a user wants to reach.

    `target_id` is a stable name ("twitter/web"), never an address: endpoints rotate, and a rotated
    endpoint must not look like a new target. `input` stands exactly as its author wrote it; the
    inputs understood are `https://`, `http://`, `quic://host`, `tcp://host:port`, `dns+udp://`,
    `dns+tcp://`, `dns+tls://` and `dns+quic://ip:port`, `zone://ru`, and `wireguard://`, `openvpn+udp://`,
    `openvpn+tcp://`, `obfs4://`, `tor://` and `stun://host:port`.
    """

    target_id: str
    service: str
    input: str
    experiment: str
    """A key of `measure.experiments.EXPERIMENTS`: web, quic, tcp, http_any, dns, zone, vpn."""
    role: str = "web"
    category_code: str = "MISC"
    """Citizen Lab's category."""
    risk: Risk = Risk.LOW
    essential: bool = False
    country: str = ""
    """ISO 3166-1 of the operator of the target; empty when nobody said."""
    is_control: bool = False
    neutral_group: NeutralGroup = ""
    large_object: str = ""
    """A path, at this host, to an object of more than a megabyte: what transfers fetch."""
    paired: Literal["", "own", "name"] = ""
    """How it is examined for throttling whatever the pages show: `own`, its large object under its own and a
    neutral name; `name`, its name at a neutral server. Empty: only where a page came slowly."""
    no_object: str = ""
    """Why no large object is named, in one sentence."""
    any_name: bool = False
    """Whether this neutral serves whatever name the ClientHello bears."""
    quic: bool = False
    """Whether this neutral speaks HTTP/3 over UDP/443."""
    addresses: tuple[str, ...] = ()
    """Literal addresses that the catalogue states for a name (a DoH server's, say)."""
    server_name: str = ""
    """The name for the ClientHello where the input is an address; of a resolver asked over plain DNS the one
    that it is asked under over TLS, to compare."""
    ranges: tuple[str, ...] = ()
    """Names of shipped address ranges that belong to the service itself (google, meta, …)."""
    private_ca: str = ""
    """Name of a shipped private authority under which this target's certificates stand."""
    question: str = ""
    """For a DNS target: `name TYPE` to ask for instead of neutral names ("ru SOA"); for a zone the name of
    something below it, which controls elsewhere are asked about."""
    carrier: str = ""
    """For a path: the AS number of the carrier behind whom the address lies, `AS174`."""
    registries: tuple[str, ...] = ()
    """For a prefix or AS number: who is asked, `rdap URL` or `ripestat URL` each."""
    who: tuple[str, ...] = ()
    """For a resolver: `name TYPE` that answers with the address which asked; its owner asks from `ranges`."""
    roots: tuple[str, ...] = ()
    """For a zone: the root servers, `name address` each."""
    servers: tuple[str, ...] = ()
    """For a zone: its own servers, `name address` each; for a tunnel or a STUN server: neutral STUN servers,
    `host:port` each."""
    control_app: str = ""
    """For an app in a shop: another that the shop offers everywhere, in the shop's own spelling."""
    elsewhere: str = ""
    """For an app in a shop: the storefront it is compared with, ISO 3166-1 in lower case."""
    dated: str = ""
    source: str = ""


class Service(Struct, frozen=True, kw_only=True, gc=False):
    """A system that a letter names: its targets, and the rule by which they roll up."""

    service: str
    title: str
    rule: Rule
    risk: Risk
    targets: tuple[Target, ...]
    default: bool = True
    """Whether a run that names no service measures it."""


class Step(Struct, frozen=True, kw_only=True, gc=False):
    """Measure one target once.

    The fields after `round` steer single experiments: `addresses` are tried beside those the resolver
    gives; `neutrals` are the arms of a cross experiment; `reason` is the debt the step pays.
    """

    target: Target
    experiment: str
    round: int = 0
    addresses: tuple[str, ...] = ()
    neutrals: tuple[Target, ...] = ()
    not_before_s: float = 0.0
    """Seconds since the run began."""
    reason: Owed | None = None
    transfer: TransferPlan | None = None
    """For the experiment `throughput`."""
    saved: tuple[RegistryAnswer, ...] = ()
    """For the experiment `registry`: answers out of files, in whose place nobody is asked."""


class Debt(Struct, frozen=True, kw_only=True, gc=False):
    """What the verdict on a target still needs, and why, in one sentence."""

    target_id: str
    what: Owed
    why: str
    not_before_s: float = 0.0
    addresses: tuple[str, ...] = ()
    """For ADDRESSES and CROSS: which."""
    server_name: str = ""
    """For CROSS: the name that fails."""
    neutral_name: str = ""
    """For TRANSFER: the neutral name that a baseline knows the target's beside, where it answers here."""
    plain: bool = False
    """For CROSS: over plain HTTP with the Host header rather than the ClientHello."""
    url: str = ""
    """For RESOLVER and CONTROL: the redirect hop concerned; empty means the target's own input."""
    arms: Arms = ""
    """For TRANSFER: which pair; `url` is the object, `addresses` holds the one where it lies."""
    purpose: Purpose = "pair"
    test: int = 0
    number: int = 0
    n_bytes: int = 0
    """For TRANSFER with the purpose `elsewhere`: how many bytes the freeze let through."""
