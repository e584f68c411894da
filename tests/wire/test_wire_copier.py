"""The wire itself: how fast, how exact, how lossy, and that it leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from wire import netns, raw, standin
from wire.link import Link

TESTS = str(Path(__file__).parent.parent)
ANYWHERE = "93.184.215.14"


def read_log(path: Path) -> list[list[Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_an_unshaped_wire_moves_200_megabits_per_second() -> None:
    with Link() as link:
        standin.serve(link)
        best = max(link.at_client(lambda: raw.download(ANYWHERE, 20_000_000)) for _ in range(3))
    assert best > 200e6


def test_a_packet_leaves_within_half_a_millisecond_of_its_time(tmp_path: Path) -> None:
    log = tmp_path / "log"
    shape = {"delay_ms": 30}
    with Link({"up": shape, "down": shape, "spin_ms": 0.6, "log": str(log)}) as link:
        standin.serve(link)
        took = []
        for _ in range(20):
            begun = time.perf_counter()
            assert link.at_client(lambda: raw.connect(ANYWHERE, 80)) == "connected"
            took.append(time.perf_counter() - begun)
    late = [left - read - 0.03 for read, left, what, *_ in read_log(log) if what in {"up", "down"}]
    assert min(late) >= 0
    assert median(late) < 0.0005
    assert min(took) > 0.060


def test_the_log_holds_times_ports_flags_and_lengths(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with Link({"log": str(log)}) as link:
        standin.serve(link)
        link.at_client(lambda: raw.http(ANYWHERE, "example.org"))
    rows = [row for row in read_log(log) if row[3] == 6]
    read, left, what, proto, client_port, port, flags, length, _seq, ack = rows[0]
    assert (what, proto, port, flags, length, ack) == ("up", 6, 80, 0x02, 60, 0)
    assert rows[1][2:7] == ["down", 6, 80, client_port, 0x12]
    assert 0 < left - read < 0.1


def test_loss_is_seeded_and_of_the_share_asked_for() -> None:
    def lost(seed: int) -> int:
        with Link({"seed": seed, "up": {"loss": 0.3}}) as link:
            standin.serve(link)
            answers = link.at_client(
                lambda: [raw.dns(ANYWHERE, "a.example", listen_s=0.02) for _ in range(60)]
            )
        assert answers.count([]) >= link.counts["up: lost by loss"]
        return link.counts["up: lost by loss"]

    first, again, other = lost(1), lost(1), lost(2)
    assert first == again
    assert {first, other} <= set(range(8, 30))


def test_a_rate_holds_and_its_queue_is_bounded() -> None:
    shape = {"rate_bps": 2_000_000, "buffer_bytes": 20_000, "delay_ms": 10}
    with Link({"up": {"delay_ms": 10}, "down": shape}) as link:
        standin.serve(link)
        rate = link.at_client(lambda: raw.download(ANYWHERE, 400_000))
    assert 1_200_000 < rate < 2_100_000
    assert link.counts["down: lost by buffer"] > 0


def test_jitter_delays_without_reordering(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with Link({"down": {"delay_ms": 10, "jitter_ms": 20}, "log": str(log)}) as link:
        standin.serve(link)
        link.at_client(lambda: raw.download(ANYWHERE, 300_000))
    down = [row for row in read_log(log) if row[2] == "down"]
    took = [left - read for read, left, *_ in down]
    assert min(took) >= 0.010
    assert quantiles(took, n=10)[8] > 0.015
    assert [row[0] for row in down] == sorted(row[0] for row in down)


def test_reserved_addresses_do_not_answer_and_public_ones_do() -> None:
    with Link() as link:
        standin.serve(link)
        public = ("8.8.8.8", "1.1.1.1", "213.87.0.1", "223.255.255.254", "2606:4700::1111")
        reserved = (
            "192.0.2.1",
            "198.51.100.7",
            "203.0.113.9",
            "198.18.4.4",
            "240.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
        )
        for address in public:
            assert link.at_client(partial(raw.connect, address, 443)) == "connected", address
        for address in (*reserved, "192.168.1.1", "2001:db8::1"):
            assert link.at_client(partial(raw.dns, address, "a.example", listen_s=0.1)) == [], address
        assert link.at_client(lambda: raw.connect("192.0.2.1", 80)) == "TIMEOUT"


def test_a_client_without_a_family_has_no_route_for_it() -> None:
    for families, there, missing in (
        ("4", "8.8.8.8", "2606:4700::1111"),
        ("6", "2606:4700::1111", "8.8.8.8"),
    ):
        with Link(families=families) as link:
            standin.serve(link)
            assert link.at_client(partial(raw.connect, there, 80)) == "connected"
            assert link.at_client(partial(raw.connect, missing, 80)) == "ENETUNREACH"


def test_the_client_has_its_own_resolver_and_hosts_file() -> None:
    with Link(resolver="213.87.0.1 8.8.8.8", hosts="1.2.3.4 pinned.example") as link:
        seen = subprocess.check_output(
            link.command("cat", "/etc/resolv.conf", "/etc/hosts", client=True), text=True
        )
    assert "nameserver 213.87.0.1\nnameserver 8.8.8.8\n" in seen
    assert "1.2.3.4 pinned.example\n" in seen
    assert not list(Path("/etc/netns").glob(f"{netns.PREFIX}-{os.getpid()}-*"))


def test_what_a_killed_test_run_left_is_swept_away() -> None:
    program = (
        "import sys, time; from wire.link import Link\nwith Link(): print('up', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": TESTS},
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout
        assert child.stdout.readline() == "up\n"
        child.send_signal(signal.SIGKILL)
    left = {path.name for path in Path("/run/netns").glob(f"{netns.PREFIX}-{child.pid}-*")}
    assert len(left) == 3
    with suppress(OSError):
        netns.sweep()
    assert not left & {path.name for path in Path("/run/netns").iterdir()}
