"""What this machine and its user are called: values that must not be written in any spelling."""

import base64
import getpass
import ipaddress
import platform
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Final, Self
from urllib.parse import quote

from msgspec import Struct

LONGEST_ADDRESS: Final = 45
"""Characters: eight groups, the last two as IPv4 (RFC 4291, 2.2)."""
COMMON: Final = frozenset(
    {
        *(
            "localhost",
            "localdomain",
            "local",
            "root",
            "user",
            "admin",
            "administrator",
            "guest",
            "test",
            "home",
        ),
        *(
            "default",
            "nobody",
            "ubuntu",
            "debian",
            "fedora",
            "arch",
            "kali",
            "linux",
            "windows",
            "android",
            "pi",
        ),
        *("raspberrypi", "desktop", "laptop", "pc", "www"),
    }
)
"""Names that thousands share and that pages use as words: masking them would hide evidence, not people."""
SHORTEST: Final = 3


class OwnValues(Struct, frozen=True, kw_only=True):
    """Known values of the volunteer's machine, given by whoever starts the run; empty ones are left out."""

    addresses: tuple[str, ...] = ()
    """Of its interfaces, prefix lengths left out. Loopback identifies nobody and is ignored."""
    resolvers: tuple[str, ...] = ()
    """Addresses of the resolvers the system is configured with."""
    hostname: str = ""
    user: str = ""
    home: str = ""
    others: tuple[str, ...] = ()
    """Names of Wi-Fi networks, e-mail addresses, accounts, MAC addresses: anything else to keep back."""

    @classmethod
    def of_this_machine(
        cls, *, addresses: tuple[str, ...] = (), resolvers: tuple[str, ...] = (), others: tuple[str, ...] = ()
    ) -> Self:
        """Add host, user and home as this system tells them."""
        return cls(
            addresses=addresses,
            resolvers=resolvers,
            hostname=platform.node(),
            user=_told(getpass.getuser),
            home=_told(Path.home),
            others=others,
        )


def _told(ask: Callable[[], object]) -> str:
    """Return what the system says, or nothing: containers have no such user, Windows has no `pwd` to ask."""
    try:
        return str(ask())
    except (OSError, KeyError, RuntimeError, ImportError):
        return ""


def own_literals(own: OwnValues) -> dict[str, str]:
    """Return every spelling of the named values, in lower case, with the mask that replaces it."""
    masks: dict[str, str] = {}
    names = [("[home]", own.home), ("[host]", own.hostname), ("[host]", own.hostname.split(".")[0])]
    for mask, value in (*names, ("[user]", own.user), *(("[own]", each) for each in own.others)):
        if len(value) >= SHORTEST and value.lower() not in COMMON and value not in {"/root", "/home"}:
            for spelling in _spellings(value):
                masks.setdefault(spelling.lower(), mask)
    return masks


def own_addresses(addresses: Iterable[str]) -> frozenset[str]:
    """Return the addresses that identify somebody, in canonical form."""
    found = {canonical(address) for address in addresses}
    return frozenset(
        address for address in found if address and not ipaddress.ip_address(address).is_loopback
    )


def canonical(text: str) -> str:
    """Return an address as `ipaddress` writes it, prefix length and zone left out; empty when it is none."""
    bare = text.split("%", maxsplit=1)[0].split("/", maxsplit=1)[0]
    return _canonical(bare) if len(bare) <= LONGEST_ADDRESS else ""


@lru_cache(maxsize=2048)
def _canonical(bare: str) -> str:
    """Remember what was asked lately: a run asks thousands of times for the same few addresses."""
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        return ""


@lru_cache(maxsize=2048)
def host_and_port(text: str) -> tuple[str, str]:
    """Take `ip`, `ip:port` or `[ip]:port` apart; both are empty when it holds no address."""
    if whole := canonical(text.strip("[]")):
        return whole, ""
    head, colon, port = text.rpartition(":")
    host = canonical(head.strip("[]"))
    return (host, colon + port) if host else ("", "")


def _spellings(value: str) -> Iterator[str]:
    """Yield a value plain, percent-encoded, with escapes, as other encodings' bytes, in hex and base64."""
    yield value
    if not value.isascii():
        with suppress(UnicodeError):
            yield value.encode("idna").decode()
    yield quote(value, safe="")
    yield quote(value)
    yield value.encode("unicode_escape").decode("ascii")
    yield value.replace("\\", "\\\\")
    yield value.replace("/", "\\/")
    # Of bytes nobody knows another case as the same letters.
    cases = (value,) if value.isascii() else (value, value.lower(), value.upper())
    for encoding, written in product(("utf-8", "cp1251", "koi8-r"), dict.fromkeys(cases)):
        try:
            content = written.encode(encoding)
        except UnicodeEncodeError:
            continue
        yield content.decode("latin-1")
        yield "".join(f"%{byte:02x}" for byte in content)
        if len(content) >= 6:
            yield content.hex()
            yield from _base64_spellings(content)


def _base64_spellings(content: bytes) -> Iterator[str]:
    """Yield what every base64 text that holds these bytes holds, for each of the three alignments."""
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + content).decode()
        # The first and last characters also depend on the bytes around.
        first = (before * 8 + 5) // 6
        last = (before + len(content)) * 8 // 6
        yield whole[first:last]
        yield whole[first:last].replace("+", "-").replace("/", "_")
