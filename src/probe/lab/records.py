"""The lab's words: what a site answers, what a censor does to whom, and what judging must say of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Literal, Protocol

from msgspec import Struct, field

if TYPE_CHECKING:
    from probe.lab.hostile.records import Misbehaviour
    from probe.model.target import Service, Target

Stage = Literal["query", "syn", "hello", "quic", "request", "flow"]
"""Where on a flow's way a censor looks: the DNS question, the SYN, the ClientHello, that of QUIC, the HTTP
request; `flow`: how fast its bytes pass once the ClientHello has shown the name."""


class CatalogueLike(Protocol):
    """What the lab needs of a catalogue; `probe.targets.Catalogue` is one."""

    @property
    def services(self) -> tuple[Service, ...]:
        """Return the services with their targets."""
        ...

    @property
    def neutrals(self) -> tuple[Target, ...]:
        """Return the neutral set."""
        ...

    @property
    def network(self) -> tuple[Target, ...]:
        """Return the portal checks and the sinkhole."""
        ...

    @property
    def resolvers(self) -> tuple[Target, ...]:
        """Return the public resolvers used for comparison."""
        ...

    @property
    def helpers(self) -> tuple[str, ...]:
        """Return the URLs of public test helpers."""
        ...

    @property
    def ranges(self) -> Mapping[str, tuple[str, ...]]:
        """Return CIDRs by range name."""
        ...


class Place(Struct, frozen=True, kw_only=True):
    """Where a connection was meant to go, whatever loopback port it really reached."""

    address: str
    port: int


class Request(Struct, frozen=True, kw_only=True):
    """One HTTP request as the lab's server read it. Header names are lower case."""

    method: str
    path: str
    host: str
    headers: Mapping[str, str]
    body: bytes
    place: Place
    is_tls: bool = False
    server_name: str | None = None


class Wire(Protocol):
    """The server's end of a connection: plain TCP or TLS over it."""

    place: Place

    async def read(self, size: int) -> bytes:
        """Return at most `size` bytes; empty at the end of the stream."""
        ...

    async def write(self, data: bytes | memoryview) -> None:
        """Send all of it."""
        ...

    async def close(self) -> None:
        """End the stream in good order: close_notify where there is TLS, then FIN."""
        ...

    def reset(self) -> None:
        """End the connection with a real RST."""
        ...


Act = Callable[[Wire], Awaitable[None]]
"""Takes over a connection and does as it likes; the connection is closed when it returns."""


class Answer(Struct, frozen=True, kw_only=True):
    """One HTTP answer, or `act` for what no honest server would send."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    delay_s: float = 0.0
    act: Act | None = None


Answerer = Callable[[Request], Answer]


class Speed(Struct, frozen=True, kw_only=True):
    """How fast the bytes of one connection pass towards the client, handshake included."""

    how: Literal["police", "shape", "freeze"]
    """police: `n_bytes` at once, then lumps at the rate with silence between, as TCP sends through a
    dropping policer; shape: `n_bytes` at once, then evenly at the rate; freeze: `n_bytes`, then silence."""
    rate_bps: float = 0.0
    n_bytes: int = 0


LINK = Speed(how="shape", rate_bps=8e6, n_bytes=14_600)
"""The volunteer's link, from the second flight on: so slow that a busy event loop hardly shows in a rate."""


class Site(Struct, frozen=True, kw_only=True):
    """How the servers of a name truly are, for everybody: the test helper sees this and no censor."""

    answer: Answerer | None = None
    """None: the name's own page."""
    only_here: bool = False
    """Whether `answer` is for this user alone and everybody else gets the name's own page."""
    certificate: str = "good"
    """A variant of `ca.Authority.chain`."""
    syn: str = ""
    """"" when it listens; drop, reset or unreachable when it is down."""
    hello: str = ""
    """"" when it shakes hands; else a word of `injected.STRIKES`."""
    dead: int = 0
    """How many of its IPv4 addresses, from the first, are silent."""
    dns: str = ""
    """"" when the name resolves; else nxdomain, servfail, bogus or empty."""
    speed: Speed | None = None
    """How slow its servers are by themselves."""
    speed_of: Literal["all", "own"] = "all"
    """own: only under the names that live there; other names meet another, faster backend."""
    large: Literal["", "none", "short"] = ""
    """What stands where the catalogue says that a large object does: that object, 404, or a few bytes."""
    quic: Literal["", "none", "other-version"] = ""
    """"" when it answers QUIC version 1; none when nobody does; other-version when it speaks another only."""
    own_names_only: bool = False
    """Whether a request over a ClientHello with a stranger's name gets 421."""


