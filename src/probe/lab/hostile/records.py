"""A row of the corpus: one way to misbehave, where its peer stands, and exactly what must be said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MIB: Final = 1 << 20

Door = Literal[
    "dns", "dns-tcp", "dot", "doh", "doq", "syn", "accept", "hello", "certificate",
    "tls", "http", "https", "h2", "quic", "h3", "helper",
]  # fmt: skip
"""What the client is doing when it meets the peer, and with that what the row's `peer` is:

dns, doq          (query) -> [(seconds to wait, message), ...]; over UDP, over QUIC
dns-tcp, dot      async (wire, query): a whole query has been read; over TCP, within TLS
doh               (Request) -> Answer: the query was POSTed, and is the request's body
syn               drop, reset or unreachable
accept            async (wire): a TCP connection was made, nothing was read; the client says GET
hello             async (wire): the ClientHello came, whole, and is there to be read
certificate       (Authority, host) -> ssl.SSLContext to shake hands with; a page follows
tls               async (wire): within TLS for HTTP/1.1, nothing was read; the client says GET
http, https       (Request) -> Answer, in clear or within TLS for HTTP/1.1
h2                async (wire): within TLS for HTTP/2, nothing was read
quic              (datagram, send): each datagram to port 443; `send(bytes)` goes back to whoever sent it
h3                (aioquic's server connection, stream_handler=None) -> QuicConnectionProtocol
helper            (Request) -> Answer, as a test helper, within TLS for HTTP/1.1
"""


class Misbehaviour(Struct, frozen=True, kw_only=True):
    """One hostile peer, and what must come out when a probe that waits a second meets it."""

    name: str
    """Layer, dot, words joined by underscores: `dns.wrong_id`."""
    does: str
    """One sentence, without its subject: "Answers under another id."."""
    door: Door
    peer: Callable[..., Any] | str
    failure: str | None
    """The exact failure string of the observation; None: survived."""
    facts: Mapping[str, object] = field(default_factory=dict)
    """Further fields of the observation, exact."""
    seen_in: str = ""
    """The observations that tell of it, where they are not those that its door is known by."""
    path: str = "/"
    within_s: float = 2.0
    """The observation takes no longer, of a probe whose patience is one second."""
    memory: int = 4 * MIB
    """Python holds no more bytes at any moment, above what it held before; the peer's own included."""

    @property
    def host(self) -> str:
        """The host name of its peer in the lab."""
        layer, _, word = self.name.replace("_", "-").partition(".")
        return f"{word}.{layer}.probe-lab.example"
