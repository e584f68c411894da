"""The verdicts of a whole run in little memory: ten thousand as objects would be most of what a run takes."""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, overload

from probe.model.verdict import Verdict
from probe.store import codec

_LEVEL: Final = 1
_WINDOW: Final = -11
"""Two KiB, raw: a line is hardly longer, and a larger window would be made anew for each."""
_MEMORY: Final = 5


class PackedVerdicts(Sequence[Verdict]):
    """Verdicts as lines of verdicts.jsonl, each packed by itself against the first: a tenth of the objects.

    Each look makes a verdict anew: it is equal to the one before and never the same object. Raises ValueError
    for one that could not be read again: a fault of ours.
    """

    def __init__(self, verdicts: Iterable[Verdict] = ()) -> None:
        """Take them one by one, so that they need never be in memory at once."""
        self._lines: list[bytes] = []
        self._packing = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW, _MEMORY)
        self._unpacking = zlib.decompressobj(_WINDOW)
        for verdict in verdicts:
            self.append(verdict)

    def append(self, verdict: Verdict) -> None:
        """Put one behind all others."""
        line = codec.encode(verdict)
        if not self._lines:
            self._packing = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW, _MEMORY, zdict=line)
            self._unpacking = zlib.decompressobj(_WINDOW, zdict=line)
        self._lines.append(self._packed(line))

    def put(self, place: int, verdict: Verdict) -> None:
        """Put one in another's place. Raises IndexError."""
        self._lines[place] = self._packed(codec.encode(verdict))

    def behind(self, verdict: Verdict) -> "PackedVerdicts":
        """Return another that holds the same behind this one."""
        if not self._lines:
            return PackedVerdicts((verdict,))
        whole = PackedVerdicts()
        whole._packing, whole._unpacking = self._packing, self._unpacking
        whole._lines = [self._packed(codec.encode(verdict)), *self._lines]
        return whole

    def lines(self) -> Iterator[bytes]:
        """Yield each as a line of verdicts.jsonl, with its line feed."""
        for packed in self._lines:
            yield self._unpacked(packed) + b"\n"

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._lines)

    def __iter__(self) -> Iterator[Verdict]:
        """Yield each in order."""
        for packed in self._lines:
            yield codec.decode_verdict(self._unpacked(packed))

    @overload
    def __getitem__(self, place: int) -> Verdict: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Verdict]: ...
    def __getitem__(self, place: int | slice) -> Verdict | Sequence[Verdict]:
        """Return one, or some of them as a tuple."""
        if isinstance(place, slice):
            return tuple(codec.decode_verdict(self._unpacked(packed)) for packed in self._lines[place])
        return codec.decode_verdict(self._unpacked(self._lines[place]))

    def _packed(self, line: bytes) -> bytes:
        packing = self._packing.copy()
        return packing.compress(line) + packing.flush()

    def _unpacked(self, packed: bytes) -> bytes:
        return self._unpacking.copy().decompress(packed)
