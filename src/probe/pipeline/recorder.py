"""Where every measurement passes on its way to disk, and what of it the running judge remembers."""

import asyncio
from collections.abc import Callable, Mapping

from msgspec import Struct, field

from probe.judge import ControlDigest, digest_control
from probe.measure.runner import Measured
from probe.model.measurement import Measurement
from probe.model.observer import Observer
from probe.model.target import Target
from probe.store import RunFolder, StoreError

SYNC_GAP_S = 0.1
"""Between two waits for the disk: in a crowd one serves ten measurements, and alone nobody waits for it."""


class Recorder(Struct, kw_only=True):
    """Keeps measurements in the run folder first, then tells those who watch.

    What judging sees while the run goes on is the redacted copy that was written: the stored run, judged
    again years later, holds nothing less and nothing more.
    """

    folder: RunFolder
    observer: Observer
    controls: Mapping[str, Target]
    """Neutrals, network targets and resolvers by id: their measurements are digested, not kept."""
    on_control: Callable[[Measurement, Target], None]
    on_refused: Callable[[], None]
    """Ends the run: the disk takes no more."""
    digests: list[ControlDigest] = field(default_factory=list)
    n: int = 0
    _syncing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _written: int = 0
    _synced: int = 0
    _next_sync: float = 0.0
    """By the loop's clock."""

    async def keep(self, measured: Measured) -> Measurement:
        """Write one measurement; it is on the disk when this returns.

        The disk is waited for in a thread, and one wait serves all that was written meanwhile: a laptop's
        disk takes 50 ms, which no timing in flight must feel. Waits stand `SYNC_GAP_S` apart. Where the disk
        refuses, the run ends.
        """
        try:
            stored = self.folder.append(measured.measurement, measured.blobs, sync=False)
            self.n += 1  # it is there, whoever is cancelled while it waits for the disk
            self._written += 1
            await self._waited_for(stored, self._written)
        except StoreError:
            if self.folder.refused is None:
                raise
            self.on_refused()
            raise asyncio.CancelledError from None  # as all that is under way will be, in a moment
        if self.folder.refused is not None:
            self.on_refused()
        self.take(stored)
        return stored

    async def _waited_for(self, stored: Measurement, mine: int) -> None:
        """Wait for the disk; who ends the run meanwhile leaves it to the folder's end, and it is told of."""
        try:
            await self._synced_up_to(mine)
        except asyncio.CancelledError:
            self.take(stored)
            raise

    async def _synced_up_to(self, mine: int) -> None:
        async with self._syncing:
            if self._synced < mine:
                loop = asyncio.get_running_loop()
                if (early := self._next_sync - loop.time()) > 0:
                    await asyncio.sleep(early)
                upto = self._written
                self._next_sync = loop.time() + SYNC_GAP_S
                await asyncio.to_thread(self.folder.sync)
                self._synced = upto

    def keep_interrupted(self, measured: Measured) -> None:
        """Write what was in flight when the run was stopped, at once; on a full disk it is lost."""
        try:
            stored = self.folder.append(measured.measurement, measured.blobs)
        except StoreError:
            if self.folder.refused is None:
                raise
        else:
            self.n += 1
            self.take(stored)

    def take(self, stored: Measurement) -> None:
        """Digest a stored control and tell those who watch."""
        self.learn(stored)
        self.observer.measured(stored)

    def learn(self, stored: Measurement) -> None:
        """Digest a stored measurement if it is a control's."""
        target = self.controls.get(stored.target_id)
        if target is not None:
            self.digests.append(digest_control(stored, target))
            self.on_control(stored, target)


def passed(measurement: Measurement) -> bool:
    """Say whether everything that was tried in a measurement succeeded, and anything was."""
    failures = [
        *(o.failure for o in measurement.queries),
        *(o.failure for o in measurement.tcp_connect),
        *(o.failure for o in measurement.tls_handshakes),
        *(o.failure for o in measurement.requests),
        *(o.failure for o in measurement.quic_handshakes),
        *(o.failure for o in measurement.vpn_exchanges),
    ]
    return bool(failures) and not any(failures)


def name_failed(measurement: Measurement) -> bool:
    """Say whether the system's resolver was asked for a name and gave no address for it."""
    asked = {q.hostname for q in measurement.queries if q.is_system}
    return bool(asked - {q.hostname for q in measurement.queries if q.is_system and q.answers})
