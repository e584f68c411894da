"""The quick reader of usual DNS replies agrees with dnspython, whatever the bytes."""

import dns.flags
import dns.message
import dns.name
import dns.rrset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probe.measure import dns_message
from probe.measure.dns_usual import usual_reply
from probe.model.observation import DNSReply

NAME = "www.site.example"
DATA = {"A": ("192.0.2.1", "192.0.2.77"), "AAAA": ("2001:db8::1", "::ffff:192.0.2.1", "::")}


def a_reply(
    rdtype: str, *data: str, ttl: int = 300, edns: bool = True, name: str = NAME
) -> tuple[bytes, bytes]:
    """Return a query and a reply to it."""
    asked = dns_message.query(NAME, rdtype)
    reply = dns.message.make_response(asked, recursion_available=True)
    if not edns:
        reply.use_edns(False)
    for each in data:
        reply.answer.append(dns.rrset.from_text(f"{name}.", ttl, "IN", rdtype, each))
    return dns_message.wire_of(asked), reply.to_wire()


def both(query: bytes, wire: bytes) -> tuple[DNSReply | None, DNSReply]:
    """Read a reply quickly, and by dnspython alone."""
    quick = usual_reply(wire, query, t=1.0, ip_ttl=64)
    asked = dns.message.from_wire(query)
    try:
        message = dns.message.from_wire(wire, ignore_trailing=True)
        slow = dns_message._read(message, asked, len(wire), 1.0, 64)  # what reply_of falls back on
    except Exception:  # noqa: BLE001  # as reply_of does
        slow = DNSReply(t=1.0, failure="x_dns_unparsable", ip_ttl=64, n_bytes=len(wire))
    return quick, slow


@pytest.mark.parametrize("rdtype", DATA)
@pytest.mark.parametrize("edns", [True, False])
def test_the_usual_reply_is_read_as_dnspython_reads_it(rdtype: str, *, edns: bool) -> None:
    for n in range(1, len(DATA[rdtype]) + 1):
        quick, slow = both(*a_reply(rdtype, *DATA[rdtype][:n], edns=edns))
        assert quick == slow
        assert slow.answers == DATA[rdtype][:n]


@pytest.mark.parametrize(
    "wire",
    [
        a_reply("A")[1],
        a_reply("A", "192.0.2.1", name="other.example")[1],
        a_reply("A", "192.0.2.1")[1][:-12],
        a_reply("AAAA", "2001:db8::1")[1],
    ],
    ids=["empty", "another name", "cut", "another type"],  # their bytes hold a number drawn anew
)
def test_any_other_reply_is_left_to_dnspython(wire: bytes) -> None:
    query = dns_message.wire_of(dns_message.query(NAME, "A"))
    assert usual_reply(query[:2] + wire[2:], query, t=1.0, ip_ttl=None) is None


@given(st.data())
@settings(max_examples=600, deadline=None)
def test_whatever_bytes_are_changed_the_quick_reader_says_the_same_or_nothing(data: st.DataObject) -> None:
    rdtype = data.draw(st.sampled_from(sorted(DATA)))
    values = data.draw(st.lists(st.sampled_from(DATA[rdtype]), min_size=1, max_size=4))
    query, wire = a_reply(rdtype, *values, edns=data.draw(st.booleans()))
    changed = bytearray(wire)
    for _ in range(data.draw(st.integers(0, 2))):
        changed[data.draw(st.integers(2, len(changed) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, 3))
    quick, slow = both(query, bytes(changed[: len(changed) - cut]) + data.draw(st.binary(max_size=3)))
    assert quick in (None, slow)


def test_two_queries_for_one_name_differ_by_their_id_alone() -> None:
    one, other = dns_message.query(NAME, "A", number=1), dns_message.query(NAME, "A", number=65535)
    assert dns_message.wire_of(one) == one.to_wire()
    assert dns_message.wire_of(other) == other.to_wire() == b"\xff\xff" + one.to_wire()[2:]
    assert one.flags == dns.flags.RD | dns.flags.AD
    assert dns_message.query(NAME, "A", checking_disabled=True).flags == one.flags | dns.flags.CD
