"""A MaxMind DB as its specification describes it (2.0), small enough to be written by hand: for tests."""

from __future__ import annotations

import ipaddress
from typing import Any

MARKER = b"\xab\xcd\xefMaxMind.com"
UINT, MAP, TEXT, LIST = 6, 7, 2, 11


def a_database(prefixes: dict[str, Any], *, kind: str = "GeoLite2-ASN", built: int = 1_790_000_000) -> bytes:
    """Return a database of IPv6 and IPv4 prefixes (IPv4 below ::/96) with a record for each."""
    nodes: list[list[int | None]] = [[None, None]]
    data = b""
    leaves: list[tuple[int, int, int]] = []
    for prefix, record in prefixes.items():
        network = ipaddress.ip_network(prefix)
        length = network.prefixlen + (96 if network.version == 4 else 0)
        bits = f"{int(network.network_address):0128b}"[:length]
        node = 0
        for bit in bits[:-1]:
            following = nodes[node][int(bit)]
            if following is None:
                nodes.append([None, None])
                following = nodes[node][int(bit)] = len(nodes) - 1
            node = following
        leaves.append((node, int(bits[-1]), len(data)))
        data += _encoded(record)
    n = len(nodes)
    for node, side, at in leaves:
        nodes[node][side] = n + 16 + at
    tree = b"".join((n if side is None else side).to_bytes(4) for node in nodes for side in node)
    about = {
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "build_epoch": built,
        "database_type": kind,
        "description": {},
        "ip_version": 6,
        "languages": [],
        "node_count": n,
        "record_size": 32,
    }
    return tree + b"\0" * 16 + data + MARKER + _encoded(about)


def _encoded(value: Any) -> bytes:
    if isinstance(value, str):
        return _control(TEXT, len(value.encode())) + value.encode()
    if isinstance(value, int):
        packed = value.to_bytes((value.bit_length() + 7) // 8)
        return _control(UINT if len(packed) <= 4 else 9, len(packed)) + packed
    if isinstance(value, list):
        return _control(LIST, len(value)) + b"".join(map(_encoded, value))
    pairs = (_encoded(key) + _encoded(each) for key, each in value.items())
    return _control(MAP, len(value)) + b"".join(pairs)


def _control(kind: int, size: int) -> bytes:
    assert size < 285
    low, more = (size, b"") if size < 29 else (29, bytes([size - 29]))
    if kind < 8:
        return bytes([kind << 5 | low]) + more
    return bytes([low, kind - 7]) + more
