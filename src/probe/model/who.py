"""Who answers for a resolver: of the address that it asks from, only whether it is its owner's."""

from typing import Literal

from msgspec import Struct

from probe.model.bounds import Seconds, Whole

Whence = Literal["", "owner", "elsewhere"]
"""Whether the asker's address lies in the published ranges of the resolver's owner, or in the AS of the
resolver's own address; empty: nobody told."""
WhoTransport = Literal["udp", "tcp", "dot", "doh"]
ARM = "who"
"""The arm of connections that were opened for such a question: they are no tries of the target."""


class WhoAnswer(Struct, frozen=True, kw_only=True, gc=False):
    """One question for a name that answers with its asker's address, put to one resolver.

    The address itself is nowhere: it may be that of the volunteer, or of whoever forwards for him.
    """

    t0: Seconds
    t: Seconds
    failure: str | None
    ip: str
    """The resolver that was asked, or the address where nothing lives."""
    transport: WhoTransport
    question: str
    """`name TYPE`."""
    whence: Whence = ""
    prefix: str = ""
    """The published range in which the address lies; empty for any other."""
    asn: Whole = 0
    """The AS number of the address, where the table of the user's or the shipped ranges have it."""
