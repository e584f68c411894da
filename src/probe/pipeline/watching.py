"""Whoever watches may break, the run may not: a closed pipe costs the picture and nothing else."""

from collections.abc import Callable
from typing import Any, cast

from probe.model.observer import Observer


def unbreakable(observer: Observer) -> Observer:
    """Return an observer that passes everything on until the first failure, and nothing after it."""
    return cast("Observer", _Unbreakable(observer))


class _Unbreakable:
    def __init__(self, observer: Observer) -> None:
        """Watch through `observer`."""
        self._observer = observer
        self._broken = False

    def __getattr__(self, name: str) -> Callable[..., None]:
        method = getattr(self._observer, name)

        def told(*args: Any, **kwargs: Any) -> None:
            if self._broken:
                return
            try:
                method(*args, **kwargs)
            except (OSError, ValueError):  # ValueError: I/O on a closed file
                self._broken = True

        return told
