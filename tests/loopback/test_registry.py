"""A prefix or AS number at its registry and in the view of routing: facts, and what hostile answers give."""

import gzip
import json
from typing import Any

import pytest
from msgspec import structs

from loopback.elsewhere import Authority
from loopback.registering import AUTNUM, NETWORK, PREFIX_STATUS, STATUS, measured, says
from loopback.tempers import reset, silent
from probe.measure.registry_read import MAX_ANSWER_BYTES, AnswerError, read_file
from probe.model.fact import RegistryAnswer
from probe.store import OwnValues, Redactor


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


def timeless(answer: RegistryAnswer) -> RegistryAnswer:
    return structs.replace(answer, t0=0.0, t=0.0, asked_utc="")


def test_an_as_number_gives_its_registration_and_who_sees_it(ca: Authority) -> None:
    asked: list[str] = []
    m = measured(ca, "AS3333", says(AUTNUM, asked=asked), says(STATUS, asked=asked))
    rdap, stat = m.registry_answers
    assert timeless(rdap) == RegistryAnswer(
        t0=0.0,
        t=0.0,
        failure=None,
        kind="rdap",
        resource="AS3333",
        source="https://rdap.example/autnum/3333",
        status_code=200,
        handle="AS3333",
        status=("active",),
        registered="2002-09-03T11:05:22Z",
        last_changed="2026-06-26T12:44:53Z",
        port43="whois.ripe.net",
    )
    assert timeless(stat) == RegistryAnswer(
        t0=0.0,
        t=0.0,
        failure=None,
        kind="ripestat",
        resource="AS3333",
        source="https://stat.example/data/routing-status/data.json?resource=AS3333",
        status_code=200,
        peers_seeing_v4=328,
        peers_v4=330,
        peers_seeing_v6=338,
        peers_v6=341,
        prefixes_v4=5,
        prefixes_v6=2,
        first_seen="2000-08-17T16:00:00Z",
        last_seen="2026-11-21T16:00:00Z",
        data_utc="2026-11-21T16:00:00Z",
    )
    assert [head.split("\r\n")[0] for head in asked] == [
        "GET /autnum/3333 HTTP/1.1",
        "GET /data/routing-status/data.json?resource=AS3333 HTTP/1.1",
    ]
    assert len(rdap.asked_utc) == len("2026-11-22T01:02:03Z")


def test_a_prefix_gives_its_range_its_country_and_who_announces_it(ca: Authority) -> None:
    rdap, stat = measured(ca, "193.0.0.0/21", says(NETWORK), says(PREFIX_STATUS)).registry_answers
    assert (rdap.handle, rdap.country, rdap.status) == ("193.0.0.0 - 193.0.7.255", "NL", ("active",))
    assert (rdap.source, rdap.registered) == ("https://rdap.example/ip/193.0.0.0/21", "2003-03-17T12:15:57Z")
    assert (stat.origins, stat.peers_seeing_v4, stat.peers_v4, stat.peers_v6) == ((3333,), 328, 330, None)
    assert (stat.prefixes_v4, stat.prefixes_v6) == (None, None)


def test_no_person_of_the_answer_is_in_the_record_and_the_way_there_is_no_observation(ca: Authority) -> None:
    m = measured(ca, "AS3333", says(AUTNUM), says(STATUS))
    assert all(
        word not in repr(m).lower() for word in ("jane", "jd1", "@", "+7 495", "123-45-67", "74951234567")
    )
    assert (m.queries, m.tcp_connect, m.tls_handshakes, m.requests) == ((), (), (), ())
    assert m.bytes_received > len(json.dumps(AUTNUM)) + len(json.dumps(STATUS))


def test_the_range_that_was_named_stays_when_it_is_written(ca: Authority) -> None:
    m = measured(ca, "193.0.0.0/21", says(NETWORK), says(PREFIX_STATUS))
    clean, _ = Redactor(OwnValues(addresses=("192.168.1.7",))).measurement(m, {})
    assert clean.registry_answers == m.registry_answers


def test_a_registry_that_holds_it_not_names_who_may(ca: Authority) -> None:
    moved = says(
        b"",
        status="301 Moved Permanently",
        headers=(("Location", "https://rdap.arin.net/registry/ip/8.0.0.0/9"),),
    )
    rdap, stat = measured(ca, "8.0.0.0/9", moved, says(PREFIX_STATUS)).registry_answers
    assert (rdap.failure, rdap.status_code, rdap.referred_to) == (
        "http_unexpected_status_code",
        301,
        "rdap.arin.net",
    )
    assert (stat.failure, stat.origins) == ("json_parse_error", ())


