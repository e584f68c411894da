"""A disk that takes no more of a journal."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from probe.store import journal

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Disk:
    """A disk that refuses a journal's lines once it has taken `n`; `room` fit into what was held back."""

    def __init__(self, n: int, room: int, error: OSError = FULL) -> None:
        self.n, self.room, self.error, self.n_refused = n, room, error, 0

    def write(self, descriptor: int, content: bytes) -> int:
        if not content.startswith(b'{"prev_sha256"'):
            return os.write(descriptor, content)
        if self.n > 0:
            self.n -= 1
            return os.write(descriptor, content)
        self.n_refused += 1
        if self.n_refused > 1 and self.room > 0:
            self.room -= 1
            return os.write(descriptor, content)
        raise self.error


@contextmanager
def a_disk(monkeypatch: pytest.MonkeyPatch, n: int, room: int, error: OSError = FULL) -> Iterator[Disk]:
    """Have journals written on such a disk."""
    found = Disk(n, room, error)

    class System:
        write = staticmethod(found.write)

        def __getattr__(self, name: str) -> Any:
            return getattr(os, name)

    with monkeypatch.context() as patch:
        patch.setattr(journal, "os", System())
        yield found
