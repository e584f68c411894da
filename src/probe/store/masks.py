"""What looks like an address, a device, a person or an account in a text, and what is put in its place.

Patterns match broadly and a handler decides: it decodes the match and lets pass what the allow-list holds.
Each row begins with a cheap test, so that a page without the sign pays nothing for the pattern.
"""

import ipaddress
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

Allowed = Collection[str]
"""Canonical texts of the addresses that are evidence."""

_HEX: Final = "0-9A-Fa-f"


@dataclass(frozen=True, slots=True)
class Mask:
    """One row of the table."""

    category: str
    sign: re.Pattern[str] | str
    """What must be found before the pattern is tried at all."""
    pattern: re.Pattern[str]
    replace: Callable[[re.Match[str], Allowed], str]
    """Returns what stands in place of the match: the match itself when it may stay."""


def _always(mask: str) -> Callable[[re.Match[str], Allowed], str]:
    return lambda match, _: match.expand(mask)


def _quad(match: re.Match[str], allowed: Allowed) -> str:
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


def _number(match: re.Match[str], allowed: Allowed) -> str:
    """Eight digits and more: an address as one number, a telephone, an account, a device."""
    text = match[0]
    bases = (8, 10) if text[0] == "0" and text.isascii() and not set(text) & {"8", "9"} else (10,)
    for base in bases:
        value = int(text, base)
        if 0 <= value < 2**32 and str(ipaddress.IPv4Address(value)) in allowed:
            return text
    return _long_quad(match, allowed) if len(text) == 12 else "[number]"


def _hex_token(match: re.Match[str], allowed: Allowed) -> str:
    """Eight hex digits (IPv4), twelve (MAC), thirty-two (IPv6, or a session): all are somebody's."""
    digits = match[0].removeprefix("0x").removeprefix("0X")
    if len(digits) == 8 and str(ipaddress.IPv4Address(int(digits, 16))) in allowed:
        return match[0]
    if len(digits) == 32 and str(ipaddress.IPv6Address(int(digits, 16))) in allowed:
        return match[0]
    return {8: "[ip]", 12: "[mac]", 32: "[id]"}[len(digits)]


def _six(match: re.Match[str], allowed: Allowed) -> str:
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
    """Eight groups and a port behind them, or too many groups: what is left of the address is masked."""
    groups = text.split(":")
    if len(groups) < 8 or any(len(group) > 4 for group in groups[:8]) or "" in groups[:8]:
        return text
    plain = str(ipaddress.IPv6Address(":".join(groups[:8])))
    return text if plain in allowed else ":".join(("[ip]", *groups[8:]))


def _dashed_six(match: re.Match[str], allowed: Allowed) -> str:
    plain = str(ipaddress.IPv6Address(re.sub("[-_]", ":", match[0])))
    return match[0] if plain in allowed else "[ip]"


def _nibbles(match: re.Match[str], allowed: Allowed) -> str:
    """ip6.arpa: the digits backwards; a part of one is a part of somebody's prefix."""
    digits = match[0].replace(".", "")
    for order in (digits, digits[::-1]):
        if len(digits) == 32 and str(ipaddress.IPv6Address(int(order, 16))) in allowed:
            return match[0]
    return "[ip]"


def _harmless(address: str) -> bool:
    """Loopback and the two wildcards are the same on every machine."""
    return address.startswith("127.") or address in {"0.0.0.0", "255.255.255.255", "::", "::1"}  # noqa: S104 - compared


def _sign(text: str) -> re.Pattern[str]:
    return re.compile(text)


