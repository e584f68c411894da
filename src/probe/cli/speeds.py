"""What comparing speeds would cost and who would see it: said before the first packet."""

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from msgspec import Struct

from probe.locale import _, ngettext

if TYPE_CHECKING:
    from probe.pipeline.request import Prepared

MOST_MB: Final = 6
MOST_MINUTES: Final = 3
"""Of one target that seems slow: both tests of both pairs at 128 kB a transfer, and the wait between them."""


class Speeds(Struct, frozen=True, kw_only=True):
    """Transfers of a run that nothing slows."""

    n: int
    """Targets examined whatever their pages show."""
    n_bytes: int
    seconds: float
    servers: tuple[str, ...]
    """Hosts that may see targets' names in handshakes though they are not the targets'."""


NONE: Final = Speeds(n=0, n_bytes=0, seconds=0.0, servers=())


def speeds_of(prepared: "Prepared") -> Speeds:
    """Return what would be compared; nothing where --no-throughput was said, or no page is measured."""
    from probe.model.transfer import TRIAL_BYTES
    from probe.plan.estimate import PAIRS_WHEN_CLEAR, SECONDS_PER_PAIR
    from probe.plan.transfers import is_campaign

    if not prepared.options.throughput or all(t.experiment != "web" for t in prepared.targets):
        return NONE
    n = sum(bool(target.paired) for target in prepared.targets)
    helper = next((url for url in prepared.options.controls if is_campaign(url)), "")
    neutrals = [t.input for t in prepared.catalogue.neutrals if t.any_name and t.large_object]
    return Speeds(
        n=n,
        n_bytes=n * PAIRS_WHEN_CLEAR * 2 * TRIAL_BYTES,
        seconds=n * PAIRS_WHEN_CLEAR * SECONDS_PER_PAIR,
        servers=tuple(urlsplit(url).hostname or url for url in ([helper] if helper else neutrals)),
    )


def cost(speeds: Speeds) -> tuple[str, ...]:
    """Return how much of the run that is, and how much more it may become."""
    if not speeds.servers:
        return ()
    of_these = ngettext(
        "Of these, {mb:.1f} MB and {seconds:.0f} s go into comparing the speed of {n} target.",
        "Of these, {mb:.1f} MB and {seconds:.0f} s go into comparing the speed of {n} targets.",
        speeds.n,
    ).format(mb=speeds.n_bytes / 1e6, seconds=speeds.seconds, n=speeds.n)
    more = _("One that seems slow may take {mb} MB and {minutes} min more.").format(
        mb=MOST_MB, minutes=MOST_MINUTES
    )
    return (of_these, more) if speeds.n else (more,)
