"""All harnesses by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fuzz import bags, files, lookups, messages, quic, runs, talks, texts, whole

if TYPE_CHECKING:
    from fuzz.harness import Harness

HARNESSES: Final[dict[str, Harness]] = {
    harness.name: harness
    for module in (lookups, messages, talks, quic, files, runs, texts, bags, whole)
    for harness in module.HARNESSES
}
