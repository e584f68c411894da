"""One run as a page tells it: rows of verdicts, and from each verdict the way back to what was measured."""

from __future__ import annotations

from collections import Counter
from itertools import groupby, islice
from typing import TYPE_CHECKING, Final

from probe.locale import _, ngettext, say_notes
from probe.model.words import WORST_FIRST, State
from probe.report import words
from probe.report.console_text import ACCUSING, compared, confirmation, label_of, located, reason
from probe.report.csv import network_first
from probe.report.html_paths import uids_of
from probe.report.html_records import Link, Path, Row, RuleTold, Table, Tried
from probe.report.html_step import outcome_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from probe.model.verdict import Verdict
    from probe.report.html_paths import Kept, Paths
    from probe.report.html_veil import Veil
    from probe.report.told import Told

ROWS: Final = 1000
"""Rows of one table: what a browser lays out when it is opened."""
OPEN: Final = 60
"""A table of no more rows stands open."""
LINKS: Final = 40


class Story:
    """What is needed to tell one run: the run, what may be told of it, and which verdicts are followed."""

    def __init__(self, run: Told, veil: Veil, paths: Paths, number: int) -> None:
        """Keep the parts; `number` is the run's place on the page, with which its anchors begin."""
        self.run, self.veil, self.paths, self.prefix = run, veil, paths, f"r{number}"
        self.verdicts = network_first(run.verdicts)
        self._anchors = {
            v.target_id: f"{self.prefix}-v{n}"
            for n, v in enumerate(self.verdicts, 1)
            if v.target_id in paths.followed
        }
        rule_ids = sorted({v.rule_id for v in self.verdicts})
        self._rules = {rule_id: f"{self.prefix}-rule{n}" for n, rule_id in enumerate(rule_ids, 1)}
        self._owner = {
            uid: v.target_id
            for v in reversed(self.verdicts)
            if v.target_id in paths.followed
            for uid in v.measurement_uids
            if uid in paths.kept and paths.kept[uid].measurement.target_id == v.target_id
        }
        self._labels: dict[tuple[object, ...], str] = {}

    def named(self, verdict: Verdict) -> str:
        """Return what a target is called on the page."""
        return self.veil.input(verdict.service, verdict.input)

    def tables(self) -> Iterator[Table]:
        """Yield the verdicts service by service; of more than a thousand state by state, worst first."""
        for service, group in groupby(self.verdicts, key=lambda v: v.service):
            all_of_it = list(group)
            if len(all_of_it) <= ROWS:
                yield self._table(service, all_of_it, is_open=len(all_of_it) <= OPEN)
                continue
            for state in WORST_FIRST:
                of_state = [v for v in all_of_it if v.state is state]
                for first in range(0, len(of_state), ROWS):
                    part = of_state[first : first + ROWS]
                    title = _("{service}, {state}: rows {first} to {last} of {n}").format(
                        service=service,
                        state=_(words.STATES[state]),
                        first=first + 1,
                        last=first + len(part),
                        n=len(of_state),
                    )
                    yield self._table(title, part, is_open=False)

    def _table(self, title: str, verdicts: Sequence[Verdict], *, is_open: bool) -> Table:
        return Table(title=title, counts=counted(verdicts), is_open=is_open, rows=map(self._row, verdicts))

    def _row(self, verdict: Verdict) -> Row:
        return Row(
            anchor=self._anchors.get(verdict.target_id, ""),
            input=self.named(verdict),
            state=verdict.state,
            how=self._how(verdict),
            rule=self._rules[verdict.rule_id],
            rule_id=verdict.rule_id,
            tries=f"{verdict.n_observations} / {verdict.n_controls}",
            times=tuple(
                "" if ms is None else f"{self.veil.ms(ms):g}"
                for ms in (verdict.dns_ms, verdict.connect_ms, verdict.tls_ms, verdict.ttfb_ms)
            ),
        )

    def _how(self, v: Verdict) -> str:
        """Return mechanism or reason, and of an accusation whether it is confirmed and where it points."""
        key = (v.state, v.mechanism, v.reason_code, v.confirmed, v.located)
        if key not in self._labels:
            parts = [label_of(v)]
            parts += [confirmation(v), located(v)] if v.state in ACCUSING else []
            self._labels[key] = "; ".join(part for part in parts if part)
        return self._labels[key]

    def paths_back(self) -> Iterator[Path]:
        """Yield every verdict that is followed, with its measurements."""
        for verdict in self.verdicts:
            if verdict.target_id in self._anchors:
                yield self._path(verdict)

    def _path(self, verdict: Verdict) -> Path:
        told = self.veil.verdict(verdict)
        uids = uids_of(verdict)
        own = [uid for uid in uids if self._owner.get(uid) == verdict.target_id]
        others = [uid for uid in uids if uid not in own]
        witnesses = frozenset(verdict.witnesses)
        n, k = verdict.n_observations, verdict.n_controls
        return Path(
            anchor=self._anchors[verdict.target_id],
            input=self.named(verdict),
            state=verdict.state,
            how=self._how(verdict),
            why=self.veil.text(reason(told)),
            facts=(
                *(_("Note: {note}").format(note=self.veil.text(note)) for note in say_notes(told)),
                *(_(words.CAVEATS[caveat]) for caveat in verdict.caveats),
                ngettext("{n} observation", "{n} observations", n).format(n=n),
                ngettext("{n} control", "{n} controls", k).format(n=k),
                _("compared with {what}").format(what=compared([verdict])),
                *self._when(verdict),
            ),
            rule=self._rules[verdict.rule_id],
            rule_id=verdict.rule_id,
            mechanism=verdict.mechanism,
            failure=told.failure or "",
            values=tuple((name, self.veil.text(value)) for name, value in told.params),
            tried=tuple(
                self._tried(self.paths.kept[uid], is_witness=uid in witnesses, pages=_is_page(verdict))
                for uid in own
            ),
            others=tuple(self._link(uid) for uid in others[:LINKS]),
            n_more=len(set(verdict.witnesses) - set(own) - set(others[:LINKS])),
        )

    def _when(self, verdict: Verdict) -> Iterator[str]:
        if verdict.started_utc:
            text = _("measured from {begin} to {end} (UTC)")
            yield text.format(
                begin=self.veil.time(verdict.started_utc), end=self.veil.time(verdict.ended_utc) or "?"
            )

    def controls(self) -> Iterator[Tried]:
        """Yield what was measured of neutral sites, the network and others where a verdict leads there."""
        kept = [one for uid, one in self.paths.kept.items() if uid not in self._owner]
        if self.veil.public:  # their order in the run would tell the run from others
            kept.sort(key=lambda one: (one.measurement.target_id, one.measurement.round))
        for one in kept:
            yield self._tried(one, is_witness=False, pages=False)

    def _tried(self, kept: Kept, *, is_witness: bool, pages: bool) -> Tried:
        m = kept.measurement
        steps = self.veil.steps(m, pages=pages)
        return Tried(
            anchor=self._anchor(kept),
            uid=self.veil.uid(m.measurement_uid),
            title=_("{experiment}, round {n}: {input}").format(
                experiment=m.experiment, n=m.round + 1, input=self.veil.site(m)
            ),
            where=self._where(kept),
            is_witness=is_witness,
            end=outcome_of(steps),
            steps=steps,
            is_timed=any(step.t0 is not None for step in steps),
            beside=tuple(self._link(uid) for uid in self.paths.beside.get(m.measurement_uid, ())),
        )

    def _where(self, kept: Kept) -> str:
        begin = kept.measurement.measurement_start_time.isoformat(timespec="milliseconds")
        begin = begin.replace("+00:00", "Z")
        if self.veil.public:
            return _("began in the hour of {time}").format(time=self.veil.time(begin))
        text = _("line {line} of measurements.jsonl, began {time}")
        return text.format(line=kept.line, time=begin)

    def _anchor(self, kept: Kept) -> str:
        """Return where a measurement is told."""
        return f"{self.prefix}-m{kept.line}"

    def _link(self, uid: str) -> Link:
        kept = self.paths.kept.get(uid)
        if kept is None:
            return Link(anchor="", text=self.veil.uid(uid))
        m = kept.measurement
        end = outcome_of(self.veil.steps(m, pages=False))
        came = end.came if end else _("nothing")
        text = _("{site}, round {n}: {came}")
        return Link(
            anchor=self._anchor(kept), text=text.format(site=self.veil.site(m), n=m.round + 1, came=came)
        )

    def rules(self) -> Iterator[RuleTold]:
        """Yield the rules that decided, by name."""
        by_rule: dict[str, list[Verdict]] = {}
        for verdict in self.verdicts:
            by_rule.setdefault(verdict.rule_id, []).append(verdict)
        for rule_id, anchor in self._rules.items():
            decided = by_rule[rule_id]
            templates = dict.fromkeys(v.template for v in decided if v.template)
            yield RuleTold(
                anchor=anchor,
                rule_id=rule_id,
                version=decided[0].rules_version,
                says=tuple(_(template) for template in islice(templates, 8)),
                counts=counted(decided),
            )


def counted(verdicts: Sequence[Verdict]) -> str:
    """Return how many are in which state, worst first."""
    counts: Mapping[State, int] = Counter(v.state for v in verdicts)
    return ", ".join(
        f"{_(words.STATES[state])} {counts[state]}" for state in WORST_FIRST if counts.get(state)
    )


def _is_page(verdict: Verdict) -> bool:
    """Say whether how answers began is worth telling: where content decided."""
    return verdict.state is not State.REACHABLE and verdict.layer == "http"
