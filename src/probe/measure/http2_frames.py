"""What the heads of HTTP/2 frames tell before anything parses them: how many come, and how long they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_CHATTER: Final = 256
"""Frames that bring no body. An honest answer needs a dozen; each costs us more than its sender."""
MAX_DATA: Final = 2048
"""Frames of a body: a reader takes half as many pieces."""
AT_ONCE: Final = 32
"""Frames that are parsed before the loop gets its turn: one read may hold two thousand."""
MAX_FRAME: Final = 16_384
"""What we let a server send in one frame (RFC 9113, 4.2)."""
MAX_SETTINGS: Final = 64 * 6
"""A frame of settings holds ten known ones and a few made up; h2 takes its time over each."""
HEAD: Final = 9
DATA, SETTINGS = 0, 4


_LONGEST: Final = {DATA: 1 << 24, SETTINGS: MAX_SETTINGS}
"""Of a body h2 says itself what is too long, and a transport when it is enough."""


class EnoughError(Exception):
    """The framing took more than an answer may."""


class Frames:
    """Counts the frames of one connection as they pass by."""

    def __init__(self) -> None:
        """Begin before the first one."""
        self._left = 0
        """Bytes still to come of the frame under way."""
        self._head = b""
        self._chatter = 0
        self._data = 0

    def portions(self, data: bytes) -> Iterator[bytes]:
        """Yield the bytes again, few frames at a time. Raises EnoughError when there were too many."""
        begin = at = begun = 0
        while True:
            skipped = min(self._left, len(data) - at)
            self._left -= skipped
            at += skipped
            piece = data[at : at + HEAD - len(self._head)]
            at += len(piece)
            self._head += piece
            if len(self._head) < HEAD:
                break
            self._count()
            begun += 1
            if begun % AT_ONCE == 0:
                yield data[begin:at]
                begin = at
        yield data[begin:]

    def _count(self) -> None:
        self._left = int.from_bytes(self._head[:3], "big")
        kind, self._head = self._head[3], b""
        self._data += kind == DATA
        self._chatter += kind != DATA
        if self._chatter > MAX_CHATTER or self._data > MAX_DATA or self._left > _LONGEST.get(kind, MAX_FRAME):
            raise EnoughError
