"""Optional parts: what cannot be measured without a library that is not installed is left out, and said."""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Final

from msgspec.structs import replace

from probe.model.target import Service, Target

QUIC: Final = "quic"
LIBRARIES: Final = {QUIC: "aioquic"}
"""By the name of the extra that brings it."""


def extra_of(target: Target) -> str:
    """Return the extra that a target needs; empty for most."""
    return QUIC if target.input.startswith(("quic://", "dns+quic://")) else ""


def is_installed(extra: str) -> bool:
    """Say whether the library of an extra can be imported."""
    return find_spec(LIBRARIES[extra]) is not None


def able(services: Sequence[Service]) -> tuple[tuple[Service, ...], tuple[Target, ...]]:
    """Return the services with what can be measured here, and what is left out for want of a library."""
    missing = {extra for extra in LIBRARIES if not is_installed(extra)}
    left_out = tuple(t for service in services for t in service.targets if extra_of(t) in missing)
    kept = []
    for service in services:
        targets = tuple(t for t in service.targets if t not in left_out)
        if targets:
            kept.append(service if targets == service.targets else replace(service, targets=targets))
    return tuple(kept), left_out


def how_to_install(left_out: Sequence[Target]) -> str:
    """Return what to type for what was left out."""
    extras = ",".join(dict.fromkeys(extra_of(target) for target in left_out))
    return f"pipx install 'interference-probe[{extras}]'"
