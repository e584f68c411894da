"""The display of a run that goes on: redrawn on a terminal, suspicious services first.

It redraws when something happened and no more than twice a second, in the event loop's own thread: drawing
costs a few milliseconds, and a second thread would spend them in the middle of somebody's handshake.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Final, Self

from rich.live import Live
from rich.text import Text

from probe.locale import _, ngettext
from probe.model.words import State
from probe.report import words
from probe.report.board import MEASURING, SUSPICIOUS, WAITING, Board, ServiceBoard
from probe.report.console_text import STYLES, WIDEST, label_of
from probe.report.show import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from probe.model.measurement import Measurement
    from probe.model.target import Service, Step, Target
    from probe.model.verdict import Verdict

REDRAW_S: Final = 0.5
GAP: Final = "  "
ECHO: Final = 3
"""Columns left free: a terminal echoes ^C after the last line, and a wrapped echo would shift the picture."""
LINES_AROUND: Final = 7
"""Lines of the frame that are no services."""


class LiveDisplay:
    """An observer that keeps one picture of the run on the terminal; a context manager."""

    def __init__(self, console: Console) -> None:
        """Draw on this console or stream."""
        self.board = Board()
        self._console = console
        self._began = monotonic()
        self._drawn = 0.0
        self._live = Live(console=console, auto_refresh=False, transient=True, redirect_stdout=False)

    def __enter__(self) -> Self:
        """Begin."""
        self._live.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Leave the terminal as it was found."""
        self._live.stop()

    def planned(self, services: tuple[Service, ...]) -> None:
        """Take the plan."""
        self.board.planned(services)
        self._draw(now=True)

    def network_found(self, verdict: Verdict) -> None:
        """Take what the network looks like."""
        self.board.network = verdict
        self._draw(now=True)

    def target_started(self, target: Target) -> None:
        """Take note that a target was begun."""
        self.board.started(target)
        self._draw()

    def measured(self, measurement: Measurement) -> None:
        """Count a measurement."""
        self.board.measured(measurement)
        self._draw()

    def provisional(self, verdict: Verdict) -> None:
        """Take a verdict that may change."""
        self.board.judged(verdict, final=False)
        self._draw()

    def final(self, verdict: Verdict) -> None:
        """Take a verdict that will not."""
        self.board.judged(verdict, final=True)
        self._draw()

    def progress(
        self, *, done: int, total: int, bytes_used: int, elapsed_s: float, remaining_s: float | None
    ) -> None:
        """Take the numbers of the run."""
        self.board.done, self.board.total = done, total
        self.board.n_bytes, self.board.remaining_s = bytes_used, remaining_s
        self._began = monotonic() - elapsed_s
        self._draw()

    def transferring(self, step: Step, *, wait_s: float, is_paced: bool) -> None:
        """Take note of the comparison of speeds that comes next, and of what it waits for."""
        self.board.transferring(step, monotonic() - self._began, wait_s, is_paced=is_paced)
        self._draw()

    def warning(self, text: str) -> None:
        """Say it at once."""
        self._console.print(Text(words.warning(text), style="yellow"))

    def _draw(self, *, now: bool = False) -> None:
        at = monotonic()
        if now or at - self._drawn >= REDRAW_S:
            self._drawn = at
            elapsed = at - self._began
            size = self._console.size
            self._live.update(frame(self.board, elapsed, size.width, size.height), refresh=True)


