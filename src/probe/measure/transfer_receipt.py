"""What a helper says it saw, read so strictly that nothing else can be in it. No socket here.

A receipt is stored byte by byte, for its signature's sake, and is not masked: so only what parses into
exactly the known fields, in exactly the known spelling, about exactly what was asked, is kept. No number in
it is large enough to be an address of IPv4.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from probe.model.transfer import Receipt

if TYPE_CHECKING:
    from collections.abc import Callable

    from probe.model.transfer import Transfer

VERSION: Final = 1
MAX_PAYLOAD: Final = 1024
LARGEST: Final = 2**24 - 1
"""Bytes, microseconds, segments: 0.255.255.255 read as a number."""
_ASN: Final = re.compile(r"|AS[1-9]\d{0,6}", re.ASCII)
_UTC: Final = re.compile(r"20\d\d-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-6]\dZ", re.ASCII)
_HEX: Final = re.compile(r"(?:[0-9a-f]{2})+")

JUNK: Final = Receipt(
    payload="",
    signature="",
    key="",
    is_valid=False,
    server_name="",
    n_bytes=0,
    retransmits=None,
    rtt_us=None,
    min_rtt_us=None,
)
"""What stands for an answer that is no receipt of what was asked."""


def _is_number(value: Any) -> bool:
    return type(value) is int and 0 <= value <= LARGEST


def _is_number_or_none(value: Any) -> bool:
    return value is None or _is_number(value)


_FIELDS: Final[dict[str, Callable[[Any], bool]]] = {
    "bytes": _is_number,
    "client_asn": lambda value: isinstance(value, str) and bool(_ASN.fullmatch(value)),
    "direction": lambda value: value in ("down", "up"),
    "min_rtt_us": _is_number_or_none,
    "nonce": lambda value: isinstance(value, str),
    "retransmits": _is_number_or_none,
    "rtt_us": _is_number_or_none,
    "server_name": lambda value: isinstance(value, str),
    "utc": lambda value: isinstance(value, str) and bool(_UTC.fullmatch(value)),
    "v": lambda value: type(value) is int and value == VERSION,
}


def read_receipt(found: Any, *, key: str, nonce: str, transfer: Transfer) -> Receipt:
    """Return what a helper signed of a transfer; JUNK if it is no receipt about it.

    `key` was announced by the helper, hex. A receipt whose signature does not hold, or whose numbers cannot
    be true, is kept without being valid; a signature that does not hold is not kept.
    """
    said = _said(found, key)
    if said is None or said["nonce"] != nonce or said["server_name"] != transfer.server_name:
        return JUNK
    holds = _holds(found["signature"], found["payload"], key)
    return Receipt(
        payload=found["payload"],
        signature=found["signature"] if holds else "",
        key=key,
        is_valid=holds and _fits(said, transfer),
        server_name=said["server_name"],
        n_bytes=said["bytes"],
        retransmits=said["retransmits"],
        rtt_us=said["rtt_us"],
        min_rtt_us=said["min_rtt_us"],
        client_asn=said["client_asn"],
    )


def _said(found: Any, key: str) -> dict[str, Any] | None:
    """Return the content of a payload that is spelt exactly as the protocol has it."""
    if not isinstance(found, dict) or found.get("key") != key:
        return None
    payload, signature = found.get("payload"), found.get("signature")
    if not isinstance(payload, str) or not isinstance(signature, str) or len(payload) > MAX_PAYLOAD:
        return None
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or said.keys() != _FIELDS.keys():
        return None
    if not all(is_right(said[name]) for name, is_right in _FIELDS.items()):
        return None
    return said if json.dumps(said, sort_keys=True, separators=(",", ":")) == payload else None


def _holds(signature: str, payload: str, key: str) -> bool:
    if not _HEX.fullmatch(signature) or len(signature) != 128 or not payload.isascii():
        return False
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(
            bytes.fromhex(signature), payload.encode("ascii")
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def _fits(said: dict[str, Any], transfer: Transfer) -> bool:
    """Say whether a true receipt of this transfer could say so.

    Of a download the helper gave its socket at least what arrived; nobody moved more than was asked for; and
    of an upload that was answered everything arrived.
    """
    if said["direction"] != transfer.direction or said["bytes"] > transfer.max_bytes:
        return False
    if transfer.direction == "down":
        return bool(said["bytes"] >= transfer.n_bytes)
    return transfer.status_code is None or bool(said["bytes"] == transfer.max_bytes)
