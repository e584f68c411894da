"""`probe helper serve` as its operator starts it: what it prints, what it keeps, how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.command import probe
from loopback.elsewhere import Authority
from loopback.helping import a_nonce, ask, download, receipts
from probe.helper import app, look
from probe.helper.guard import FORBIDDEN, PER_ADDRESS, PORTS, is_public
from probe.helper.limits import Limits
from probe.helper.serve import Settings


@contextlib.contextmanager
def a_helper(home: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Start the command; give the process and the lines it printed when it was ready."""
    words = ("helper", "serve", "--port", "0", "--transfer-port", "0", *more)
    env = {**os.environ, "LC_ALL": "C.UTF-8", "HOME": str(home), "XDG_STATE_HOME": str(home / "state")}
    with subprocess.Popen(
        (sys.executable, "-m", "probe", *words),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=env,
    ) as process:
        assert process.stdout is not None
        lines: list[str] = []
        while not lines or not lines[-1].startswith(("Tell volunteers", "Volunteers need")):
            line = process.stdout.readline()
            assert line, process.communicate()
            lines.append(line.rstrip())
        try:
            yield process, lines
        finally:
            process.kill()


def port_of(line: str) -> int:
    return int(re.findall(r"\d+", line)[-1])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_both_ports_says_where_and_ends_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with a_helper(tmp_path) as (process, lines):
        nonce = a_nonce()

        async def use() -> tuple[int, int, int]:
            page = await ask(port_of(lines[0]), b"GET /health HTTP/1.0\r\n\r\n", tls=False)
            told = await ask(port_of(lines[0]), b"GET /transfer HTTP/1.0\r\n\r\n", tls=False)
            assert told.json["certificate_sha256"] == lines[2].rpartition(" ")[2]
            assert told.json["key"] == lines[3].rpartition(" ")[2]
            assert told.json["port"] == port_of(lines[1])
            got = await ask(port_of(lines[1]), download(1000, nonce))
            return page.status, len(got.body), len(await receipts(port_of(lines[1]), nonce))

        assert asyncio.run(use()) == (200, 1000, 1)
        process.send_signal(number)
        out, err = process.communicate(timeout=120)
        assert (process.returncode, out, err) == (0, "", "")


def test_its_identity_outlives_it_in_a_folder_of_its_own(tmp_path: Path) -> None:
    prints = []
    for _ in range(2):
        with a_helper(tmp_path) as (_process, lines):
            prints.append(lines[2:4])
    assert prints[0] == prints[1]
    kept = tmp_path / "state" / "interference-probe" / "helper"
    assert sorted(path.name for path in kept.iterdir()) == ["receipts.pem", "transfer.pem"]
    assert kept.stat().st_mode & 0o777 == 0o700
    with a_helper(tmp_path, "--ephemeral") as (_process, lines):
        assert lines[2] != prints[0][0]


def test_junk_from_clients_leaves_no_word_in_the_log(tmp_path: Path) -> None:
    with a_helper(tmp_path, "--ephemeral") as (process, lines):
        for line in lines[:2]:
            for junk in (b"", b"\x16\x03\x01" + b"\xff" * 200, b"GET / HTTP/1.1\r\nHost: \xff\r\n\r\n" * 3):
                with socket.create_connection(("127.0.0.1", port_of(line))) as sock:
                    sock.sendall(junk)
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=120) == ("", "")


