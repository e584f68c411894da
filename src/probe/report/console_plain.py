"""The same run told in plain lines, for a log or a pipe."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Final, Self, TextIO

from probe.locale import _, ngettext
from probe.report import words
from probe.report.board import SUSPICIOUS, Board
from probe.report.console_live import clock, done, megabytes, transfer_line
from probe.report.console_text import label_of
from probe.report.show import visible

if TYPE_CHECKING:
    from probe.model.measurement import Measurement
    from probe.model.target import Service, Step, Target
    from probe.model.verdict import Verdict

PROGRESS_EVERY_S: Final = 10.0
LONG_S: Final = 5.0
"""A wait that has to be explained."""


class PlainLines:
    """An observer that writes a line when something is news: a suspicion, a warning, some progress."""

    def __init__(self, stream: TextIO) -> None:
        """Draw on this console or stream."""
        self.board = Board()
        self._stream = stream
        self._began = monotonic()
        self._told = self._began

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Leave the terminal as it was found."""
        self._stream.flush()

    def planned(self, services: tuple[Service, ...]) -> None:
        """Take the plan."""
        self.board.planned(services)
        if not services:
            return
        self._line(
            ngettext(
                "measuring {n} target of {services}", "measuring {n} targets of {services}", self.board.total
            ).format(
                n=self.board.total,
                services=ngettext("{n} service", "{n} services", len(services)).format(n=len(services)),
            )
        )

    def network_found(self, verdict: Verdict) -> None:
        """Take what the network looks like."""
        known = self.board.network
        if known is None or known.rule_id != verdict.rule_id:
            self._line(_("Network") + _(": ") + label_of(verdict))
        self.board.network = verdict

    def target_started(self, target: Target) -> None:
        """Take note that a target was begun."""
        self.board.started(target)

    def measured(self, measurement: Measurement) -> None:
        """Count a measurement."""
        self.board.measured(measurement)
        if monotonic() - self._told >= PROGRESS_EVERY_S:
            self._progress()

    def provisional(self, verdict: Verdict) -> None:
        """Take a verdict that may change."""
        if self.board.judged(verdict, final=False) and verdict.state in SUSPICIOUS:
            state, how = _(words.STATES[verdict.state]), words.mechanism(verdict.mechanism)
            self._line(state + _(" so far") + _(": ") + visible(verdict.input) + (f" ({how})" if how else ""))

    def final(self, verdict: Verdict) -> None:
        """Take a verdict that will not."""
        self.board.judged(verdict, final=True)

    def progress(
        self, *, done: int, total: int, bytes_used: int, elapsed_s: float, remaining_s: float | None
    ) -> None:
        """Take the numbers of the run."""
        self.board.done, self.board.total = done, total
        self.board.n_bytes, self.board.remaining_s = bytes_used, remaining_s
        self._began = monotonic() - elapsed_s
        if done == total or monotonic() - self._told >= PROGRESS_EVERY_S:
            self._progress()

    def transferring(self, step: Step, *, wait_s: float, is_paced: bool) -> None:
        """Say once a test which target's speeds are compared, and once for every long wait what it is for."""
        is_news = step is not self.board.transfer
        self.board.transferring(step, monotonic() - self._began, wait_s, is_paced=is_paced)
        begins = step.transfer is not None and step.transfer.number == 0
        if is_news and (begins or wait_s >= LONG_S):
            self._line(transfer_line(self.board))

    def warning(self, text: str) -> None:
        """Say it at once."""
        self._line(words.warning(text))

    def _progress(self) -> None:
        self._told = monotonic()
        self._line(", ".join((*done(self.board), megabytes(self.board.n_bytes))))

    def _line(self, text: str) -> None:
        self._stream.write(f"{clock(monotonic() - self._began)} {text}\n")
        self._stream.flush()
