"""Statements about how it was measured and how far that carries: 7, 8, 9, 11, 13."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from probe.locale import N_, _, ngettext
from probe.report import words
from probe.report.annex import terms
from probe.report.annex.blocks import Figure, Paragraph, Table, Verbatim
from probe.report.annex.errors import SIMULATED, SIMULATED_CONFIRMED, SIMULATED_SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from probe.report.annex.blocks import Block
    from probe.report.annex.facts import Annex
    from probe.report.told import Told

MOST_FIGURES: Final = 12
SOURCES: Final = {
    "own": N_("Measured and judged by interference-probe {software}, rules {rules}."),
    "ooni": N_(
        "Measured by OONI Probe, whose records were read from a file, and judged by interference-probe "
        "{software}, rules {rules}; what a record does not hold makes it inconclusive."
    ),
}


def targets(annex: Annex) -> Iterator[Block]:
    """7: what was measured: addresses contacted, names sent, and what served as a control."""
    yield Table(
        head=(_("Target"), _("What was measured"), _("Addresses contacted"), _("Names sent")),
        rows=tuple(
            (
                terms.shown(row.target_id, 120),
                terms.shown(row.input),
                _some(row.addresses, row.n_addresses),
                _some(row.names, row.n_names),
            )
            for row in annex.targets
        ),
        code=(0, 1, 2, 3),
        widths=(0.2, 0.27, 0.28, 0.25),
    )
    yield Table(
        caption=_("Controls on the same network, by their role"),
        head=(_("Role"), _("How many"), _("Networks they lie in")),
        rows=tuple(
            (
                terms.said(terms.GROUPS, row.role),
                str(row.n),
                terms.listed(row.asns) if row.asns else _("not known"),
            )
            for row in annex.controls
        ),
        right=(1,),
    )


def _some(texts: Sequence[str], n: int) -> str:
    if n <= len(texts):
        return terms.listed(texts)
    return _("{texts} and {n} more").format(texts=terms.listed(texts), n=n - len(texts))


def method(annex: Annex) -> Iterator[Block]:
    """8: method, thresholds, versions, options."""
    known = annex.known
    yield Paragraph(
        text=_(
            "Each target was asked for as a browser would, several times, between tries at neutral sites "
            "on the same line. A verdict is made of the stored measurements by an ordered table of rules, "
            "the first that holds decides; judging again gives the same verdicts. The method is described "
            "in docs/method.md of the program."
        )
    )
    for source, text in SOURCES.items():
        versions = {(run.software_version, run.rules_version) for run in annex.runs if run.source == source}
        for software, rules in sorted(versions):
            yield Paragraph(text=_(text).format(software=terms.shown(software, 40), rules=rules))
    yield Paragraph(
        text=_(
            "This annex was made by interference-probe {software}, whose rules {rules} are of {date}."
        ).format(
            software=known.software_version or "-", rules=known.rules_version, date=known.rules_dated or "-"
        )
    )
    if known.software_sha256:
        yield Verbatim(text=f"SHA-256 {known.software_sha256}")
        yield Paragraph(
            text=_("That is the hash of the list of hashes of its source files; what measured is not hashed.")
        )
    if any(run.rules_version != known.rules_version for run in annex.runs):
        yield Paragraph(text=_("Some runs were judged by other rules: the numbers below are not theirs."))
    yield Table(
        caption=_("Numbers that decide"),
        head=(_("Name"), _("Value")),
        rows=known.thresholds,
        code=(0,),
        right=(1,),
    )
    yield from _options(annex)


def _options(annex: Annex) -> Iterator[Block]:
    kinds: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for run in annex.runs:
        kinds.setdefault(run.options, []).append(run.name)
    for options, runs in kinds.items():
        yield Table(
            caption=_("Options of: {runs}").format(runs=terms.listed(runs)),
            head=(_("Option"), _("Value")),
            rows=tuple((name, terms.shown(value) or "-") for name, value in options),
            code=(0, 1),
        )


def controls(annex: Annex) -> Iterator[Block]:
    """9: whether the network itself worked, baseline, and whether targets are down everywhere."""
    yield Table(
        head=(
            _("Run"),
            _("The network itself"),
            _("Neutral tries that succeeded"),
            _("Controls elsewhere"),
            _("Baseline"),
        ),
        rows=tuple(
            (
                run.name,
                words.mechanism(run.network_mechanism) or _("not judged"),
                _("{k} of {n}").format(k=run.network_n_ok, n=run.network_n_tries)
                if run.network_n_tries
                else "-",
                ", ".join(f"{terms.said(terms.KINDS, one.word)} {one.n}" for one in run.control_kinds)
                or _("none"),
                _("of {time}, from {asn}").format(
                    time=terms.time(run.baseline_recorded_utc), asn=terms.asn(run.baseline_asn)
                )
                if run.baseline_recorded_utc
                else _("none"),
            )
            for run in annex.runs
        ),
        code=(0,),
    )
    told = [one for one in annex.findings if one.state in {"blocked", "throttled", "geoblocked"}]
    untested = [one for one in told if one.elsewhere == "untested"]
    if told:
        yield Paragraph(
            text=_(
                "That the target is down everywhere was ruled out by a control in {k} of {n} findings, and "
                "is untested in {m}."
            ).format(k=len(told) - len(untested), n=len(told), m=len(untested))
        )
    if untested:
        yield Paragraph(
            text=_("Untested: findings {numbers}.").format(
                numbers=", ".join(str(one.number) for one in untested)
            )
        )


def errors(annex: Annex, runs: Sequence[Told]) -> Iterator[Block]:
    """11: how often tries fail where nobody interferes, and how often comparisons of speed err."""
    found = annex.errors
    yield Table(
        caption=_("Tries at neutral sites, in the same runs"),
        head=(_("Layer"), _("Tries"), _("Failed")),
        rows=tuple((row.layer, str(row.n_tries), str(row.n_failed)) for row in found.layers),
        code=(0,),
        right=(1, 2),
    )
    if not found.speed_tests:
        yield Paragraph(text=_("No speeds were compared."))
        return
    yield Table(
        caption=_("Speeds beside their control's, in the same minutes; kbit/s are 1000 bit/s"),
        head=(
            _("Target"),
            _("Arms"),
            _("Pairs"),
            _("Slower"),
            _("Seconds"),
            _("Median (least-most), kbit/s"),
            _("Control's, kbit/s"),
            _("Ratio"),
            "p",
        ),
        rows=tuple(
            (
                terms.shown(row.target_id, 120),
                row.arms,
                _("{k} of {n}").format(k=row.n_counted, n=row.n_pairs),
                _("{k} of {n}").format(k=row.n_slower, n=row.n_counted),
                f"{row.seconds:g}",
                _spread(row.median_kbps, row.least_kbps, row.most_kbps),
                _spread(row.control_median_kbps, row.control_least_kbps, row.control_most_kbps),
                "-" if row.ratio is None else f"{row.ratio:g}",
                f"{row.p:g}",
            )
            for row in found.speed_tests
        ),
        code=(0, 1),
        right=(4, 7, 8),
        widths=(0.16, 0.08, 0.09, 0.09, 0.09, 0.18, 0.18, 0.07, 0.06),
    )
    yield Paragraph(
        text=_(
            "T/C1: the target's name against a neutral one at the target's address. X/C2: the same two "
            "names at a neutral server. p: how likely chance alone makes so many of the pairs slower."
        )
    )
    yield from _floor(annex)
    yield from _figures(runs)


def _floor(annex: Annex) -> Iterator[Block]:
    found, numbers = annex.errors, dict(annex.known.thresholds)
    if numbers:
        yield Paragraph(
            text=_(
                "A target is called throttled where at least {k} pairs are below {ratio} of their control, "
                "at a control of {floor} bit/s or more; what is milder is not told from noise."
            ).format(
                k=numbers.get("slow_pairs", "-"),
                ratio=numbers.get("slow_ratio", "-"),
                floor=numbers.get("least_control_bps", "-"),
            )
        )
    n, rate = SIMULATED
    yield Paragraph(
        text=_(
            "In simulations one test said throttled, where nothing was, in at most {rate} % of {n} runs of "
            "the worst line; a confirmed one in less than {confirmed} %. Source: {source} of the program."
        ).format(
            rate=f"{rate * 100:g}", n=n, confirmed=f"{SIMULATED_CONFIRMED * 100:g}", source=SIMULATED_SOURCE
        )
    )
    for bound in found.bounds:
        if bound.source == "self_test":
            yield Paragraph(
                text=_(
                    "By its own self-test, run {run} erred in {k} of {n} comparisons; with 95 % confidence "
                    "in at most {bound} %."
                ).format(run=bound.run, k=bound.n_false, n=bound.n_tests, bound=f"{bound.bound * 100:.2g}")
            )
    yield Paragraph(
        text=ngettext(
            "Speeds of {n} target were compared: at most {expected} of these comparisons are expected to say "
            "throttled by chance.",
            "Speeds of {n} targets were compared: at most {expected} of these comparisons are expected to "
            "say throttled by chance.",
            found.n_compared,
        ).format(n=found.n_compared, expected=f"{found.expected_false:g}")
    )


def _figures(runs: Sequence[Told]) -> Iterator[Block]:
    from probe.report.plots import described, trials_svg

    drawn = 0
    for one in runs:
        for trials in one.trials:
            if drawn == MOST_FIGURES:
                return
            drawn += 1
            yield Figure(
                svg=trials_svg(trials),
                caption=_("Transfers of {target} and of its control").format(
                    target=terms.shown(trials.target_id, 120)
                ),
                alt=" ".join(described(trials)),
            )


def _spread(middle: float | None, least: float | None, most: float | None) -> str:
    if middle is None:
        return "-"
    return f"{middle:g} ({least:g}-{most:g})"
