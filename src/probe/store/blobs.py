"""A run's blobs: certificates and pages, each in a file named by the SHA-256 of its bytes, written once."""

import hashlib
import os
import re
import threading
from collections import deque
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from probe.store import codec
from probe.store.error import StoreError
from probe.system.descriptors import Spare
from probe.system.disk import sync_file, sync_folder, write_whole

_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class Blobs:
    """The folder of a run's blobs, and which of them only the system has yet."""

    def __init__(self, path: Path) -> None:
        """Keep the folder's name."""
        self.path = path
        self._spare = Spare()
        self._unsynced: deque[Path] = deque()
        self._names_are_new = False
        self._syncing = threading.Lock()
        """Two threads may wait for the disk: whoever asked one of them has been cancelled meanwhile."""

    def begin(self) -> None:
        """Be ready to write: hold a descriptor back before connections have taken all."""
        self._spare.hold()

    def read(self, sha256: str) -> bytes:
        """Return a blob. Raises StoreError when it is missing or its bytes have another hash."""
        path = self.path / sha256
        hint = "The run is incomplete: use an untouched copy."
        if not _SHA256.fullmatch(sha256) or not path.is_file():
            raise StoreError(path, 0, "no such blob", hint)
        content = codec.read_bounded(path, hint)
        if hashlib.sha256(content).hexdigest() != sha256:
            raise StoreError(path, 0, "the blob was changed", hint)
        return content

    def write(self, sha256: str, content: bytes, *, sync: bool) -> None:
        """Keep a blob, unless it is there; with `sync=False` it may be lost before `sync()`.

        Raises OSError.
        """
        name = f"{self.path}/{sha256}"  # a text: each handshake of a target looks for the same ones
        with suppress(FileNotFoundError):
            # A shorter one is what a power cut left of a blob that was not synced yet.
            if os.stat(name).st_size >= len(content):  # noqa: PTH116  # as above
                return
        self._spare.help(partial(write_whole, Path(name), content, sync=sync))
        if not sync:
            self._unsynced.append(Path(name))
            self._names_are_new = True

    def sync(self) -> None:
        """Wait until all blobs are on the disk. Raises OSError; what it was raised for is tried again."""
        with self._syncing:
            while self._unsynced:
                self._spare.help(partial(sync_file, self._unsynced[0]))
                self._unsynced.popleft()
            if self._names_are_new:
                self._names_are_new = False
                try:
                    self._spare.help(partial(sync_folder, self.path))
                except BaseException:
                    self._names_are_new = True
                    raise

    def close(self) -> None:
        """Wait for the disk, and let go of what was held. Raises OSError."""
        try:
            self.sync()
        finally:
            self._spare.give_back()
