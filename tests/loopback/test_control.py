"""The test-helper client: what it asks, how it reads an answer, and to whom it turns when one fails."""

import asyncio
import json
from typing import Any

import pytest
from msgspec import structs

from loopback.asking import HELPER, HELPER_IP, SECOND, SECOND_IP, TARGET, TRUE, answers, ask, says
from loopback.elsewhere import Authority, a_world
from loopback.settings import QUICK, a_session, a_target
from loopback.tempers import read_request, reset, response, tls
from probe.model.measurement import Measurement
from probe.model.target import Step


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


def test_an_answer_is_read_into_the_record(ca: Authority) -> None:
    (answer,) = answers(ca, tls(ca, says(TRUE)))
    assert (answer.failure, answer.kind, answer.control) == (None, "test_helper", HELPER)
    assert answer.url == "https://target.example/path"
    assert (answer.dns_failure, answer.dns_addresses) == (None, ("93.184.215.14", "2606:2800::1"))
    assert [(e.endpoint, e.failure) for e in answer.tcp_connect] == [("93.184.215.14:443", None)]
    assert [(e.server_name, e.failure) for e in answer.tls_handshake] == [("target.example", None)]
    assert (answer.http_asked, answer.http_failure, answer.status_code) == (True, None, 200)
    assert (answer.title, answer.body_length) == ("The page", 5000)
    assert answer.headers == (("Server", "x"), ("Content-Type", "text/html"))
    assert answer.asns == (("93.184.215.14", 15133),)


def test_the_question_holds_the_clients_headers_and_public_addresses_only(ca: Authority) -> None:
    asked: list[tuple[str, Any]] = []
    answers(
        ca, tls(ca, says(TRUE, asked=asked)), addresses=("93.184.215.14", "10.0.0.1", "[2606:2800::1]:443")
    )
    ((head, question),) = asked
    assert question["http_request"] == "https://target.example/path"
    assert question["tcp_connect"] == ["93.184.215.14:443", "[2606:2800::1]:443"]
    assert question["x_quic_enabled"] is False
    assert sorted(question["http_request_headers"]) == ["Accept", "Accept-Language", "User-Agent"]
    assert all(isinstance(values, list) for values in question["http_request_headers"].values())
    assert head.startswith("POST / HTTP/1.1\r\n")
    assert "Host: helper.example\r\n" in head


def test_of_a_quic_target_the_helper_is_asked_to_shake_hands_over_udp(ca: Authority) -> None:
    asked: list[tuple[str, Any]] = []
    said = {"quic_handshake": {"93.184.215.14:443": {"server_name": "target.example", "status": True}}}
    target = a_target("quic://target.example", experiment="quic")
    (answer,) = answers(ca, tls(ca, says({**TRUE, **said}, asked=asked)), target=target)
    ((_, question),) = asked
    assert question["http_request"] == "https://target.example/"
    assert question["x_quic_enabled"] is True
    assert [(e.endpoint, e.server_name, e.failure) for e in answer.quic_handshake] == [
        ("93.184.215.14:443", "target.example", None)
    ]
    assert (answer.http_asked, answer.status_code) == (False, None)


def test_what_a_helper_says_of_quic_is_not_read_for_a_page(ca: Authority) -> None:
    said = {"quic_handshake": {"93.184.215.14:443": {"failure": "generic_timeout_error"}}}
    (answer,) = answers(ca, tls(ca, says({**TRUE, **said})))
    assert answer.quic_handshake == ()


def test_the_way_to_a_helper_is_no_observation_of_the_target_but_its_bytes_are_counted(ca: Authority) -> None:
    (m,) = ask(ca, {HELPER_IP: tls(ca, says(TRUE))})
    assert (m.queries, m.tcp_connect, m.tls_handshakes, m.requests) == ((), (), (), ())
    assert m.bytes_sent > 200
    assert m.bytes_received > len(json.dumps(TRUE))


def test_an_endpoint_without_url_is_asked_for_as_http_and_its_http_part_is_not_read(ca: Authority) -> None:
    asked: list[tuple[str, Any]] = []
    target = a_target("tcp://93.184.215.14:5222", experiment="tcp")
    (answer,) = answers(ca, tls(ca, says(TRUE, asked=asked)), target=target)
    assert asked[0][1]["http_request"] == "http://93.184.215.14:5222/"
    assert asked[0][1]["tcp_connect"] == ["93.184.215.14:5222"]
    assert (answer.http_asked, answer.status_code, answer.title) == (False, None, None)
    assert len(answer.tcp_connect) == 1


LENIENT = {
    "nothing": {},
    "nulls": dict.fromkeys(TRUE),
    "inner nulls": {
        "tcp_connect": {"93.184.215.14:443": None},
        "http_request": {"headers": None, "title": None, "status_code": None},
        "dns": {"addrs": None},
        "ip_info": {"93.184.215.14": None},
    },
    "more than we know": {**TRUE, "later": [{"deep": 1}]},
}


