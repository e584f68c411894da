"""What is said of trials, in pictures and on terminals: captions, sums, rates, why a pair does not count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from probe.locale import N_, _, ngettext

if TYPE_CHECKING:
    from probe.report.trials import Pair, Series

CAPTIONS: Final = {
    "T/C1": N_("At the target's own address: its name against a neutral one"),
    "X/C2": N_("At a neutral server: the target's name against a neutral one"),
}
ALONE: Final = N_("Without a limit: how far each came")
UNFIT: Final = {
    "lie": N_("what the helper said of it cannot be"),
    "control": N_("the control failed"),
    "suspect": N_("the transfer failed"),
    "mismatch": N_("the other name got another answer"),
    "background": N_("other programs used the link"),
    "silent": N_("no answer came"),
    "unfinished": N_("cut off"),
}
"""Why a pair gives no ratio, as judging names it."""

MOST_RATIO: Final = 100


def summary(series: Series) -> str:
    """Return ratio, count and chance of a series in one line, without a full stop."""
    n = len(series.counted)
    if series.ratio is None:
        return _("no pair could be compared")
    return ngettext(
        "median {ratio} of the control's rate; slower in {k} of {n} pair, p = {p}",
        "median {ratio} of the control's rate; slower in {k} of {n} pairs, p = {p}",
        n,
    ).format(ratio=ratio_text(series.ratio), k=series.n_slower, n=n, p=chance_text(series.p))


def not_counted(pair: Pair) -> str:
    """Return why a pair gives no ratio."""
    why = UNFIT.get(pair.rates.unfit, UNFIT["unfinished"])
    return _("not counted: {why}").format(why=_(why))


def rate_text(bps: float) -> str:
    """Return a rate with two digits and its unit."""
    if bps >= 999_500:
        return _("{n} Mbit/s").format(n=_two_digits(bps / 1e6))
    return _("{n} kbit/s").format(n=_two_digits(bps / 1e3))


def ratio_text(ratio: float) -> str:
    """Return a ratio with two digits behind the point, more where it would be nought; never a long one."""
    if ratio >= MOST_RATIO:
        return f">{MOST_RATIO - 1}"
    return f"{ratio:.2f}" if ratio >= 0.01 else f"{ratio:.1g}"


def chance_text(p: float) -> str:
    """Return a probability with three digits as verdicts have it, never as nought."""
    return f"{p:.3g}" if p >= 1e-4 else f"{p:.0e}"


def _two_digits(value: float) -> str:
    return f"{value:.0f}" if value >= 9.95 else f"{value:.1f}".removesuffix(".0")
