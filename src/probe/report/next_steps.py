"""What to do after a run: a table from what was missing to what to type."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

from probe.locale import N_, _
from probe.model.words import ReasonCode, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probe.model.options import RunRecord
    from probe.model.verdict import Verdict

BY_STOP: Final = {
    "interrupted": N_("Go on where it stopped: probe run --resume {folder}"),
    "bytes": N_("The data limit was reached. Go on with as much again: probe run --resume {folder}"),
    "time": N_("The time limit was reached. Go on for as long again: probe run --resume {folder}"),
}

BY_REASON: Final[tuple[tuple[tuple[ReasonCode, ...], str], ...]] = (
    ((ReasonCode.CAPTIVE_PORTAL,), N_("Sign in to this network in a browser, then run again.")),
    (
        (ReasonCode.NO_NETWORK, ReasonCode.SHUTDOWN),
        N_("Look at cable, Wi-Fi or SIM card, or try a second line, and run again."),
    ),
    ((ReasonCode.CLOCK_UNTRUSTED,), N_("Set this machine's clock, then run again.")),
    (
        (ReasonCode.LOCAL_INTERCEPTION,),
        N_("Switch off a VPN, ad blocker or antivirus filter, then run again."),
    ),
    ((ReasonCode.NETWORK_CHANGED,), N_("The network changed on the way: stay on one line and run again.")),
    (
        (
            ReasonCode.INTERMITTENT,
            ReasonCode.DISCORDANT_RERUN,
            ReasonCode.RESIDUAL_WINDOW,
            ReasonCode.UNCONFIRMED,
        ),
        N_("Run again in ten minutes: what failed now and then, or was not confirmed, needs a second run."),
    ),
    (
        (ReasonCode.BACKGROUND_TRAFFIC,),
        N_("Stop what else uses this line (updates, cloud copies, video), then run again."),
    ),
    (
        (
            ReasonCode.LINK_TOO_SLOW,
            ReasonCode.CONTROL_NOISY,
            ReasonCode.EFFECT_BELOW_FLOOR,
            ReasonCode.PMTU_OR_SERVER,
        ),
        N_("This line did not let some speeds be told: run again over another access network, or later."),
    ),
    (
        (ReasonCode.TOO_FEW_PAIRS,),
        N_(
            "Some targets had nothing to be timed against: a campaign's helper (--control and its address) "
            "makes them testable."
        ),
    ),
    (
        (ReasonCode.CONTROL_UNCALIBRATED, ReasonCode.SLOW_NOT_NAME_DEPENDENT),
        N_(
            "Some targets were slow, perhaps by their own servers' doing: a baseline from a network without "
            "interference tells (probe baseline record --help)."
        ),
    ),
)

OTHER_CONTROL: Final = N_(
    "The control could not tell for some targets: try another one (--control ooni, or a helper's address), "
    "or compare with a baseline (probe baseline --help)."
)
WITHOUT_CONTROL: Final = N_(
    "Nothing elsewhere was asked. A control (--control ooni, or a helper's "
    "address) would tell what is blocked "
    "here from what is down for everybody, and lets more of these verdicts stand."
)
ONCE: Final = N_(
    "A slowdown was not confirmed: run again, with more room if a limit was "
    "reached (--max-mb, --max-minutes)."
)
SEND: Final = N_("Send verdicts.csv to whoever gathers such reports, over a channel that you trust.")
AGAIN: Final = N_("Run again at another hour: one run is one moment.")
IMPORTED: Final = N_(
    "Such records hold no neutral sites: a run of this program, on the same network, can confirm more"
    " (probe run --dry-run tells what would be contacted)."
)
LAB: Final = N_("Now on a real network: probe run --dry-run tells what would be contacted.")


def advice(
    record: RunRecord, folder: str, network: Verdict, verdicts: Sequence[Verdict], *, has_control: bool
) -> tuple[str, ...]:
    """Return what to do next, the most useful first, without repetition; no folder: nothing was kept."""
    if record.simulated:
        return (_(LAB),)
    if record.imported_from:
        return (_(IMPORTED),)
    lines: list[str] = []
    if folder and record.stopped in BY_STOP:
        lines.append(_(BY_STOP[record.stopped]).format(folder=folder))
    codes = {v.reason_code for v in chain((network,), verdicts) if v.reason_code}
    lines += [_(text) for reasons, text in BY_REASON if codes.intersection(reasons)]
    if any(v.state is State.THROTTLED and not v.confirmed for v in verdicts):
        lines.append(_(ONCE))
    if network.reason_code is None:  # on a network that is not fine no control would help
        if not has_control:
            lines.append(_(WITHOUT_CONTROL))
        elif codes.intersection((ReasonCode.NO_CONTROL, ReasonCode.CONTROL_FAILED)):
            lines.append(_(OTHER_CONTROL))
    worth_sending = (State.BLOCKED, State.THROTTLED, State.GEOBLOCKED, State.DOWN)
    if folder and any(v.state in worth_sending for v in verdicts):
        lines.append(_(SEND))
    lines.append(_(AGAIN))
    return tuple(dict.fromkeys(lines))
