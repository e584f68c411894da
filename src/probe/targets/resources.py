"""A prefix or AS number that registries are asked about: `registry://AS3333`, `registry://193.0.0.0/21`."""

import ipaddress
import re
from typing import Final

LONGEST: Final = {4: 24, 6: 48}
"""What is longer is hardly routed by itself, and names too few subscribers."""
SHORTEST: Final = {4: 8, 6: 19}
HINT: Final = "Type an AS number, as in registry://AS3333, or a prefix, as in registry://193.0.0.0/21."
_AS: Final = re.compile(r"(?:AS)?(\d{1,20})", re.IGNORECASE | re.ASCII)
_RESERVED: Final = (
    (0, 0, "reserved"),
    (23456, 23456, "a placeholder for longer numbers"),
    (64496, 64511, "for documentation only"),
    (64512, 65535, "for private use"),
    (65536, 65551, "for documentation only"),
    (65552, 131071, "reserved"),
    (4_200_000_000, 4_294_967_295, "for private use"),
)
"""IANA's registry of special AS numbers (RFC 5398, 6793, 6996, 7300, 7607)."""
_LARGEST: Final = 2**32 - 1


def resource_of(text: str) -> str:
    """Return `AS3333` or `193.0.0.0/21` in its usual spelling. Raises ValueError: what to type."""
    text = text.strip("/")
    if found := _AS.fullmatch(text):
        return f"AS{_number(found[1])}"
    address, slash, length = text.rpartition("/")
    address = address.removeprefix("[").removesuffix("]")
    if not slash:
        raise ValueError(f"{text[:80]!r} is neither a prefix nor an AS number")
    try:
        network = ipaddress.ip_network(f"{address}/{length}", strict=False)
    except ValueError:
        raise ValueError(f"{text[:80]!r} is no prefix") from None
    _refuse_prefix(network, address)
    return str(network)


def _number(digits: str) -> int:
    number = int(digits)
    if number > _LARGEST:
        raise ValueError(f"AS{digits} is no AS number, the largest is AS{_LARGEST}")
    for first, last, why in _RESERVED:
        if first <= number <= last:
            raise ValueError(f"AS{number} is {why}, no registry has it")
    return number


def _refuse_prefix(network: ipaddress.IPv4Network | ipaddress.IPv6Network, address: str) -> None:
    if str(network.network_address) != str(ipaddress.ip_address(address)):
        raise ValueError(
            f"{address}/{network.prefixlen} has host bits set, did you mean registry://{network}?"
        )
    most, least = LONGEST[network.version], SHORTEST[network.version]
    if not least <= network.prefixlen <= most:
        problem = f"/{network.prefixlen} is no prefix that a network is given"
        raise ValueError(f"{problem}, those are /{least} to /{most}")
    if not network.is_global or network.is_multicast:
        raise ValueError(f"{network} is not of the public internet")
