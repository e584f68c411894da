"""What libraries load when they first need it, loaded before anything is measured."""

from importlib import import_module
from typing import Final

_LATE: Final = (
    "_strptime",
    "anyio._backends._asyncio",
    "concurrent.futures.thread",
    "dns.rdtypes.ANY.OPT",
    "dns.rdtypes.IN.A",
    "dns.rdtypes.IN.AAAA",
    "encodings.idna",
)


def load_early() -> None:
    """Load it: in mid-run it would stall every timing, and fail where connections took all descriptors."""
    for name in _LATE:
        import_module(name)
