"""What is remembered between runs: the control chosen, and a digest of what was agreed to."""

import contextlib
import json
import os
from pathlib import Path
from typing import Final

from msgspec import Struct

from probe.system.disk import open_new, replace

LIMIT: Final = 10_000
"""Bytes read of the file: it holds two short values."""


class Memory(Struct, frozen=True):
    """One small file, readable by its owner only; a broken one counts as none."""

    path: Path

    def controls(self) -> tuple[str, ...] | None:
        """Return the controls last chosen; None where nothing was ever chosen."""
        known = self._read().get("controls")
        if isinstance(known, list) and all(isinstance(one, str) for one in known):
            return tuple(known)
        return None

    def digest(self) -> str:
        """Return the digest of what was last agreed to, or nothing."""
        known = self._read().get("digest")
        return known if isinstance(known, str) else ""

    def remember(self, *, controls: tuple[str, ...], digest: str) -> None:
        """Write both; a place that cannot be written to costs only the memory."""
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh = self._fresh()
            fresh.unlink(missing_ok=True)
            with os.fdopen(open_new(fresh), "w", encoding="utf-8") as file:
                json.dump({"controls": list(controls), "digest": digest}, file)
            replace(fresh, self.path)

    def forget(self) -> None:
        """Remove the file, what a killed command left of it, and the folder where nothing else lies in it."""
        self.path.unlink(missing_ok=True)
        self._fresh().unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.path.parent.rmdir()

    def exists(self) -> bool:
        """Whether there is anything to forget."""
        return self.path.exists() or self._fresh().exists()

    def _fresh(self) -> Path:
        """Return what the file is called until it is whole."""
        return self.path.with_suffix(".new")

    def _read(self) -> dict[str, object]:
        try:
            with self.path.open("rb") as file:
                known = json.loads(file.read(LIMIT))
        except (OSError, ValueError, RecursionError):
            return {}
        return known if isinstance(known, dict) else {}


def here() -> Memory:
    """Return this user's memory, where the platform keeps settings."""
    from platformdirs import user_config_path

    return Memory(user_config_path("interference-probe", appauthor=False) / "consent.json")
