"""What is short, over and over: `.venv/bin/python tests/fuzz/long.py all` finds what takes a square."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

sys.path[0] = str(Path(__file__).resolve().parents[1])

from fuzz.harness import timed  # noqa: E402  # after the path to the tests
from fuzz.table import HARNESSES  # noqa: E402  # as above

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fuzz.harness import Harness

SIZE: Final = 60_000
"""Bytes: what takes the square of its length shows, and all of it is done in minutes."""
PIECES: Final = (
    *(b"[", b"{", b"(", b"<", b"<!--", b'"', b"'", b"a", b"0", b" ", b"\n", b"\r\n", b",", b";", b":", b"%"),
    *(b"&#", b"=", b"/", b"\\", b"\xff", b"\0", b".", b"-", b"@", b"a@", b"a.", b"1.", b"::", b"ab:", b"://"),
    *(
        b"<title",
        b"\xc0\x0c",
        b"\x30\x80",
        b"a=",
        b"<a>",
        b'{"a":',
        b"\xd0\xb6",
        b"-----BEGIN CERTIFICATE-----\n",
    ),
)
NOT_LONG: Final = frozenset({"bag-whole", "judge", "journal", "run", "ooni", "quic"})
"""Their inputs are records of known length; a long one is refused before it is read."""


def main() -> int:
    """Read long inputs by the harnesses that were named, or all; 1 where one took too long or broke."""
    names = sys.argv[1:] if sys.argv[1:] != ["all"] else [name for name in HARNESSES if name not in NOT_LONG]
    print("harness | inputs | slowest s")
    read = [_read(HARNESSES[name]) for name in names]
    return 0 if all(read) else 1


def _read(harness: Harness) -> bool:
    read, slowest, count = harness.make(), 0.0, 0
    for data in _inputs(harness):
        try:
            slowest = max(slowest, timed(read, data))
        except Exception as error:  # noqa: BLE001  # whatever comes out of reading is a fault
            print(f"{harness.name}: {data[:60]!r}: {type(error).__name__}: {error}"[:300], flush=True)
            return False
        count += 1
    print(f"{harness.name} | {count} | {slowest:.2f}", flush=True)
    return True


def _inputs(harness: Harness) -> Iterator[bytes]:
    """Yield each piece and each seed often: alone, behind a seed's first byte, and behind a whole seed."""
    seeds = [seed for seed in harness.seeds() if seed]
    for piece in (*PIECES, *seeds):
        for begin in (b"", seeds[0][:1], seeds[0]):
            yield begin + piece * (SIZE // len(piece))


if __name__ == "__main__":
    sys.exit(main())