class Broken(Struct, frozen=True, kw_only=True):
    """How a zone truly is, for everybody, where it is not as it should be."""

    bogus: bool = False
    """Its signatures are made with a key that its DS record does not name."""
    expired: bool = False
    withdrawn: bool = False
    """The root denies it, and signs that."""
    lame: tuple[str, ...] = ()
    """Names of servers that do not serve it."""
    behind: tuple[str, ...] = ()
    """Names of servers whose serial number is old."""


class Rule(Struct, frozen=True, kw_only=True):
    """One thing a censor does, and to what.

    `names` and `unless` hold host names (each covers its subdomains), `*`, `@<service id>` or
    `@<neutral group>`. At the stage `syn` a name stands for its addresses.
    """

    stage: Stage
    what: str
    """query: nxdomain, refused, servfail, silence, empty, forge, forge_first, nxdomain_first, intercept,
    slow, wrong_id, garbage, half, question; syn: pass, drop, reset, unreachable; hello: mitm or a word of
    `injected.STRIKES`; quic: drop (Initials), drop_all (all of it); request: reset, drop, fin, page,
    redirect; flow: slow."""
    names: tuple[str, ...] = ("*",)
    unless: tuple[str, ...] = ()
    at: tuple[str, ...] = ()
    """Only at addresses of these names (patterns as above); empty is anywhere."""
    addresses: tuple[str, ...] = ()
    """Only at these literal destinations, of a query the resolver's; empty is any."""
    ports: tuple[int, ...] = ()
    transports: tuple[str, ...] = ()
    """query: udp, tcp, dot, doh; empty is any."""
    over: Literal["plain", "tls", "both"] = "plain"
    """request: whether it looks into plain HTTP, or knows the name of a TLS flow."""
    flows: float = 1.0
    """The share of flows it acts on; which ones is settled by the lab's seed."""
    residual_s: float = 0.0
    """hello: for how long after a hit every ClientHello to that address meets silence."""
    detail: str = ""
    """A forged address, an issuer, the name of a page, a URL."""
    speed: Speed | None = None
    """flow: how fast its bytes pass."""


class Expected(Struct, frozen=True, kw_only=True):
    """What judging must say of a service or a target in this scenario.

    An empty mechanism or reason means that none may stand there, `*` that any may; `?` is any one word of a
    mechanism; `located` "" is unchecked.
    """

    subject: str
    """A service id, the input of a target, or `network`."""
    state: str
    mechanism: str = ""
    located: str = ""
    reason_code: str = ""
    confirmed: bool | None = None
    """None: unchecked."""

    def allows(self, mechanism: str) -> bool:
        """Say whether this mechanism may stand there."""
        wanted, found = self.mechanism.split("."), mechanism.split(".")
        alike = len(wanted) == len(found) and all(w in ("?", f) for w, f in zip(wanted, found, strict=True))
        return self.mechanism == "*" or alike


class Scenario(Struct, frozen=True, kw_only=True):
    """A world to measure in, and what an honest measurement says there."""

    name: str
    title: str
    services: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    sites: Mapping[str, Site] = field(default_factory=dict)
    expected: tuple[Expected, ...] = ()
    twin: str = ""
    """The scenario that looks alike and is innocent (or, for a twin, the guilty one)."""
    options: Mapping[str, object] = field(default_factory=dict)
    """Overrides for `RunOptions`."""
    families: tuple[int, ...] = (4, 6)
    """IP versions that have a route."""
    nat64: bool = False
    fake_ip: bool = False
    clock_shift_s: float = 0.0
    """What this machine's clock shows, less the truth."""
    helper: str = ""
    """"" answers truly; fails, refuses, lies or silent otherwise."""
    transfers: str = ""
    """The helpers' transfers: "" are served; none, silent, junk (to the question where), certificate (another
    than the one told), down, cut, stall, lies (of the bytes signed for) otherwise."""
    urls: tuple[str, ...] = ()
    """Inputs measured beside the services, as by `--url`."""
    page_bytes: int = 0
    """How long everybody's own page is at least; of two kilobytes nobody can tell how fast they came."""
    calibration: float | None = None
    """What a baseline from an uninterfered network knows of the pairs of all targets; None: there is none."""
    link: Speed | None = LINK
    """How fast each connection is for the volunteer, whoever it leads to; None is as fast as loopback."""
    zones: Mapping[str, Broken] = field(default_factory=dict)
    """Zones that are not sound, by name."""
    askers: Mapping[str, str] = field(default_factory=dict)
    """From which address single resolvers ask other servers, where it is not one of their owner's."""
    peers: tuple[Misbehaviour, ...] = ()
    """Rows of the hostile corpus, each with a host of its own."""
    variety: bool = False
    """Whether names resolve to other, equally true addresses at other resolvers, as with a CDN."""
