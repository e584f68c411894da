"""The page: one file that opens offline, from the annex's statements down to what was measured.

No script, no style but its own, nothing fetched: the policy in its head forbids all else. Whatever is put
into a template is made safe to look at and escaped on its way, by the environment, not by the template.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from functools import lru_cache
from importlib.resources import files
from itertools import groupby, islice
from typing import IO, TYPE_CHECKING, Any, Final

from markupsafe import Markup
from msgspec import Struct

from probe.locale import N_, _, ngettext
from probe.report import words
from probe.report.annex.disclosure import run_names
from probe.report.facts import lines
from probe.report.html_paths import paths_of
from probe.report.html_story import Story
from probe.report.html_survey import surveyed
from probe.report.html_svg import inline
from probe.report.html_veil import plain, veil
from probe.report.legend import SIMULATED
from probe.report.letters.widths import shares
from probe.report.plots import described, trials_svg
from probe.report.show import visible
from probe.report.timings import described as timings_described
from probe.report.timings import timed, timings_svg

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jinja2 import Environment

    from probe.report.annex.blocks import Document
    from probe.report.told import Told

LONGEST: Final = 20_000
"""Characters of one text."""
MOST_DRAWINGS: Final = 60
"""Of a kind and run."""
_CHUNK: Final = 1 << 16
TEXTS: Final = {
    "skip": N_("To the content"),
    "contents": N_("Contents"),
    "simulated": SIMULATED,
    "verdicts": N_("Verdicts"),
    "target": N_("Target"),
    "verdict": N_("Verdict"),
    "how": N_("How, or why not more"),
    "rule": N_("Rule"),
    "tries": N_("Tries / controls"),
    "dns": N_("DNS, ms"),
    "tcp": N_("TCP, ms"),
    "tls": N_("TLS, ms"),
    "ttfb": N_("First byte, ms"),
    "timing": N_("How long the steps took"),
    "speed": N_("Speed, target and control"),
    "paths": N_("Each verdict, back to its measurements"),
    "paths_mean": N_(
        "Each verdict names its rule, the values put into it, and the measurements that it rests on, its "
        "witnesses. Open a measurement to see each operation in order of time."
    ),
    "controls": N_("What they were held against"),
    "controls_mean": N_(
        "Neutral sites, resolvers and checks of the network that the verdicts above rest on."
    ),
    "rules": N_("Rules that decided"),
    "rules_mean": N_("The meaning of a rule never changes; a new meaning is a new rule."),
    "version": N_("rules of version"),
    "facts": N_("Facts beside the verdicts"),
    "generated": N_("As of"),
    "none": N_("nothing"),
    "witness": N_("witness"),
    "beside": N_("Neutral sites tried just before and after:"),
    "at": N_("At, s"),
    "what": N_("Operation"),
    "whom": N_("With whom"),
    "came": N_("What came"),
    "ms": N_("Took, ms"),
    "failure": N_("Failure"),
    "rests_on": N_("Rests on"),
    "values_": N_("with"),
    "others": N_("Held against"),
}
"""Words of the templates."""


class _Run(Struct, frozen=True, kw_only=True):
    """What the template tells of one run."""

    id: str
    title: str
    about: str
    cut: str
    parts: tuple[tuple[str, str], ...]
    story: Story
    timings: tuple[tuple[Markup, str], ...]
    throughput: tuple[tuple[Markup, str], ...]
    facts: tuple[str, ...]


def write_html(handle: IO[bytes], document: Document, runs: Sequence[Told], *, public: bool) -> None:
    """Write the page piece by piece; the same runs give the same bytes. Raises StoreError."""
    environment, style, style_hash = _environment()
    told = [
        _run(run, name, number, public=public)
        for number, (run, name) in enumerate(zip(runs, run_names(runs), strict=True), 1)
    ]
    pieces = environment.get_template("report.html").generate(
        document=document,
        generated=document.generated.isoformat(timespec="seconds").replace("+00:00", "Z"),
        simulated=any(run.record.simulated for run in runs),
        runs=told,
        states=[(state, _(word), _(words.STATES_HOW[state])) for state, word in words.STATES.items()],
        words={state: _(word) for state, word in words.STATES.items()},
        t={key: _(text) for key, text in TEXTS.items()},
        inline=inline,
        shares=shares,
        style=style,
        style_hash=style_hash,
    )
    for block in _blocks(pieces):
        handle.write(block)


def _blocks(pieces: Iterator[str]) -> Iterator[bytes]:
    """Yield the page in blocks of some size: a template yields a word at a time."""
    held: list[str] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= _CHUNK:
            yield "".join(held).encode()
            held.clear()
            size = 0
    yield "".join(held).encode()


@lru_cache(maxsize=1)
def _environment() -> tuple[Environment, Markup, str]:
    """Return the templates, the style sheet, and its hash for the policy."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    folder = files("probe.report.pages")
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FunctionLoader(lambda name: (folder / name).read_text(encoding="utf-8")),
    )
    style = (folder / "style.css").read_text(encoding="utf-8")
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return environment, Markup(style), f"sha256-{digest}"  # noqa: S704  # our own file, which holds no "<"


