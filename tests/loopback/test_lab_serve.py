"""Serving real addresses: what the server says when it is ready, and what it answers in a namespace."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from loopback.lab_clients import catalogue, exchange, request_of
from probe.lab.ca import Authority
from probe.lab.dns_server import _asked
from probe.lab.scenarios import scenario_named
from probe.lab.serve import serve_world
from probe.lab.world import World

if TYPE_CHECKING:
    from pathlib import Path

INSIDE = """
import json, os, subprocess, sys
import dns.message, dns.query
for command in (
    "ip link set lo up", "ip route add local 0.0.0.0/0 dev lo", "ip -6 route add local ::/0 dev lo"
):
    subprocess.run(command.split(), check=True)
read, write = os.pipe()
server = subprocess.Popen(
    [sys.executable, "-m", "probe.lab.serve", "--scenario", "dns-nxdomain", "--ready-fd", str(write)],
    pass_fds=(write,),
)
os.close(write)
told = json.loads(os.fdopen(read).readline())
answers = {}
for resolver in ("8.8.8.8", "2001:4860:4860::8888", told["resolver"]):
    for ask in (dns.query.udp, dns.query.tcp):
        reply = ask(dns.message.make_query("v.whatsapp.net", "A"), resolver, timeout=60)
        answers[f"{ask.__name__} {resolver}"] = [reply.rcode().to_text(reply.rcode()), len(reply.answer)]
server.terminate()
print(json.dumps({"told": told, "answers": answers, "code": server.wait()}))
"""


def may_make_namespaces() -> bool:
    if not sys.platform.startswith("linux") or os.geteuid() != 0 or not shutil.which("unshare"):
        return False
    return subprocess.run(["unshare", "-n", "true"], check=False, capture_output=True).returncode == 0


@pytest.mark.skipif(not may_make_namespaces(), reason="needs root on Linux, with network namespaces")
def test_real_addresses_answer_on_real_ports_from_the_address_that_was_asked() -> None:
    done = subprocess.run(
        ["unshare", "-n", sys.executable, "-c", INSIDE], check=True, capture_output=True, timeout=300
    )
    got = json.loads(done.stdout)
    assert got["code"] == 0
    assert (got["told"]["ready"], got["told"]["scenario"]) == (True, "dns-nxdomain")
    system = got["told"]["resolver"]
    assert got["answers"] == {
        "udp 8.8.8.8": ["NOERROR", 1],
        "tcp 8.8.8.8": ["NOERROR", 1],
        "udp 2001:4860:4860::8888": ["NOERROR", 1],
        "tcp 2001:4860:4860::8888": ["NOERROR", 1],
        f"udp {system}": ["NXDOMAIN", 0],
        f"tcp {system}": ["NXDOMAIN", 0],
    }


def test_the_truth_alone_is_served_when_the_wire_is_the_censor(tmp_path: Path) -> None:
    from probe.lab.records import Place

    world = World(scenario_named("tls-reset-sni"), catalogue(), Authority(tmp_path))
    place = Place(address=world.names.addresses("v.whatsapp.net")[0], port=443)
    assert world.on_hello(place, "v.whatsapp.net") is not None
    world.censored = False
    assert world.on_hello(place, "v.whatsapp.net") is None


def test_serving_knows_the_destination_by_the_socket_itself(tmp_path: Path) -> None:
    world = World(scenario_named("clean"), catalogue(), Authority(tmp_path))

    async def run() -> bytes:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        async with serve_world(world, hosts=("127.0.0.1",), ports=(port,), dns_port=0):
            sock = await asyncio.to_thread(socket.create_connection, ("127.0.0.1", port), 60)
            answer = await asyncio.to_thread(exchange, sock, request_of("x.com"))
        assert len(asyncio.all_tasks()) == 1
        return answer

    assert asyncio.run(run()).startswith(b"HTTP/1.1 404")  # nobody's name lives at 127.0.0.1


@pytest.mark.parametrize(
    ("family", "data", "address", "source"),
    [
        (
            socket.AF_INET,
            struct.pack("=I4s4s", 1, b"\x7f\0\0\1", b"\x08\x08\x08\x08"),
            "8.8.8.8",
            b"\0\0\0\0\x08\x08\x08\x08\0\0\0\0",
        ),
        (
            socket.AF_INET6,
            struct.pack("=16sI", bytes(15) + b"\x05", 3),
            "::5",
            bytes(15) + b"\x05" + bytes(4),
        ),
    ],
)
def test_the_reply_leaves_from_where_the_question_went(
    family: int, data: bytes, address: str, source: bytes
) -> None:
    assert _asked(family, data) == (address, source)