_E: Final = re.IGNORECASE
MASKS: Final[tuple[Mask, ...]] = (
    Mask(
        "cookie",
        _sign(r"[Cc]ookie|COOKIE"),
        re.compile(r"\b((?:set-)?cookie2?\s*:\s*)[^\r\n<\"]+", _E),
        _always(r"\1[cookie]"),
    ),
    Mask(
        "account",
        _sign(r"[Aa]uthorization|AUTHORIZATION"),
        re.compile(r"(authorization[\"']?\s*[:=]\s*)[^\r\n<]+", _E),
        _always(r"\1[account]"),
    ),
    Mask(
        "account", _sign(r"[Bb]earer "), re.compile(r"\b(bearer )[\w.~+/=-]{8,}", _E), _always(r"\1[account]")
    ),
    Mask("account", "eyJ", re.compile(r"\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?"), _always("[account]")),
    Mask(
        "account",
        "@",
        re.compile(r"(://)[^\s/@:\"'<>]{1,200}(?::[^\s/@\"'<>]{0,200})?@"),
        _always(r"\1[account]@"),
    ),
    Mask(
        "email",
        "@",
        re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"),
        _always("[email]"),
    ),
    Mask(
        "account",
        "=",
        re.compile(
            r"([?&;](?:ip|ipaddr|client_?ip|user_?ip|remote_?addr|mac|client_?mac|login|user|username|uid|user_?id|"
            r"subscriber|client|client_?id|account|acct|contract|msisdn|phone|tel|imsi|imei|session|session_?id|sid|"
            r"phpsessid|token|access_token|auth|key|nas|nasid|ssid|hash|sign|signature)=)[^&;#\s\"'<>\[]+",
            _E,
        ),
        _always(r"\1[account]"),
    ),
    Mask(
        "path",
        ":\\",
        re.compile(r"\b([A-Z]:\\+(?:Users|Documents and Settings)\\+)(?!Public\b)[^\\/\s\"'<>:|?*]+", _E),
        _always(r"\1[user]"),
    ),
    Mask(
        "path",
        _sign("/home/|/Users/|/users/"),
        re.compile(r"(/(?:home|[Uu]sers)/)[^/\s\"'<>:?#&\[]+"),
        _always(r"\1[user]"),
    ),
    Mask(
        "id",
        "-",
        re.compile(rf"(?<![0-9A-Za-z])[{_HEX}]{{8}}(?:-[{_HEX}]{{4}}){{3}}-[{_HEX}]{{12}}(?![0-9A-Za-z])"),
        _always("[id]"),
    ),
    Mask(
        "mac",
        _sign(rf"[:-][{_HEX}]{{2}}[:-][{_HEX}]{{2}}[:-]"),
        re.compile(rf"(?<![{_HEX}:-])[{_HEX}]{{2}}([:-])(?:[{_HEX}]{{2}}\1){{4}}[{_HEX}]{{2}}(?![{_HEX}:-])"),
        _always("[mac]"),
    ),
    Mask(
        "mac",
        _sign(rf"\.[{_HEX}]{{4}}\."),
        re.compile(rf"(?<![{_HEX}.])[{_HEX}]{{4}}\.[{_HEX}]{{4}}\.[{_HEX}]{{4}}(?![{_HEX}.])"),
        _always("[mac]"),
    ),
    Mask(
        "ip",
        _sign(rf"(?:\.[{_HEX}]){{8}}"),
        re.compile(rf"(?<![0-9A-Za-z])[{_HEX}](?:\.[{_HEX}]){{11,31}}(?![0-9A-Za-z])"),
        _nibbles,
    ),
    Mask(
        "ip",
        _sign(rf":[{_HEX}]{{0,4}}:"),
        re.compile(
            rf"(?<![0-9A-Za-z:.])[{_HEX}]{{0,4}}:[{_HEX}:]{{0,48}}:(?:\d{{1,3}}(?:\.\d{{1,3}}){{3}}|[{_HEX}]{{1,5}})?(?:%[0-9A-Za-z._-]+)?(?![0-9A-Za-z:])"
        ),
        _six,
    ),
    Mask(
        "ip",
        _sign(rf"(?:[-_][{_HEX}]{{1,4}}){{7}}"),
        re.compile(
            rf"(?<![0-9A-Za-z])[{_HEX}]{{1,4}}([-_])(?:[{_HEX}]{{1,4}}\1){{6}}[{_HEX}]{{1,4}}(?![0-9A-Za-z])"
        ),
        _dashed_six,
    ),
    Mask(
        "ip",
        _sign(r"\d[.\-_]0?\d{1,3}[.\-_]0?\d{1,3}[.\-_]\d"),
        re.compile(r"(?<!\d)0?\d{1,3}([.\-_])0?\d{1,3}\1\d{1,4}\1\d{1,4}(?!\d)"),
        _quad,
    ),
    Mask(
        "ip",
        _sign("0[xX]"),
        re.compile(rf"\b0[xX][{_HEX}]{{1,2}}(?:\.0[xX][{_HEX}]{{1,2}}){{3}}(?![0-9A-Za-z])"),
        _quad,
    ),
    Mask(
        "number",
        _sign(r"\d[ )\-]{1,2}\d{2,3}[ \-]"),
        re.compile(r"(?<!\d)(?:\+7|8|7)[\s(-]{0,2}\d{3}[\s)-]{0,2}\d{3}[\s-]?\d{2}[\s-]?\d{2}(?!\d)"),
        _always("[number]"),
    ),
    Mask(
        "number",
        _sign(r"\d{8}"),
        re.compile(r"(?<![\d#.])(?<![A-Za-z])\d{8,20}(?![\d])(?![A-Za-z])"),
        _number,
    ),
    Mask(
        "id",
        _sign(rf"[{_HEX}]{{8}}"),
        re.compile(
            rf"(?<![0-9A-Za-z#])(?:0[xX][{_HEX}]{{8}}|[{_HEX}]{{32}}|[{_HEX}]{{12}}|[{_HEX}]{{8}})(?![0-9A-Za-z])"
        ),
        _hex_token,
    ),
)
"""Tried in this order; what an earlier row has masked, a later one no longer sees."""