def _shown(value: Any) -> Any:
    """Return a text safe to look at; what is markup already stays. Escaping comes after this."""
    return value if isinstance(value, Markup) or not isinstance(value, str) else visible(value, LONGEST)


def _run(run: Told, name: str, number: int, *, public: bool) -> _Run:
    survey = surveyed(run)
    shown = veil(run, name, survey) if public else plain(run)
    paths = paths_of(run, survey)
    story = Story(run, shown, paths, number)
    prefix = f"r{number}"
    timings = tuple(_timings(story, prefix))
    throughput = tuple(
        (inline(trials_svg(trials), f"{prefix}-p{n}"), " ".join(described(trials)))
        for n, trials in enumerate(run.trials[:MOST_DRAWINGS])
    )
    facts = tuple(shown.text(line) for line in lines(run.facts))
    total, n = len(story.verdicts), len(paths.followed)
    text = ngettext(
        "Of {total} verdicts {n} is followed back here; all stand in the tables and in verdicts.jsonl.",
        "Of {total} verdicts {n} are followed back here, accusations first; all stand in the tables "
        "and in verdicts.jsonl.",
        n,
    )
    parts = (
        (f"{prefix}-verdicts", "verdicts", True),
        (f"{prefix}-timing", "timing", timings),
        (f"{prefix}-speed", "speed", throughput),
        (f"{prefix}-paths", "paths", True),
        (f"{prefix}-controls", "controls", True),
        (f"{prefix}-rules", "rules", True),
        (f"{prefix}-facts", "facts", facts),
    )
    return _Run(
        id=prefix,
        title=_("Run {name}").format(name=shown.name),
        about=_about(run, shown.time(run.record.started_utc), shown.time(run.record.ended_utc)),
        cut=text.format(total=total, n=n) if n < total else "",
        parts=tuple((anchor, _(TEXTS[key])) for anchor, key, is_there in parts if is_there),
        story=story,
        timings=timings,
        throughput=throughput,
        facts=facts,
    )


def _about(run: Told, begin: str, end: str) -> str:
    text = _("From {begin} to {end} (UTC), in {operator}; program {version}, rules {rules}.")
    return text.format(
        begin=begin or "?",
        end=end or "?",
        operator=words.operator(run.record.vantage.probe_asn),
        version=run.record.software_version,
        rules=run.record.rules_version,
    )


def _timings(story: Story, prefix: str) -> Iterator[tuple[Markup, str]]:
    """Yield a drawing for each service of which something was timed."""
    services = (
        (service, timed(group)) for service, group in groupby(story.verdicts, key=lambda v: v.service)
    )
    drawn = ((service, verdicts) for service, verdicts in services if verdicts)
    for n, (service, verdicts) in enumerate(islice(drawn, MOST_DRAWINGS)):
        drawing = timings_svg(service, verdicts, story.named, story.veil.ms)
        yield inline(drawing, f"{prefix}-t{n}"), timings_described(verdicts)