def test_with_a_certificate_it_says_what_to_tell_volunteers(tmp_path: Path) -> None:
    ca = Authority(tmp_path)
    ca.context("helper.example")
    (certificate,) = set(tmp_path.glob("*.pem")) - {ca.path}
    with a_helper(tmp_path, "--ephemeral", "--no-transfers", "--certificate", str(certificate)) as (_, lines):
        assert re.fullmatch(r"Endpoint: https://127\.0\.0\.1:\d+/", lines[0])
        assert lines[1:] == [f"Tell volunteers: probe run --control https://NAME:{port_of(lines[0])}/"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--bind", "0.0.0.0"), "Without a certificate the endpoint is served on loopback only."),
        (("--bind", "::"), "Without a certificate the endpoint is served on loopback only."),
        (("--bind", "localhost"), "localhost: no address."),
        (("--certificate", "absent.pem"), "absent.pem: No such file or directory"),
        (("--certificate", "junk.pem"), "junk.pem: no certificate with its key."),
        (("--as-table", "absent.csv"), "absent.csv: No such file or directory"),
        (("--as-table", "junk.pem"), "junk.pem:2: no prefix and AS number"),
        (("--public-address", "me"), "me: no address."),
        (("--bind", "192.0.2.1", "--behind-proxy", "--ephemeral"), "192.0.2.1 port 443: "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_wrong_use_ends_with_2_and_says_what_to_type(
    tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    (tmp_path / "junk.pem").write_text("prefix,asn\nx\n")
    done = probe("helper", "serve", *arguments, home=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"probe: {told}")
    assert len(done.stderr.splitlines()) == 2


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=False)


def test_what_dead_connections_leave_is_looked_for_more_often_than_at_a_start() -> None:
    code = """
import gc, os, signal, sys
from probe import __main__
from probe.cli import helper
helper._tell = lambda *_: (print(gc.get_threshold()), os.kill(os.getpid(), signal.SIGTERM))
sys.argv[1:] = "helper serve --ephemeral --port 0 --transfer-port 0".split()
__main__.main()
"""
    done = python(code)
    assert (done.returncode, done.stdout, done.stderr) == (0, "(700, 5, 5)\n", "")


def test_without_hypercorn_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['hypercorn'] = None; sys.argv[1:] = ['helper', 'serve']"
    done = python(f"{code}; from probe.cli import app; app()")
    assert done.returncode == 2
    assert done.stderr.splitlines()[1].strip() == "Type: pipx install 'interference-probe[helper]'"


def test_the_transfer_server_alone_needs_no_hypercorn() -> None:
    code = "import sys, probe.helper.transfer; print('hypercorn' in sys.modules, 'httpx' in sys.modules)"
    assert python(code).stdout == "False False\n"


def test_the_commands_defaults_are_the_servers() -> None:
    settings, limits = Settings(), Limits()
    text = " ".join(probe("helper", "serve", "--help").stdout.split())
    assert (settings.bind, settings.port, settings.transfer_port) == ("127.0.0.1", 8443, 443)
    for name, value in (
        ("--max-connections N", limits.connections),
        ("--client-connections N", limits.connections_per_client),
    ):
        assert f"{name} [default: {value}; x>=1]" in text
    assert (
        f"--client-requests N A minute, for each client. [default: {limits.requests_per_minute}; x>=1]"
        in text
    )


ROOT = Path(__file__).parents[2]


def test_the_unit_starts_the_command_with_options_that_exist_and_refuses_what_the_guard_does() -> None:
    unit = (ROOT / "docs" / "helper" / "probe-helper.service").read_text().replace("\\\n", "")
    (start,) = re.findall(r"^ExecStart=\S+/probe (.*)$", unit, re.MULTILINE)
    text = probe("helper", "serve", "--help").stdout
    assert start.startswith("helper serve ")
    assert [word for word in start.split() if word.startswith("--") and word not in text] == []
    denied = {
        ipaddress.ip_network(block)
        for line in re.findall(r"IPAddressDeny=(.*)", unit)
        for block in line.split()
    }
    v4 = {block for block in denied if block.version == 4}
    assert v4 <= set(FORBIDDEN)
    assert not any(is_public(str(block.network_address)) for block in denied)


def test_the_guide_names_the_ports_the_limits_and_what_is_printed() -> None:
    guide = (ROOT / "docs" / "helper.md").read_text()
    *ports, last = sorted(PORTS)
    limits, settings = Limits(), Settings()
    for said in (
        f"on ports {', '.join(map(str, ports))} and {last} ",
        f"**{settings.port}**, the endpoint",
        f"**{settings.transfer_port}**, the transfers",
        (
            f"gets {limits.connections_per_client} connections, {limits.requests_per_minute} requests and "
            f"{limits.bytes_per_minute // 1_000_000} MB a minute"
        ),
        f"all together {limits.connections} connections",
        f"{app.LOOKS} looks at once",
        f"more than {PER_ADDRESS} times a minute",
        f"at most {look.MAX_ENDPOINTS} endpoints",
        f"{look.LOOK_S:.0f} s in all",
        f"up to {limits.max_bytes // 1024} kB within {limits.max_seconds:.0f} s",
    ):
        assert said in guide
