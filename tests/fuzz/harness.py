"""What a harness is: production code that reads what others wrote, and inputs to begin with."""

from __future__ import annotations

import asyncio
import atexit
import shutil
import tempfile
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable

SLOW_S: Final = 2.0
"""Of processor time for one input: beyond it a stranger could keep this machine busy."""
FOUND: Final = Path(__file__).parent / "found"
"""Inputs that once broke something, by harness; each is read again by the tests."""
CORPUS: Final = Path(__file__).parent / "corpus"
"""Seeds that no few lines of code make, by harness."""
_FAST: Final = Path("/dev/shm")  # where there is one, a file costs no disk


class SlowError(Exception):
    """One input took longer than any may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Harness:
    """One parser of strangers' bytes."""

    name: str
    reads: str
    """What it is that is read, in a few words."""
    make: Callable[[], Callable[[bytes], None]]
    """Returns what reads an input: it returns, or raises what is a fault. Documented refusals stay inside."""
    seeds: Callable[[], Iterable[bytes]]
    max_len: int = 2048
    kind: Literal["bytes", "json"] = "bytes"
    """How inputs are changed: any byte, or mostly the values of a JSON document."""
    head: int = 0
    """Bytes before that document."""


def timed(read: Callable[[bytes], None], data: bytes) -> float:
    """Read one input; return the seconds of processor time. Raises SlowError, and whatever reading raises."""
    begun = time.process_time()
    read(data)
    took = time.process_time() - begun
    if took > SLOW_S:
        raise SlowError(f"{took:.1f} s for {len(data)} bytes")
    return took


def found_before(name: str) -> tuple[Path, ...]:
    """Return the inputs that broke a harness once, in order."""
    return tuple(sorted(path for path in (FOUND / name).glob("*") if path.is_file()))


@lru_cache(maxsize=1)
def scratch() -> Path:
    """Return a folder of this process that goes with it."""
    folder = tempfile.mkdtemp(prefix="probe-fuzz-", dir=_FAST if _FAST.is_dir() else None)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


@lru_cache(maxsize=1)
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    atexit.register(loop.close)
    return loop


def ran(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine to its end, on one loop for all inputs."""
    return _loop().run_until_complete(work)


def parts_of(data: bytes) -> list[bytes]:
    """Cut an input into pieces: two bytes of length before each; the last may be short."""
    parts: list[bytes] = []
    at = 0
    while at + 2 <= len(data) and len(parts) < 32:
        size = int.from_bytes(data[at : at + 2], "big")
        parts.append(data[at + 2 : at + 2 + size])
        at += 2 + size
    return parts


def joined(*parts: bytes) -> bytes:
    """Return the input that `parts_of` cuts into these."""
    return b"".join(len(part).to_bytes(2, "big") + part for part in parts)
