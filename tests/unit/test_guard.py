"""The guard itself: no test may send a packet off this machine."""

import os
import socket
import subprocess
import sys

import pytest
import sitecustomize


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "10.0.0.1", "192.168.1.1", "2001:4860:4860::8888", "::ffff:8.8.8.8"]
)
def test_a_connect_beyond_loopback_is_refused(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as sock, pytest.raises(sitecustomize.PacketRefusedError):
        sock.connect((address, 9))


def test_a_datagram_beyond_loopback_is_refused() -> None:
    with (
        socket.socket(type=socket.SOCK_DGRAM) as sock,
        pytest.raises(sitecustomize.PacketRefusedError),
    ):
        sock.sendto(b"x", ("1.1.1.1", 53))


def test_a_lookup_of_a_real_name_is_refused() -> None:
    with pytest.raises(sitecustomize.PacketRefusedError):
        socket.getaddrinfo("twitter.com", 443)


def test_loopback_is_allowed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass


def test_child_processes_are_guarded_too() -> None:
    code = "import socket; socket.socket().connect(('8.8.8.8', 53))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=dict(os.environ), check=False
    )
    assert "PacketRefusedError" in done.stderr
    assert done.returncode == 1
