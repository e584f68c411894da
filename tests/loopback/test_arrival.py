"""When a connection was answered is what a thread of its own saw, not what the event loop found time for."""

import asyncio
import errno
import socket
import sys
import time
from collections.abc import Iterator

import pytest

from probe.measure import arrival

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the loop itself connects")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        yield server


def fresh() -> socket.socket:
    sock = socket.socket()
    sock.setblocking(False)
    return sock


async def settled(task: "asyncio.Task[float | None]") -> None:
    """Let a task run until it waits for something outside of the loop."""
    for _ in range(10):
        await asyncio.sleep(0)
    assert not task.done()


async def fill(server: socket.socket) -> list[socket.socket]:
    """Fill the queue of a server, so that the next connect is not answered before one is accepted."""
    waiting = []
    for _ in range(2):
        waiting.append(fresh())
        with pytest.raises(BlockingIOError):
            waiting[-1].connect(server.getsockname())
    await asyncio.sleep(0.05)
    return waiting


def test_a_busy_loop_does_not_make_an_answer_late(listener: socket.socket) -> None:
    async def busy() -> tuple[float, float, float]:
        with fresh() as sock:
            began = time.perf_counter()
            task = asyncio.create_task(arrival.connect(sock, *listener.getsockname()))
            await asyncio.sleep(0)
            time.sleep(0.5)  # noqa: ASYNC251  # the loop is busy
            moment = await task
            assert moment is not None
            return began, moment, time.perf_counter()

    began, moment, ended = asyncio.run(busy())
    assert began <= moment < began + 0.25
    assert ended >= began + 0.5


def test_a_refusal_is_the_error_of_the_kernel() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = server.getsockname()

    async def refused() -> None:
        with fresh() as sock:
            await arrival.connect(sock, *place)

    with pytest.raises(ConnectionRefusedError) as raised:
        asyncio.run(refused())
    assert raised.value.errno == errno.ECONNREFUSED


def test_a_cancelled_connect_leaves_the_socket_to_its_owner_and_nobody_waiting(
    listener: socket.socket,
) -> None:
    async def cancelled() -> int:
        waiting = await fill(listener)
        with fresh() as sock:
            task = asyncio.create_task(arrival.connect(sock, *listener.getsockname()))
            await settled(task)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            number = sock.fileno()
        for each in waiting:
            each.close()
        return number

    assert asyncio.run(cancelled()) > 0
    assert not arrival.the_watch()._waiting


def test_an_event_of_a_socket_that_had_the_same_number_before_answers_nobody(
    listener: socket.socket,
) -> None:
    async def stale() -> tuple[float, float | None]:
        waiting = await fill(listener)
        with fresh() as sock:
            task = asyncio.create_task(arrival.connect(sock, *listener.getsockname()))
            await settled(task)
            _, future = arrival.the_watch()._waiting[sock.fileno()]
            future.set_result(time.perf_counter())
            await settled(task)
            told = time.perf_counter()
            accepted = [listener.accept()[0] for _ in waiting]
            moment = await task
        for each in (*waiting, *accepted):
            each.close()
        return told, moment

    told, moment = asyncio.run(stale())
    assert moment is not None
    assert moment > told


def test_one_thread_serves_one_loop_after_another(listener: socket.socket) -> None:
    async def once() -> float | None:
        with fresh() as sock:
            moment = await arrival.connect(sock, *listener.getsockname())
            listener.accept()[0].close()
            return moment

    first, second = asyncio.run(once()), asyncio.run(once())
    assert first is not None
    assert second is not None
    assert second > first