@pytest.mark.parametrize("what", LENIENT)
def test_absent_and_null_parts_are_no_failure(ca: Authority, what: str) -> None:
    (answer,) = answers(ca, tls(ca, says(LENIENT[what])))
    assert answer.failure is None


def test_old_words_for_failures_become_todays_and_impossible_numbers_nothing(ca: Authority) -> None:
    failed = {
        "dns": {"failure": "dns_name_error", "addrs": []},
        "http_request": {"failure": "dns_lookup_error", "status_code": -1, "body_length": -1, "title": ""},
        "tcp_connect": {"93.184.215.14:443": {"status": False, "failure": "connection_refused_error"}},
    }
    (answer,) = answers(ca, tls(ca, says(failed)))
    assert (answer.dns_failure, answer.http_failure) == ("dns_nxdomain_error", "dns_nxdomain_error")
    assert (answer.status_code, answer.body_length, answer.title) == (None, None, None)
    assert answer.tcp_connect[0].failure == "connection_refused"
    (answer,) = answers(ca, tls(ca, says(b'{"http_request": {"status_code": 1' + b"0" * 400 + b"}}")))
    assert (answer.failure, answer.status_code) == (None, None)


def test_an_empty_dns_answer_is_no_answer_rather_than_a_success(ca: Authority) -> None:
    (answer,) = answers(ca, tls(ca, says({"dns": {"failure": None, "addrs": []}})))
    assert answer.dns_failure == "dns_no_answer"


def test_the_next_helper_is_asked_when_the_first_fails_and_both_are_recorded(ca: Authority) -> None:
    (m,) = ask(ca, {HELPER_IP: reset, SECOND_IP: tls(ca, says(TRUE))})
    assert [(c.control, c.failure) for c in m.controls] == [(HELPER, "connection_reset"), (SECOND, None)]


def test_a_helper_that_failed_twice_rests_and_one_that_rests_alone_is_said_to(ca: Authority) -> None:
    found = ask(ca, {HELPER_IP: reset, SECOND_IP: tls(ca, says(TRUE))}, times=3)
    assert [[c.control for c in m.controls] for m in found] == [[HELPER, SECOND], [HELPER, SECOND], [SECOND]]
    alone = ask(ca, {HELPER_IP: reset}, times=3)
    assert [c.failure for m in alone for c in m.controls] == [
        "connection_reset",
        "connection_reset",
        "x_control_resting",
    ]


def test_one_failure_between_successes_lets_no_helper_rest(ca: Authority) -> None:
    turns = iter([False, True, False, True, False])
    good = tls(ca, says(TRUE))

    async def moody(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await (good if next(turns) else reset)(reader, writer)

    found = ask(ca, {HELPER_IP: moody}, times=5)
    assert [c.failure for m in found for c in m.controls] == [
        "connection_reset",
        None,
        "connection_reset",
        None,
        "connection_reset",
    ]


def test_at_most_two_requests_at_once_reach_a_helper(ca: Authority) -> None:
    now, most = 0, 0

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await read_request(reader)
        await asyncio.sleep(0.8)
        now -= 1
        writer.write(response(b"{}"))
        await writer.drain()

    async def main() -> list[str | None]:
        options = structs.replace(QUICK, controls=(HELPER,))
        async with a_world(ca) as world:
            world.names["helper.example"] = (HELPER_IP,)
            await world.serve(HELPER_IP, 443, tls(ca, slow))
            async with a_session(world, options=options) as session:
                step = Step(target=TARGET, experiment="control")
                found = await asyncio.gather(*(session.measure(step) for _ in range(5)))
                return [c.failure for m in found for c in m.measurement.controls]

    assert asyncio.run(main()) == [None] * 5
    assert most == 2


def test_environment_proxies_never_divert_a_control(ca: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    (answer,) = answers(ca, tls(ca, says(TRUE)))
    assert answer.failure is None


def test_nothing_is_asked_without_a_control(ca: Authority) -> None:
    async def main() -> Measurement:
        async with a_world(ca) as world, a_session(world) as session:
            return (await session.measure(Step(target=TARGET, experiment="control"))).measurement

    m = asyncio.run(main())
    assert (m.controls, m.bytes_sent) == ((), 0)


def test_a_name_in_another_script_is_sent_in_ascii_and_recorded_as_written(ca: Authority) -> None:
    asked: list[tuple[str, Any]] = []
    target = a_target("https://пример.рф/стр?ы=1")
    (answer,) = answers(ca, tls(ca, says(TRUE, asked=asked)), target=target)
    assert asked[0][1]["http_request"] == "https://xn--e1afmkfd.xn--p1ai/%D1%81%D1%82%D1%80?%D1%8B=1"
    assert answer.url == "https://пример.рф/стр?ы=1"


@pytest.mark.parametrize("url", ["https://x.example:99999/", "https:///", "http://a b/"])
def test_a_url_that_cannot_be_asked_for_is_a_failed_control_and_no_fault(ca: Authority, url: str) -> None:
    (answer,) = answers(ca, tls(ca, says(TRUE)), target=a_target(url))
    assert answer.failure == "http_request_failed"
