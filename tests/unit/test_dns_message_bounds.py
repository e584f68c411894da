"""What is read of a DNS message, whoever asked: at most 1,024 records, and those of the internet only."""

import dns.rdatatype
import pytest

from probe.lab.hostile import dns_words as w
from probe.measure import dns_message, zone_message


def replied(n_records: int) -> tuple[str | None, str | None]:
    """The failures that a resolver's client and a zone's client see in a reply of so many addresses."""
    records = [w.record(bytes([93, 184, n >> 8, n & 0xFF])) for n in range(n_records)]
    asked, question = dns_message.query("site.example", "A"), zone_message.question("site.example", "A")
    reply = dns_message.reply_of(w.reply(asked.to_wire(), *records), asked, t=0.0)
    heard = zone_message.heard(w.reply(question.to_wire(), *records), question, t=0.0)
    return reply.failure, heard.failure


@pytest.mark.parametrize(("n_records", "failure"), [(16, None), (1024, "x_dns_reply_unparsable")])
def test_a_message_of_more_records_than_any_answer_needs_is_not_read(
    n_records: int, failure: str | None
) -> None:
    assert replied(n_records) == (failure, failure)


def test_an_answer_of_a_thousand_records_is_read() -> None:
    assert replied(1000)[0] is None


def test_an_address_of_another_class_is_no_address() -> None:
    records = [w.record(b"\0\x12\x34", klass=w.CHAOS)]
    asked = dns_message.query("site.example", "A")
    reply = dns_message.reply_of(w.reply(asked.to_wire(), *records), asked, t=0.0)
    assert (reply.failure, reply.answers) == ("dns_no_answer", ())
    question = zone_message.question("ru", "NS")
    servers = [w.record(w.name(b"a"), kind=w.NS), w.record(b"\0\x12\x34", owner=w.name(b"a"), klass=w.CHAOS)]
    heard = zone_message.heard(w.reply(question.to_wire(), *servers, counts=(1, 1, 0, 1)), question, t=0.0)
    assert heard.message is not None
    zone = heard.message.question[0].name
    assert zone_message.ns_of(heard.message, zone) == ("a",)
    assert zone_message.glue(heard.message, zone) == []
    assert dns.rdatatype.A not in {rrset.rdtype for rrset in heard.message.additional}


def test_what_stands_behind_sixteen_kilobytes_is_not_read() -> None:
    asked = dns_message.query("site.example", "A")
    long = w.record(bytes(20_000), kind=w.TXT)
    failures = [
        dns_message.reply_of(w.reply(asked.to_wire(), *records), asked, t=0.0).failure
        for records in ((w.GOOD, long), (w.GOOD, w.record(bytes(15_000), kind=w.TXT)))
    ]
    assert failures == ["x_dns_reply_unparsable", None]
