"""How long a run of the default catalogue takes, beside the least that its targets and its slots allow.

    python -m benchmarks.wall_time [--rtt-ms 60]      the clean world
    python -m benchmarks.wall_time --hard             200 ms, 1 Mbit/s, 3 % loss, ten services blocked

The least is the larger of: the longest single target, from its first step's start to its last measurement's
end; and the sum of all targets' measuring times, divided by the concurrency. Both are read from the run's own
measurements.jsonl; the wall time is that of the whole command, its start and its files included.
"""

import argparse
import sys
from collections.abc import Iterator
from typing import Any

from benchmarks.wirelab import Ran, controls, wire_lab

PROMISED = 1.25
FIRST_VERDICT_S = 30.0
MAX_MINUTES = 8.0
BLOCKED_BY_NAME = {
    "rst": ("twitter", "whatsapp-web"),
    "drop": ("facebook", "telegram-web"),
    "fin": ("instagram",),
}
BLOCKED_BY_ADDRESS = ("telegram", "whatsapp")
BLOCKED_BY_RESOLVER = {"NXDOMAIN": ("youtube", "messenger"), "notice": ("signal",)}


def censors() -> Iterator[dict[str, Any]]:
    """Yield tables that block ten services: by name in TLS, by address, by the operator's resolver."""
    from probe.lab.names import NOTICE_ADDRESS, SYSTEM_RESOLVERS, Names
    from probe.targets import read_catalogue

    names = Names(read_catalogue())
    for action, services in BLOCKED_BY_NAME.items():
        hosts = [host for service in services for host in names.groups[f"@{service}"]]
        yield {"kind": "tls_name", "action": action, "names": hosts, "label": f"tls {action}"}
    hosts = [host for service in BLOCKED_BY_ADDRESS for host in names.groups[f"@{service}"]]
    addresses = [address for host in hosts for address in names.addresses(host)]
    yield {"kind": "address", "action": "drop", "addresses": addresses, "label": "address drop"}
    for what, services in BLOCKED_BY_RESOLVER.items():
        hosts = [host for service in services for host in names.groups[f"@{service}"]]
        told = {"answers": [NOTICE_ADDRESS]} if what == "notice" else {"rcode": what}
        table = {"kind": "dns", "action": "forge", "names": hosts, "label": f"dns {what}", **told}
        yield {**table, "addresses": list(SYSTEM_RESOLVERS)}


def spans(ran: Ran) -> tuple[dict[str, float], float]:
    """Return each target's span from its first start to its last end, and the sum of all measuring times."""
    begins: dict[str, float] = {}
    ends: dict[str, float] = {}
    busy = 0.0
    for m in ran.measurements():
        if m["is_control"]:
            continue
        name, end = m["target_id"], m["started_s"] + m["runtime_s"]
        begins[name] = min(begins.get(name, end), m["started_s"])
        ends[name] = max(ends.get(name, 0.0), end)
        busy += m["runtime_s"]
    return {name: ends[name] - begins[name] for name in begins}, busy


def told(ran: Ran) -> None:
    """Print where the time went and what came out."""
    record, at, words = ran.record(), ran.notes["at"], ran.notes["words"]
    mb = (record["bytes_sent"] + record["bytes_received"]) / 1e6
    print(
        f"exit {ran.exit_code}, {record['n_measurements']} measurements, {mb:.1f} MB, {ran.cpu_s:.1f} s CPU"
        + (f", stopped by {record['stopped']}" if record["stopped"] else "")
        + (f", faults of ours: {record['errors']}" if record["errors"] else "")
    )
    steps = ("planned", "network", "first_measured", "last_measured", "last_kept", "end")
    print("seconds: " + ", ".join(f"{step} {at[step]:.1f}" for step in steps if step in at))
    for what in ("network", "first_verdict", "first_suspicion"):
        when = f"{at[what]:.1f} s" if what in at else "never"
        print(f"{what.replace('_', ' ')}: {when}  {words.get(what, '')}")


def main() -> int:
    """Print the ratio; return 1 when a promise was broken."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rtt-ms", type=float, default=60.0)
    parser.add_argument("--hard", action="store_true")
    parser.add_argument("services", nargs="*", help="default: as `probe run` without any")
    asked = parser.parse_args()
    shape = {"delay_ms": asked.rtt_ms / 2}
    if asked.hard:
        shape = {"delay_ms": 100.0, "rate_bps": 1e6, "loss": 0.03}
    with wire_lab(shape=shape, censors=list(censors()) if asked.hard else ()) as lab:
        ran = lab.run(*asked.services, *controls(lab), "--max-minutes", str(MAX_MINUTES))
        told(ran)
        each, busy = spans(ran)
        slots = ran.record()["options"]["concurrency"]
    slowest = max(each, key=lambda name: each[name])
    least = max(each[slowest], busy / slots)
    ratio = ran.wall_s / least
    print(f"longest single target: {each[slowest]:.1f} s ({slowest})")
    print(f"sum of {len(each)} targets' measuring / {slots}: {busy:.1f} s / {slots} = {busy / slots:.1f} s")
    broken = ran.exit_code != 0
    if asked.hard:
        first = ran.notes["at"].get("first_verdict", float("inf"))
        print(
            f"wall time {ran.wall_s:.1f} s (promised <= {MAX_MINUTES * 60:.0f} s), {ratio:.2f} x the larger"
        )
        print(f"first verdict after {first:.1f} s (promised <= {FIRST_VERDICT_S:.0f} s)")
        broken |= ran.wall_s > MAX_MINUTES * 60 or first > FIRST_VERDICT_S
    else:
        print(f"wall time {ran.wall_s:.1f} s = {ratio:.2f} x the larger of both (promised <= {PROMISED} x)")
        broken |= ratio > PROMISED
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
