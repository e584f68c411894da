"""Helpers that stall, cut, send junk or show a stranger's certificate: a failed control each."""

import asyncio
import json
import zlib
from typing import Any

import pytest
from msgspec import structs

from loopback.asking import TARGET, TRUE, answers, says
from loopback.elsewhere import Authority, Session, a_world
from loopback.settings import QUICK, a_session
from loopback.tempers import fin, read_request, reset, response, silent, tls
from probe.measure.control_answer import MAX_ANSWER_BYTES
from probe.model.measurement import Measurement
from probe.model.target import Step


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("stranger"), "Strange Root")


JUNK: dict[str, bytes] = {
    "no json": b"<html>",
    "a list": b"[]",
    "half": json.dumps(TRUE).encode()[:-5],
    "a wrong type": json.dumps({**TRUE, "dns": "x"}).encode(),
    "a wrong inner type": json.dumps({**TRUE, "http_request": {"status_code": "200"}}).encode(),
    "a wrong list": json.dumps({**TRUE, "dns": {"addrs": [1]}}).encode(),
    "depth": b'{"x":' * 100_000 + b"1" + b"}" * 100_000,
    "depth in a known place": b'{"dns":' * 50_000 + b"1" + b"}" * 50_000,
    "no utf-8": b'{"http_request": {"title": "\xff\xfe"}}',
    "ten megabytes": b" " * 10_000_000,
    "one byte too long": b" " * (MAX_ANSWER_BYTES - 1) + b"{}",
}


@pytest.mark.parametrize("what", JUNK)
def test_junk_is_a_json_parse_error(ca: Authority, what: str) -> None:
    (answer,) = answers(ca, tls(ca, says(JUNK[what])))
    assert answer.failure == "json_parse_error"
    assert (answer.dns_addresses, answer.status_code) == ((), None)


def test_the_longest_answer_allowed_is_read(ca: Authority) -> None:
    (answer,) = answers(ca, tls(ca, says(b" " * (MAX_ANSWER_BYTES - 2) + b"{}")))
    assert answer.failure is None


def test_a_bomb_under_gzip_is_refused(ca: Authority) -> None:
    packed = zlib.compressobj(wbits=31)
    bomb = packed.compress(b" " * 50_000_000) + packed.flush()

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(response(bomb, headers=(("Content-Encoding", "gzip"),)))
        await writer.drain()

    (answer,) = answers(ca, tls(ca, session))
    assert answer.failure == "json_parse_error"


async def _cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(response(json.dumps(TRUE).encode())[:-100])
    await writer.drain()


@pytest.mark.parametrize(
    ("helper", "failure"),
    [
        (reset, "connection_reset"),
        (fin, "eof_error"),
        (silent, "generic_timeout_error"),
    ],
)
def test_a_helper_that_breaks_off_the_handshake_is_a_failed_control(
    ca: Authority, helper: Session, failure: str
) -> None:
    (answer,) = answers(ca, helper)
    assert answer.failure == failure


@pytest.mark.parametrize(
    ("inside", "failure"),
    [
        (silent, "generic_timeout_error"),
        (_cut, "eof_error"),
        (says({}, status="500 Internal Server Error"), "http_unexpected_status_code"),
        (says({}, status="301 Moved Permanently"), "http_unexpected_status_code"),
    ],
)
def test_a_helper_that_stalls_cuts_or_refuses_is_a_failed_control(
    ca: Authority, inside: Session, failure: str
) -> None:
    (answer,) = answers(ca, tls(ca, inside))
    assert answer.failure == failure


def test_a_helper_with_a_strangers_certificate_is_not_even_asked(ca: Authority, stranger: Authority) -> None:
    asked: list[tuple[str, Any]] = []
    (answer,) = answers(ca, tls(stranger, says(TRUE, asked=asked)))
    assert (answer.failure, asked) == ("ssl_unknown_authority", [])
    (answer,) = answers(ca, tls(ca, says(TRUE, asked=asked), certificate="else.example"))
    assert (answer.failure, asked) == ("ssl_invalid_hostname", [])


def test_a_helper_whose_name_does_not_resolve_is_a_failed_control(ca: Authority) -> None:
    async def main() -> Measurement:
        options = structs.replace(QUICK, controls=("https://gone.example/",))
        async with a_world(ca) as world, a_session(world, options=options) as session:
            return (await session.measure(Step(target=TARGET, experiment="control"))).measurement

    assert [c.failure for c in asyncio.run(main()).controls] == ["dns_nxdomain_error"]
