"""Signatures from the trust anchor down to a zone's start of authority, over messages never sent."""

import dns.dnssec
import dns.message
import dns.name
import dns.rdatatype
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from probe.lab.records import Broken
from probe.lab.zones import Zones, _root_zone, anchor
from probe.measure import zone_chain, zone_message
from probe.measure.zone_chain import Delegation
from probe.model import failure as f
from probe.targets import read_catalogue

RU = dns.name.from_text("ru")
ROOT_SERVER, SERVER = "198.41.0.4", "193.232.128.6"
DAY_S = 86_400


@pytest.fixture(scope="module")
def zones() -> Zones:
    made = Zones()
    for target in read_catalogue().service("zone-ru").targets:
        made.take(target)
    return made


def asked(zones: Zones, address: str, name: str, rdtype: str, **broken: Broken) -> dns.message.Message:
    question = zone_message.question(name, rdtype)
    heard = zone_message.heard(zones.reply(question, address, broken), question, t=0.0)
    assert heard.message is not None
    return heard.message


def keys_of_root(zones: Zones) -> dns.rrset.RRset:
    found = zone_chain.root_keys(asked(zones, ROOT_SERVER, ".", "DNSKEY"), [anchor()])
    assert found is not None
    return found[0]


def delegation(zones: Zones, **broken: Broken) -> Delegation:
    found = zone_chain.delegation(asked(zones, ROOT_SERVER, "ru", "NS", **broken), RU, keys_of_root(zones))
    assert found is not None
    assert found.ds is not None
    return found


def test_a_sound_chain_holds_from_the_root_to_the_start_of_authority(zones: Zones) -> None:
    ds = delegation(zones).ds
    assert ds is not None
    found = zone_chain.zone_keys(asked(zones, SERVER, "ru", "DNSKEY"), RU, ds)
    assert found is not None
    window = zone_chain.authority(asked(zones, SERVER, "ru", "SOA"), RU, found[0])
    assert window is not None
    assert window[1] - window[0] == 15 * DAY_S


def test_the_real_roots_anchor_does_not_vouch_for_another_root(zones: Zones) -> None:
    message = asked(zones, ROOT_SERVER, ".", "DNSKEY")
    assert zone_chain.root_keys(message, read_catalogue().trust_anchors) is None
    assert zone_chain.root_keys(message, ["62596 15 2 00", "1 15 9 00"]) is None


def test_keys_that_the_ds_record_does_not_name_are_nobodys(zones: Zones) -> None:
    ds = delegation(zones).ds
    assert ds is not None
    message = asked(zones, SERVER, "ru", "DNSKEY", ru=Broken(bogus=True))
    assert zone_chain.zone_keys(message, RU, ds) is None


def test_signatures_that_have_run_out_hold_and_tell_their_window(zones: Zones) -> None:
    ds = delegation(zones).ds
    assert ds is not None
    then = zone_chain.zone_keys(asked(zones, SERVER, "ru", "DNSKEY", ru=Broken(expired=True)), RU, ds)
    now = zone_chain.zone_keys(asked(zones, SERVER, "ru", "DNSKEY"), RU, ds)
    assert then is not None
    assert now is not None
    assert now[1][1] - then[1][1] == pytest.approx(40 * DAY_S, abs=60)


def test_a_start_of_authority_changed_on_the_way_is_not_signed(zones: Zones) -> None:
    ds = delegation(zones).ds
    assert ds is not None
    keys = zone_chain.zone_keys(asked(zones, SERVER, "ru", "DNSKEY"), RU, ds)
    assert keys is not None
    message = asked(zones, SERVER, "ru", "SOA")
    soa = zone_message.rrset_of(message, RU, dns.rdatatype.SOA)
    assert soa is not None
    changed = replace_serial(message, soa)
    assert zone_chain.authority(changed, RU, keys[0]) is None


def replace_serial(message: dns.message.Message, soa: dns.rrset.RRset) -> dns.message.Message:
    other = soa[0].replace(serial=1)
    message.answer[message.answer.index(soa)] = dns.rrset.from_rdata(RU, 60, other)
    return message


def test_a_denial_is_proven_by_the_roots_signature_only(zones: Zones) -> None:
    keys = keys_of_root(zones)
    gone = asked(zones, ROOT_SERVER, "ru", "NS", ru=Broken(withdrawn=True))
    assert zone_chain.denied(gone, RU, keys)
    assert zone_chain.delegation(gone, RU, keys) is None
    gone.authority = [rrset for rrset in gone.authority if rrset.rdtype != dns.rdatatype.RRSIG]
    assert not zone_chain.denied(gone, RU, keys)


def test_a_delegation_without_ds_needs_the_roots_word_for_it(zones: Zones) -> None:
    keys = keys_of_root(zones)
    message = asked(zones, ROOT_SERVER, "ru", "NS")
    message.authority = [r for r in message.authority if r.rdtype == dns.rdatatype.NS]
    assert zone_chain.delegation(message, RU, keys) is None


def test_a_zone_of_which_the_root_says_that_it_has_no_ds_is_insecure(zones: Zones) -> None:
    message = asked(zones, ROOT_SERVER, "ru", "NS")
    message.authority = [r for r in message.authority if r.rdtype == dns.rdatatype.NS]
    nsec = dns.rrset.from_text(RU, 60, "IN", "NSEC", "rw. NS RRSIG NSEC")
    _root_zone().sign(message.authority, nsec)
    found = zone_chain.delegation(message, RU, keys_of_root(zones))
    assert found is not None
    assert found.ds is None
    message.authority.clear()
    _root_zone().sign(message.authority, dns.rrset.from_text(RU, 60, "IN", "NSEC", "rw. NS DS RRSIG NSEC"))
    assert zone_chain.delegation(message, RU, keys_of_root(zones)) is None


def test_what_is_common_to_windows_is_the_narrowest() -> None:
    assert zone_chain.common([(1, 9), (3, 12)]) == (3, 9)
    assert zone_chain.common([]) == zone_chain.EVER


def test_more_keys_than_any_zone_has_are_not_tried(zones: Zones) -> None:
    message = asked(zones, ROOT_SERVER, ".", "DNSKEY")
    keys = message.answer[0]
    for number in range(zone_message.MAX_RECORDS + 1):
        keys.add(keys[0].replace(flags=number))
    assert zone_message.rrset_of(message, dns.name.root, dns.rdatatype.DNSKEY) is None
    assert zone_chain.root_keys(message, [anchor()]) is None


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 400))
def test_whatever_comes_back_is_read_or_named(junk: bytes, at: int) -> None:
    question = zone_message.question("ru", "SOA")
    wire = bytearray(question.to_wire())
    wire[2] |= 0x80
    whole = bytes(wire[:at]) + junk + bytes(wire[at:])
    heard = zone_message.heard(whole, question, t=0.0)
    assert heard.failure is not None
    assert heard.size == len(whole)


def test_a_question_to_a_name_server_wants_signatures_and_no_recursion() -> None:
    question = zone_message.question("ru", "NS")
    assert not question.flags & dns.flags.RD
    assert question.ednsflags & dns.flags.DO
    assert question.payload == 1232


def test_an_answer_to_another_question_is_none(zones: Zones) -> None:
    question = zone_message.question("ru", "SOA")
    other = zone_message.question("su", "SOA")
    other.id = question.id
    heard = zone_message.heard(zones.reply(other, SERVER, {}), question, t=0.0)
    assert heard.failure == f.X_DNS_WRONG_QUESTION
    assert not heard.is_answer
    assert replace(heard, failure=None).is_answer
