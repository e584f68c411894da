"""Small proxies of the loopback world: SOCKS5 and HTTP CONNECT, honest or refusing as a test wants."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loopback.elsewhere import Session, World

Asked = list[tuple[str, int]]


def socks(
    world: World,
    names: Mapping[str, str],
    *,
    asked: Asked | None = None,
    login: tuple[str, str] | None = None,
    reply: int | None = None,
) -> Session:
    """A SOCKS5 proxy that resolves names by its own table; `reply` is a code to refuse everything with."""

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, count = await reader.readexactly(2)
        offered = await reader.readexactly(count)
        method = 2 if login else 0
        if method not in offered:
            writer.write(b"\x05\xff")
            await writer.drain()
            return
        writer.write(bytes((5, method)))
        if login:
            _, size = await reader.readexactly(2)
            name = await reader.readexactly(size)
            password = await reader.readexactly((await reader.readexactly(1))[0])
            good = (name.decode(), password.decode()) == login
            writer.write(b"\x01\x00" if good else b"\x01\x01")
            if not good:
                await writer.drain()
                return
        _, _, _, kind = await reader.readexactly(4)
        if kind == 3:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        else:
            host = str(ipaddress.ip_address(await reader.readexactly(4 if kind == 1 else 16)))
        (port,) = struct.unpack(">H", await reader.readexactly(2))
        if asked is not None:
            asked.append((host, port))
        bound = b"\x00\x03\x04name\x00\x00" if reply is None else b"\x00\x01\x00\x00\x00\x00\x00\x00"
        there = (names.get(host, host), port)
        code = reply if reply is not None else 0 if there in world.tcp else 4
        writer.write(bytes((5, code)) + bound)
        await writer.drain()
        if code == 0:
            await _join(world, there, reader, writer)

    return session


def connect(
    world: World, names: Mapping[str, str], *, asked: list[str] | None = None, refuse: str = ""
) -> Session:
    """A proxy for HTTP CONNECT; `refuse` is the head of a refusal, from its status on."""

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        if asked is not None:
            asked.append(head)
        host, _, port = head.split(" ")[1].rpartition(":")
        there = (names.get(host, host), int(port))
        if refuse:
            writer.write(f"HTTP/1.1 {refuse}\r\nContent-Length: 0\r\n\r\n".encode())
            await writer.drain()
            return
        writer.write(b"HTTP/1.1 200 Connection established\r\nVia: 1.1 test\r\n\r\n")
        await writer.drain()
        await _join(world, there, reader, writer)

    return session


async def _join(
    world: World, there: tuple[str, int], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Move bytes both ways until one side ends; a reset is passed on as one."""
    far_reader, far_writer = await asyncio.open_connection("127.0.0.1", world.tcp[there])

    async def pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()

    tasks = [asyncio.create_task(pour(reader, far_writer)), asyncio.create_task(pour(far_reader, writer))]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if any(isinstance(task.exception(), ConnectionResetError) for task in done):
            sock = writer.get_extra_info("socket")
            sock.setsockopt(1, 13, struct.pack("ii", 1, 0))
            writer.transport.abort()
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await task
        far_writer.close()