def frame(board: Board, elapsed_s: float, width: int, height: int) -> Text:
    """Return the picture: the network, the run's numbers, and as many services as there are lines for.

    Columns are cut and filled by hand: a table of the library takes three times as long, twice a second.
    """
    width = min(width - ECHO, WIDEST)
    shown = [s for s in board.worst_first() if s.state != WAITING]
    waiting = len(board.services) - len(shown)
    room = max(height - LINES_AROUND, 3)
    head = [_network_line(board), _numbers(board, elapsed_s)]
    if board.transfer is not None:
        head.append(Text(transfer_line(board), style="dim"))
    lines = [*head, Text(), *_rows(shown[:room], width)]
    hidden = len(shown) - room
    rest = []
    if hidden > 0:
        rest.append(ngettext("{n} more under way", "{n} more under way", hidden).format(n=hidden))
    if waiting:
        rest.append(ngettext("{n} waiting", "{n} waiting", waiting).format(n=waiting))
    if rest:
        lines.append(Text(", ".join(rest), style="dim"))
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return Text("\n", no_wrap=True, overflow="crop").join(lines)


def _rows(services: Sequence[ServiceBoard], width: int) -> list[Text]:
    """Return a line a service: state, name, mechanism, how many targets have been told."""
    cells = [_cells(service) for service in services]
    if not cells:
        return []
    first, second, last = (max(len(row[i]) for row in cells) for i in (0, 1, 3))
    second = min(second, 22)
    third = max(width - first - second - last - 3 * len(GAP), 0)
    lines = []
    for label, name, how, told in cells:
        for cell, wide in ((label, first), (name, second), (how, third)):
            cell.truncate(wide, overflow="ellipsis", pad=True)
        lines.append(Text(GAP).join((label, name, how, Text(told.plain.rjust(last)))))
    return lines


def _cells(service: ServiceBoard) -> tuple[Text, Text, Text, Text]:
    state = service.state
    if state == MEASURING:
        label = Text(_("measuring"), style="dim")
    else:
        label = Text(_(words.STATES[state]))
        label.stylize(STYLES[state])
        if not service.is_final:
            label.append(_(" so far"), style="dim")
    how = words.mechanism(service.mechanism) if state in SUSPICIOUS else ""
    return label, Text(visible(service.service, 60)), Text(how), Text(f"{service.n_told}/{service.n_targets}")


def _network_line(board: Board) -> Text:
    line = Text().append(_("Network"), style="bold").append(_(": "))
    if board.network is None:
        return line.append(_("looking at it first"), style="dim")
    state = board.network.state
    style = STYLES[state] if state is not State.REACHABLE else ""
    return line.append(label_of(board.network), style=style)


def _numbers(board: Board, elapsed_s: float) -> Text:
    left = board.left_s(elapsed_s)
    parts = [
        clock(elapsed_s),
        _("about {time} left").format(time=clock(left)) if left is not None else "",
        *done(board),
        megabytes(board.n_bytes),
    ]
    return Text(GAP.join(part for part in parts if part))


def done(board: Board) -> tuple[str, ...]:
    """Return how many targets are done; nothing where none is measured, as in a self-test."""
    if not board.total:
        return ()
    text = ngettext("{done} of {n} target done", "{done} of {n} targets done", board.total)
    return (text.format(done=board.done, n=board.total),)


def transfer_line(board: Board) -> str:
    """Say which comparison of speeds is under way, and when it begins where that is not now."""
    step = board.transfer
    if step is None:
        return ""
    again = step.transfer is not None and step.transfer.test > 0
    text = _("comparing speeds again: {target}") if again else _("comparing speeds: {target}")
    text = text.format(target=visible(step.target.target_id, 60))
    if board.transfer_wait_s < 1:
        return text
    later = (
        _(", in {seconds} s (at {time}): no name is said too often in a row")
        if board.transfer_paced
        else _(", in {seconds} s (at {time})")
    )
    return text + later.format(seconds=f"{board.transfer_wait_s:.0f}", time=clock(board.transfer_at_s))


def clock(seconds: float) -> str:
    """Return minutes and seconds: `1:07`."""
    whole = max(int(seconds), 0)
    return f"{whole // 60}:{whole % 60:02d}"


def megabytes(n_bytes: int) -> str:
    """Return megabytes (10**6 bytes) with one decimal."""
    return _("{mb:.1f} MB").format(mb=n_bytes / 1_000_000)
