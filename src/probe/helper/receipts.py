"""What the helper signs of a transfer, and keeps for a few minutes: never an address."""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from probe.measure.kernel import tcp_info

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable

    from probe.helper.identity import Identity
    from probe.helper.limits import Limits
    from probe.model.observation import TCPInfo
    from probe.model.transfer import Direction

VERSION = 1


class Seen(Struct, kw_only=True):
    """One transfer as this side sees it, under way or over."""

    nonce: str
    direction: Direction
    server_name: str
    client_asn: str
    sock: socket.socket
    n_bytes: int = 0
    """Of the body: given to the connection (down) or taken from it (up)."""
    last: TCPInfo | None = None

    def look(self) -> None:
        """Read what the kernel says of the connection; a socket that is gone changes nothing."""
        self.last = tcp_info(self.sock) or self.last

    def payload(self) -> str:
        """Return what is signed: compact JSON with sorted keys."""
        info = self.last
        said = {
            "bytes": self.n_bytes,
            "client_asn": self.client_asn,
            "direction": self.direction,
            "min_rtt_us": info.min_rtt_us if info else None,
            "nonce": self.nonce,
            "retransmits": info.total_retrans if info else None,
            "rtt_us": info.rtt_us if info else None,
            "server_name": self.server_name,
            "utc": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "v": VERSION,
        }
        return json.dumps(said, sort_keys=True, separators=(",", ":"))


class Receipts:
    """Signed receipts by nonce, the oldest forgotten first."""

    def __init__(self, identity: Identity, limits: Limits) -> None:
        """Keep none yet."""
        self._identity = identity
        self._limits = limits
        self._under_way: dict[str, Seen] = {}
        self._kept: OrderedDict[str, tuple[float, dict[str, str]]] = OrderedDict()

    def __len__(self) -> int:
        """Return how many are kept."""
        return len(self._kept)

    def begin(self, seen: Seen) -> None:
        """Note a transfer that begins."""
        self._under_way[seen.nonce] = seen

    def end(self, seen: Seen) -> None:
        """Sign what became of it, whole or broken off; its socket must be open still."""
        seen.look()
        if self._under_way.get(seen.nonce) is seen:
            del self._under_way[seen.nonce]
        now = time.monotonic()
        self._kept.pop(seen.nonce, None)
        self._kept[seen.nonce] = (now, self._signed(seen))
        while self._kept:
            at, _receipt = next(iter(self._kept.values()))
            if len(self._kept) <= self._limits.receipts and now - at <= self._limits.receipt_s:
                break
            self._kept.popitem(last=False)

    def of(self, nonces: Iterable[str]) -> list[dict[str, str]]:
        """Return the receipts there are; of a transfer under way, what there is to sign by now.

        A client that gave up on a slow connection asks before its end has come through.
        """
        out = []
        for nonce in dict.fromkeys(nonces):
            if nonce in self._under_way:
                seen = self._under_way[nonce]
                seen.look()
                out.append(self._signed(seen))
            elif nonce in self._kept:
                out.append(self._kept[nonce][1])
        return out

    def _signed(self, seen: Seen) -> dict[str, str]:
        payload = seen.payload()
        signature = self._identity.signing_key.sign(payload.encode("ascii"))
        return {"payload": payload, "signature": signature.hex(), "key": self._identity.public_key}
