"""One harness under atheris, in a process of its own: counts, times, memory; the first fault ends it."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

import atheris  # noqa: E402  # after the path to the tests

LIBRARIES = ["probe", "dns", "h11", "h2", "hpack", "hyperframe", "httpcore", "maxminddb"]
"""Python whose branches guide the choice of inputs; what is C or Rust inside them is run, and not seen."""


def rss_mb() -> float:
    """Return the megabytes of this process that are in memory."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0


def main() -> None:
    """Read inputs until there were as many as asked for: `one.py NAME INPUTS [libFuzzer's arguments]`."""
    name, inputs = sys.argv[1], int(sys.argv[2])
    with atheris.instrument_imports(include=LIBRARIES):
        from fuzz.harness import scratch, timed
        from fuzz.mutate import changed
        from fuzz.table import HARNESSES
    tempfile.tempdir = str(scratch())  # what is written in passing costs no disk either
    harness = HARNESSES[name]
    read = harness.make()
    for seed in harness.seeds():
        read(seed)  # what is imported and made once is not counted
    said: dict[str, float] = {"slowest_s": 0.0}
    count = 0
    begun = time.monotonic()

    def one(data: bytes) -> None:
        nonlocal count
        if not count:
            said["start"] = rss_mb()
        said["slowest_s"] = max(said["slowest_s"], round(timed(read, data), 3))
        count += 1
        if count == inputs // 10:
            said["tenth"] = rss_mb()
        if count >= inputs:
            seconds = round(time.monotonic() - begun, 1)
            print(json.dumps({"inputs": count, "seconds": seconds, **said, "end": rss_mb()}), flush=True)
            os._exit(0)

    def mutator(data: bytes, max_size: int, seed: int) -> bytes:
        return changed(data, max_size, seed, head=harness.head, plain=atheris.Mutate)

    arguments = [sys.argv[0], *sys.argv[3:], f"-max_len={harness.max_len}"]
    if harness.kind == "json":
        atheris.Setup(arguments, one, custom_mutator=mutator)
    else:
        atheris.Setup(arguments, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
