"""Connections to helpers: shared by the questions of a session, gone when it ends."""

import asyncio

import pytest
from msgspec import structs

from loopback.asking import HELPER_IP, TARGET
from loopback.elsewhere import Authority, Session, a_world
from loopback.settings import QUICK, a_session
from loopback.tempers import read_request, response
from probe.model.measurement import Measurement
from probe.model.target import Step

URL = "http://helper.example/"


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


class Helper:
    """Answers `per_connection` questions on each connection, then hangs up without a word."""

    def __init__(self, per_connection: int, body: bytes = b'{"dns": {"addrs": ["93.184.215.14"]}}') -> None:
        self.per_connection = per_connection
        self.body = body
        self.connections = 0
        self.open = 0
        self.questions = 0

    async def session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        try:
            for _ in range(self.per_connection):
                await read_request(reader)
                self.questions += 1
                await asyncio.sleep(0.03)
                writer.write(response(self.body).replace(b"Connection: close\r\n", b""))
                await writer.drain()
        finally:
            self.open -= 1


def ask(ca: Authority, helper: Session, number: int, timeout_s: float = 3.0) -> list[Measurement]:
    async def main() -> list[Measurement]:
        options = structs.replace(QUICK, controls=(URL,), timeout_s=timeout_s)
        async with a_world(ca) as world:
            world.names["helper.example"] = (HELPER_IP,)
            await world.serve(HELPER_IP, 80, helper)
            async with a_session(world, options=options) as session:
                step = Step(target=TARGET, experiment="control")
                found = await asyncio.gather(*(session.measure(step) for _ in range(number)))
            await asyncio.sleep(0.05)
            return [m.measurement for m in found]

    return asyncio.run(main())


def test_questions_that_queue_share_two_connections_and_none_is_left_open(ca: Authority) -> None:
    helper = Helper(1000)
    found = ask(ca, helper.session, 40)
    assert [c.failure for m in found for c in m.controls] == [None] * 40
    assert (helper.questions, helper.connections, helper.open) == (40, 2, 0)
    assert all(m.bytes_sent > 100 and m.bytes_received > 30 for m in found)


def test_questions_that_come_one_after_another_share_one_connection(ca: Authority) -> None:
    helper = Helper(1000)

    async def main() -> None:
        options = structs.replace(QUICK, controls=(URL,))
        async with a_world(ca) as world:
            world.names["helper.example"] = (HELPER_IP,)
            await world.serve(HELPER_IP, 80, helper.session)
            async with a_session(world, options=options) as session:
                for _ in range(5):
                    await session.measure(Step(target=TARGET, experiment="control"))
                assert (helper.questions, helper.connections, helper.open) == (5, 1, 1)
            await asyncio.sleep(0.05)
            assert helper.open == 0

    asyncio.run(main())


def test_a_line_that_the_helper_dropped_is_replaced_and_no_question_is_lost(ca: Authority) -> None:
    helper = Helper(1)
    found = ask(ca, helper.session, 6)
    assert [c.failure for m in found for c in m.controls] == [None] * 6
    assert helper.questions == 6


def test_an_answer_that_is_cut_is_not_asked_for_again(ca: Authority) -> None:
    helper = Helper(1, b"")

    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        helper.connections += 1
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        await writer.drain()

    (m,) = ask(ca, cut, 1)
    assert [c.failure for c in m.controls] == ["eof_error"]
    assert helper.connections == 1


@pytest.mark.parametrize(
    ("raw", "failure"),
    [
        (b"SSH-2.0-OpenSSH\r\n\r\n", "x_http_parse_error"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000 + b"\r\n", "x_http_parse_error"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 3, "generic_timeout_error"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "x_http_parse_error"),
        (b"", "generic_timeout_error"),
    ],
)
def test_what_is_no_http_is_a_failed_control(ca: Authority, raw: bytes, failure: str) -> None:
    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(raw)
        await writer.drain()
        await asyncio.sleep(30)

    (m,) = ask(ca, session, 1, timeout_s=0.5)
    assert [c.failure for c in m.controls] == [failure]


def test_a_step_that_runs_out_of_time_records_the_control_as_failed(ca: Authority) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        await asyncio.sleep(30)

    found = ask(ca, drip, 2, timeout_s=0.2)
    assert [[c.failure for c in m.controls] for m in found] == [["generic_timeout_error"]] * 2
