"""How true connect times are at the default concurrency: what was stored against what the wire saw.

    python -m benchmarks.timing [--rtt-ms 60] [SERVICE …]

The copier between both namespaces logs when it took each SYN from the volunteer's end and when it handed the
SYN-ACK over to it, on the clock that the measurements use. The difference of both is what a connect took; the
stored `t - t0` and the kernel's TCP_INFO round trip are held against it. The log has ports only, so a packet
socket at the volunteer's end tells which address a port belongs to; an address that was connected to more
often than the run recorded (a helper, a resolver) is left out.
"""

import argparse
import json
import socket
import statistics
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.wirelab import controls, wire_lab

PROMISED_MS = {("connect", "p50"): 0.5, ("connect", "p95"): 4.0, ("tcp_info", "p50"): 0.05}
TCP, SYN, ACK = 6, 0x02, 0x10
EVERY_PROTOCOL = 0x0003
"""ETH_P_ALL, linux/if_ether.h."""
Endpoint = tuple[str, int]


class Ports:
    """Listens at the volunteer's end: which address and port each local port sent its SYNs to."""

    def __init__(self) -> None:
        """Open the socket in the namespace of the calling thread."""
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(EVERY_PROTOCOL))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        self.seen: list[tuple[float, int, Endpoint]] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            packet, (_, _, direction, *_) = self._socket.recvfrom(128)
            if direction != socket.PACKET_OUTGOING:
                continue
            now = time.perf_counter()
            v4 = packet[0] >> 4 == 4
            head = (packet[0] & 15) * 4 if v4 else 40
            if packet[9 if v4 else 6] == TCP and packet[head + 13] & (SYN | ACK) == SYN:
                raw = packet[16:20] if v4 else packet[24:40]
                to = socket.inet_ntop(socket.AF_INET if v4 else socket.AF_INET6, raw)
                sport, dport = (
                    int.from_bytes(packet[head : head + 2]),
                    int.from_bytes(packet[head + 2 : head + 4]),
                )
                self.seen.append((now, sport, (to, dport)))


def by_the_wire(log: Path, ports: Ports) -> dict[Endpoint, list[float]]:
    """Return the milliseconds from each SYN to its SYN-ACK, by endpoint, in the order of the SYNs."""
    asked: dict[int, tuple[float, int]] = {}
    took: dict[tuple[int, float], float] = {}
    for line in log.read_text().splitlines():
        read, written, what, proto, sport, dport, flags, _length, seq, ack = json.loads(line)
        if proto != TCP or not flags & SYN:
            continue
        if what == "up":
            asked.setdefault(sport, (read, seq))
            if asked[sport][1] != seq:  # the port is used again
                asked[sport] = read, seq
        elif what == "down" and dport in asked and asked[dport][1] + 1 == ack:
            took[dport, asked[dport][0]] = (written - asked[dport][0]) * 1000
    found: dict[Endpoint, list[float]] = defaultdict(list)
    starts: dict[int, list[float]] = defaultdict(list)
    for sport, start in sorted(took):
        starts[sport].append(start)
    for moment, sport, endpoint in ports.seen:
        near = [s for s in starts[sport] if abs(s - moment) < 1.0]
        found[endpoint].append(took[sport, near[0]] if near else float("nan"))
    return found


def by_the_run(measurements: Sequence[Mapping[str, Any]]) -> dict[Endpoint, list[tuple[float, float]]]:
    """Return connect time and TCP_INFO round trip in ms, by endpoint, in the order of the connects."""
    found: dict[Endpoint, list[tuple[float, float, float]]] = defaultdict(list)
    for m in measurements:
        for c in m["tcp_connect"]:
            info = c["tcp_info"]
            if c["failure"] is None and info:
                connect_ms, rtt_ms = (c["t"] - c["t0"]) * 1000, info["rtt_us"] / 1000
                found[c["ip"], c["port"]].append((m["started_s"] + c["t0"], connect_ms, rtt_ms))
    return {endpoint: [tries[1:] for tries in sorted(times)] for endpoint, times in found.items()}


def errors(
    wire: Mapping[Endpoint, Sequence[float]], run: Mapping[Endpoint, Sequence[tuple[float, float]]]
) -> Iterator[tuple[float, float]]:
    """Yield the errors of connect time and round trip in ms, wherever both sides count the same connects."""
    for endpoint, tries in run.items():
        truths = wire.get(endpoint, ())
        if len(truths) == len(tries):
            for truth, (connect_ms, rtt_ms) in zip(truths, tries, strict=True):
                if truth == truth:  # noqa: PLR0124  # not NaN: the answer is in the log
                    yield connect_ms - truth, rtt_ms - truth


def main() -> int:
    """Print the errors; return 1 when a promise was broken."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rtt-ms", type=float, default=60.0)
    parser.add_argument("services", nargs="*", help="default: as `probe run` without any")
    asked = parser.parse_args()
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as scratch:
        log = Path(scratch) / "packets.jsonl"
        with wire_lab(shape={"delay_ms": asked.rtt_ms / 2}, log=str(log)) as lab:
            ports = lab.link.at_client(Ports)
            ran = lab.run(*asked.services, *controls(lab))
            run = by_the_run(ran.measurements())
        found = list(errors(by_the_wire(log, ports), run))
    print(f"{len(found)} of {sum(map(len, run.values()))} connects compared; {asked.rtt_ms:g} ms round trip")
    broken = not found
    for number, name in enumerate(("connect", "tcp_info")):
        signed = sorted(pair[number] for pair in found)
        sizes = sorted(abs(error) for error in signed)
        shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
        values = {label: sizes[int(share * (len(sizes) - 1))] for label, share in shares.items()}
        parts = []
        for label, value in values.items():
            promise = PROMISED_MS.get((name, label))
            parts.append(f"{label} {value:.3f} ms" + (f" (promised <= {promise:g})" if promise else ""))
            broken |= promise is not None and value > promise
        print(
            f"{name:8} absolute error: {', '.join(parts)}; median signed {statistics.median(signed):+.3f} ms"
        )
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