HOSTILE: dict[str, Any] = {
    "no JSON": b"<html>hello</html>",
    "deep": b'{"objectClassName":"autnum","startAutnum":' + b"[" * 100_000,
    "deep and closed": b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "too large": json.dumps({**AUTNUM, "remarks": "x" * (MAX_ANSWER_BYTES + 1)}).encode(),
    "another resource": {**AUTNUM, "startAutnum": 3334, "endAutnum": 3335},
    "another kind": STATUS,
    "no number": {**AUTNUM, "startAutnum": "three"},
    "a list": [AUTNUM],
    "a number": 7,
    "not UTF-8": b'{"objectClassName": "autnum", "handle": "\xff"}',
    "an enormous number": b'{"objectClassName":"autnum","startAutnum":1' + b"0" * 5000 + b"}",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_answer_is_no_answer_and_costs_no_more_than_its_bound(ca: Authority, what: str) -> None:
    (rdap, stat) = measured(ca, "AS3333", says(HOSTILE[what]), says(STATUS)).registry_answers
    assert (rdap.failure, rdap.status_code, rdap.handle) == ("json_parse_error", 200, "")
    assert stat.failure is None


def test_a_bomb_of_gzip_is_cut_at_the_bound(ca: Authority) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    (rdap, _) = measured(
        ca, "AS3333", says(bomb, headers=(("Content-Encoding", "gzip"),)), says(STATUS)
    ).registry_answers
    assert rdap.failure == "json_parse_error"


def test_fields_of_another_form_are_left_out_one_by_one(ca: Authority) -> None:
    odd = {
        **AUTNUM,
        "handle": "AS3333 <jane@example.org>",
        "status": ["active", 7, "Jane Doe", "x" * 99, *["reserved"] * 50],
        "country": "Netherlands",
        "port43": "\u202ewhois",
        "events": [
            {"eventAction": "registration", "eventDate": "yesterday"},
            7,
            {"eventAction": ["last changed"], "eventDate": 5},
        ],
    }
    wild = {
        **STATUS,
        "data": {"resource": "AS3333", "visibility": {"v4": [1], "v6": {"ris_peers_seeing": -1}}},
    }
    rdap, stat = measured(ca, "AS3333", says(odd), says(wild)).registry_answers
    assert (rdap.failure, rdap.handle, rdap.country, rdap.port43, rdap.registered) == (None, "", "", "", "")
    assert rdap.status == ("active", *["reserved"] * 4)
    assert (stat.failure, stat.peers_seeing_v4, stat.peers_seeing_v6, stat.first_seen) == (
        None,
        None,
        None,
        "",
    )


def test_silence_a_reset_and_nobody_there_are_failures_each_of_its_own(ca: Authority) -> None:
    assert [a.failure for a in measured(ca, "AS3333", reset, silent, plain=True).registry_answers] == [
        "connection_reset",
        "generic_timeout_error",
    ]
    assert [a.failure for a in measured(ca, "AS3333").registry_answers] == ["network_unreachable"] * 2


def test_an_answer_over_another_authoritys_certificate_is_nobodys_word(
    ca: Authority, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = Authority(tmp_path_factory.mktemp("other"), "Other Root")
    (rdap, _) = measured(ca, "AS3333", says(AUTNUM), says(STATUS), served_by=other).registry_answers
    assert (rdap.failure, rdap.handle) == ("ssl_unknown_authority", "")


def test_a_saved_answer_is_kept_as_it_is_and_nobody_is_asked(ca: Authority) -> None:
    saved = read_file(json.dumps(AUTNUM).encode(), "saved.json", "2026-11-20T10:00:00Z")
    m = measured(ca, "AS3333", saved=(saved,))
    assert m.registry_answers == (saved,)
    assert (saved.source, saved.asked_utc, saved.resource) == (
        "file:saved.json",
        "2026-11-20T10:00:00Z",
        "AS3333",
    )
    assert (saved.handle, saved.status, saved.registered) == ("AS3333", ("active",), "2002-09-03T11:05:22Z")
    assert (m.bytes_sent, m.bytes_received) == (0, 0)


def test_a_saved_answer_tells_by_itself_what_it_is_about() -> None:
    assert [
        read_file(json.dumps(each).encode(), "x", "").resource for each in (NETWORK, STATUS, PREFIX_STATUS)
    ] == ["193.0.0.0/21", "AS3333", "193.0.0.0/21"]


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff", b'{"objectClassName":"entity"}'])
def test_a_file_that_is_no_such_answer_is_refused(body: bytes) -> None:
    with pytest.raises(AnswerError):
        read_file(body, "x", "")
