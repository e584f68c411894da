"""What to put in place of something that looks like an address or a number: itself, if it is evidence."""

import ipaddress
import re
from collections.abc import Callable, Collection
from typing import Final

Allowed = Collection[str]
"""Canonical texts of the addresses that are evidence."""


def always(mask: str) -> Callable[[re.Match[str], Allowed], str]:
    """Return a function that lets nothing pass; the mask may name groups of the match."""
    return lambda match, _: match.expand(mask)


def quad(match: re.Match[str], allowed: Allowed) -> str:
    """Four numbers: decimal, zero-padded, octal or hex; forwards or (PTR) backwards."""
    octets = [_octet(part) for part in re.split(r"[.\-_]", match[0])]
    if any(octet > 255 for octet in octets):
        return match[0]
    forwards = ".".join(map(str, octets))
    backwards = ".".join(map(str, reversed(octets)))
    return match[0] if forwards in allowed or backwards in allowed or _harmless(forwards) else "[ip]"


def _octet(text: str) -> int:
    if text[:2] in {"0x", "0X"}:
        return int(text, 16)
    if text.isascii() and len(text) == 4 and text[0] == "0" and not set(text) & {"8", "9"}:
        return int(text, 8)
    return int(text)


def _long_quad(match: re.Match[str], allowed: Allowed) -> str:
    """Twelve digits, three for each octet."""
    octets = [int(match[0][at : at + 3]) for at in (0, 3, 6, 9)]
    return match[0] if ".".join(map(str, octets)) in allowed else "[number]"


_TELEPHONE: Final = 10
"""Digits, those of the country among them."""
_LINE: Final = re.compile(
    r"(?:\.[0-9A-Za-z-]{1,63}){1,3}\.(?!js|css|map|png|jpe?g|gif|svg|webp|woff2?|html?)[A-Za-z]{2,}"
)


def number(match: re.Match[str], allowed: Allowed) -> str:
    """Eight digits and more: an address as one number, a telephone, an account, a device."""
    text = match[0]
    bases = [10, 8] if text[0] == "0" and text.isascii() and not set(text) & {"8", "9"} else [10]
    for base in [*bases, 16] if len(text) == 8 else bases:
        value = int(text, base)
        if 0 <= value < 2**32 and str(ipaddress.IPv4Address(value)) in allowed:
            return text
    return _long_quad(match, allowed) if len(text) == 12 else "[number]"


def hex_token(match: re.Match[str], allowed: Allowed) -> str:
    """Eight hex digits (IPv4), twelve (MAC), thirty-two (IPv6, or a session): all are somebody's."""
    digits = match[0].removeprefix("0x").removeprefix("0X")
    if match[0].isdigit() and len(digits) < 32:
        return match[0]  # `number` has looked at it
    if len(digits) == 8 and str(ipaddress.IPv4Address(int(digits, 16))) in allowed:
        return match[0]
    if len(digits) == 32 and str(ipaddress.IPv6Address(int(digits, 16))) in allowed:
        return match[0]
    return {8: "[ip]", 12: "[mac]", 32: "[id]"}[len(digits)]


def line_token(match: re.Match[str], allowed: Allowed) -> str:
    """Hex behind a letter, as operators name lines; digits alone may be the version of a file."""
    if match[0].isdigit() and not _LINE.match(match.string, match.end()):
        return match[0]
    if match[0].isdigit() and str(ipaddress.IPv4Address(int(match[0][:8], 16))) not in allowed:
        return "[ip]"
    return hex_token(match, allowed)


def telephone(match: re.Match[str], _allowed: Allowed) -> str:
    """Ten digits and more behind a plus sign, in groups: fewer are sums and offsets."""
    return "[number]" if sum(map(str.isdigit, match[0])) >= _TELEPHONE else match[0]


def six(match: re.Match[str], allowed: Allowed) -> str:
    """Anything with colons that is an IPv6 address, its zone included."""
    text = match[0]
    address, _, _ = text.partition("%")
    tail = ""
    if address.endswith(":") and not address.endswith("::"):
        address, tail = address[:-1], ":"
    try:
        ip = ipaddress.IPv6Address(address)
    except ValueError:
        return _six_and_port(text, allowed)
    plain = str(ip)
    mapped = str(ip.ipv4_mapped) if ip.ipv4_mapped else plain
    return text if plain in allowed or mapped in allowed or _harmless(mapped) else f"[ip]{tail}"


def _six_and_port(text: str, allowed: Allowed) -> str:
    """Eight groups and a port behind them; more groups are a fingerprint, fewer a time."""
    groups = text.split(":")
    if len(groups) != 9 or any(len(group) > 4 for group in groups[:8]) or "" in groups[:8]:
        return text
    plain = str(ipaddress.IPv6Address(":".join(groups[:8])))
    return text if plain in allowed else ":".join(("[ip]", *groups[8:]))


def dashed_six(match: re.Match[str], allowed: Allowed) -> str:
    """Eight groups with dashes instead of colons, as names of lines have them."""
    plain = str(ipaddress.IPv6Address(re.sub("[-_]", ":", match[0])))
    return match[0] if plain in allowed else "[ip]"


_HARMLESS: Final = frozenset(
    {
        *("127.0.0.1", "127.0.1.1", "127.0.0.53", "127.0.0.54", "0.0.0.0", "255.255.255.255"),  # noqa: S104 - compared
        *("::", "::1"),
    }
)
"""The same on every machine. No whole prefix: backwards, an address that ends in 127 begins with it."""


def _harmless(address: str) -> bool:
    return address in _HARMLESS
