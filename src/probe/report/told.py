"""One run as a report is told of it: what was judged, what it stands on, and whether it lies sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from probe.model.baseline import Baseline
    from probe.model.measurement import Measurement
    from probe.model.options import RunRecord
    from probe.model.target import Target
    from probe.model.verdict import ServiceVerdict, Verdict
    from probe.report.facts import ShownFact
    from probe.report.trials import TargetTrials


class Seal(Struct, frozen=True, kw_only=True):
    """The bag a run lies in."""

    root_sha256: str
    """Of `tagmanifest-sha256.txt`."""
    n_files: int
    n_bytes: int
    signature: str
    """In words of the program, not translated: `none`, `good`, `bad`, with the key's fingerprint after it."""
    token: str
    """`none`, `good`, `bad`, with the token's time after it."""
    judged_again: str = "same"
    """`same`: judged again just now, the verdicts are those of the bag; `other_version`: they are, and tables
    and texts were not checked; `other_rules`: not checked."""


class SelfTested(Struct, frozen=True, kw_only=True):
    """How often comparisons of speed erred where nothing was slowed, on this link."""

    n_tests: int
    n_false: int
    bound: float
    """At most this share errs, with 95 % confidence."""


class Told(Struct, frozen=True, kw_only=True):
    """One run."""

    record: RunRecord
    verdicts: tuple[Verdict, ...]
    """The network's own among them."""
    services: tuple[ServiceVerdict, ...]
    trials: tuple[TargetTrials, ...]
    facts: tuple[ShownFact, ...]
    targets: tuple[Target, ...]
    """Those judged, in the order of the catalogue and the lists."""
    controls: tuple[Target, ...]
    """Neutrals, checks of the network, resolvers."""
    baseline: Baseline | None
    seal: Seal | None
    """None where the run is not sealed."""
    measurements: Callable[[], Iterable[Measurement]]
    """Reads them one by one, in the order of writing; may be called again."""
    titles: tuple[tuple[str, str], ...] = ()
    """Service and its title, as the catalogue of the run has it."""
    self_test: SelfTested | None = None
    """Where the run has a self-test beside it."""
    journal: Callable[[], bytes] | None = None
    """Reads measurements.jsonl as it is; None where it is too large to travel inside a document."""
    custody: tuple[tuple[str, str, str], ...] = ()
    """Time in UTC, role, action: what a bag says of who had it in hand."""
