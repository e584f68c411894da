"""A wire ready for use: both namespaces, the copier between them, and commands run at either end."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from wire.netns import NEIGHBOUR4, Ends, inside, open_ends, set_link

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_T = TypeVar("_T")
_LABELS: Final = itertools.count()
ENVIRONMENT: Final = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join(
        (str(Path(__file__).resolve().parent.parent), os.environ.get("PYTHONPATH", ""))
    ),
}
"""With this folder's modules in reach."""


class Link:
    """Two namespaces and the process that copies between them; a context manager.

    `config` goes to the copier: `up` and `down` shapes, `censors`, `seed`, `log`, `spin_ms`; the other
    keywords to `open_ends`; None: `start` is called later. After the block `counts` says
    what the copier and its censors did.
    """

    def __init__(self, config: Mapping[str, Any] | None = MappingProxyType({}), **ends: Any) -> None:
        self.config = config
        self.counts: dict[str, int] = {}
        self._how = ends
        self._ends: Ends
        self._copier: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        """Build it; what was built is removed when a part fails."""
        self._ends = open_ends(str(next(_LABELS)), **self._how)
        try:
            if self.config is not None:
                self.start(self.config)
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self, config: Mapping[str, Any]) -> None:
        """Start copying; by hand only where the censors depend on the world at the far end."""
        tuns = (self._ends.client_tun, self._ends.server_tun)
        self._copier = subprocess.Popen(
            [sys.executable, "-m", "wire.copier", *map(str, tuns)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=tuns,
            env=ENVIRONMENT,
            text=True,
        )
        assert self._copier.stdin
        assert self._copier.stdout
        self._copier.stdin.write(json.dumps(dict(config)) + "\n")
        self._copier.stdin.flush()
        if self._copier.stdout.readline() != "ready\n":
            raise RuntimeError("the copier did not start; see its message above")

    def __exit__(self, *_: object) -> None:
        """Stop the copier, keep its counters, remove the namespaces."""
        try:
            if self._copier:
                output, _errors = self._copier.communicate(timeout=120)
                self.counts = json.loads(output or "{}")
        finally:
            if self._copier:
                self._copier.kill()
            self._ends.close()

    def at_client(self, call: Callable[[], _T]) -> _T:
        """Call a function in a thread that sits where the volunteer sits."""
        return inside(self._ends.client, call)

    def at_server(self, call: Callable[[], _T]) -> _T:
        """Call a function in a thread that sits in the rest of the world."""
        return inside(self._ends.server, call)

    @contextmanager
    def background(self, place: str, address: str) -> Iterator[None]:
        """Let a second flow fill the link: of the volunteer's `machine` or another in the `home`."""
        end = {"machine": self._ends.client, "home": self._ends.home}[place]
        arguments = (address,) if place == "machine" else (address, NEIGHBOUR4)
        flow = subprocess.Popen(
            [*_within(end), sys.executable, "-m", "wire.background", *arguments], env=ENVIRONMENT
        )
        try:
            yield
        finally:
            flow.terminate()
            flow.wait(120)

    def unplug(self, after_s: float, until_s: float) -> None:
        """Take the client's own link away after so long, and give it back."""
        time.sleep(after_s)
        set_link(self._ends.client, up=False)
        time.sleep(until_s - after_s)
        set_link(self._ends.client, up=True)

    def command(self, *arguments: str, client: bool) -> list[str]:
        """Return the arguments that run a command at one end and end it when the calling thread does."""
        name = self._ends.client if client else self._ends.server
        return [*_within(name), *arguments]


def _within(name: str) -> list[str]:
    return ["setpriv", "--pdeathsig", "TERM", "ip", "netns", "exec", name]
