"""What a run tells whoever watches it: the pipeline calls, the console shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from probe.model.measurement import Measurement
    from probe.model.target import Service, Step, Target
    from probe.model.verdict import Verdict


class Observer(Protocol):
    """Told of everything worth showing, in the order in which it happens.

    Every method returns at once, raises nothing, and is called from the event loop's thread. A measurement
    is on disk before `measured` is called. `provisional` may be called any number of times for a target,
    `final` once. Sizes are bytes, durations seconds.
    """

    def planned(self, services: tuple[Service, ...]) -> None:
        """Tell what will be measured, before the first packet; called once."""
        ...

    def network_found(self, verdict: Verdict) -> None:
        """Tell what the network itself looks like; may come again when it changes."""
        ...

    def target_started(self, target: Target) -> None:
        """Tell that the first step of this target has started."""
        ...

    def measured(self, measurement: Measurement) -> None:
        """Tell that this measurement was completed, redacted and kept."""
        ...

    def provisional(self, verdict: Verdict) -> None:
        """Tell what the evidence carries so far; it may change."""
        ...

    def final(self, verdict: Verdict) -> None:
        """Tell the verdict that will be written."""
        ...

    def progress(
        self, *, done: int, total: int, bytes_used: int, elapsed_s: float, remaining_s: float | None
    ) -> None:
        """Tell how many of the steps known so far are done; `remaining_s` is None while nobody can say."""
        ...

    def transferring(self, step: Step, *, wait_s: float, is_paced: bool) -> None:
        """Tell that this step of transfers comes next, after so long: all targets' rounds are done.

        Called again every second while it waits. `is_paced` says that it waits for room in the handshake
        budget rather than for the time of a second test.
        """
        ...

    def warning(self, text: str) -> None:
        """Tell something that the user should know and that is not a finding."""
        ...
