"""Pages of runs made in code, and what holds for every page."""

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

from msgspec.structs import replace

from probe.model.measurement import Measurement
from probe.model.verdict import Note
from probe.model.words import Caveat, State
from probe.report.annex.blocks import Document
from probe.report.html import write_html
from probe.report.told import Told
from unit import a_run
from unit.a_document import a_document
from unit.a_run import START, a_full_measurement, a_lookup, a_measurement
from unit.factories import a_neutral, a_target
from unit.markup import Page
from unit.outcomes import a_blocked_verdict, a_record
from unit.telling import a_told

TAGS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "header",
        "nav",
        "main",
        "section",
        "article",
        "footer",
    ),
    *(
        "h1",
        "h2",
        "h3",
        "h4",
        "p",
        "ol",
        "ul",
        "li",
        "dl",
        "dt",
        "dd",
        "a",
        "span",
        "code",
        "br",
        "small",
        "time",
    ),
    *(
        "div",
        "table",
        "caption",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "details",
        "summary",
        "figure",
        "figcaption",
    ),
    *("pre", "svg", "desc", "text", "line", "polyline", "polygon", "rect", "circle", "colgroup", "col"),
}
HEADS = {("html", "lang"), ("meta", "charset"), ("meta", "http-equiv"), ("meta", "content"), ("meta", "name")}
ATTRIBUTES = {
    *("id", "class", "href", "role", "tabindex", "aria-label", "aria-labelledby", "scope", "open", "value"),
    *(
        "datetime",
        "xmlns",
        "viewbox",
        "font-family",
        "font-size",
        "font-weight",
        "text-anchor",
        "fill",
        "stroke",
    ),
    *(
        "stroke-width",
        "stroke-dasharray",
        "opacity",
        "points",
        "x",
        "y",
        "x1",
        "y1",
        "x2",
        "y2",
        "cx",
        "cy",
        "r",
    ),
    *("width", "height"),
}


def written(*runs: Told, document: Document | None = None, public: bool = False) -> str:
    stream = BytesIO()
    write_html(stream, document or a_document(), runs, public=public)
    return stream.getvalue().decode()


def page_of(*runs: Told, document: Document | None = None, public: bool = False) -> Page:
    return Page(written(*runs, document=document, public=public))


NEUTRAL = a_neutral("www.example.net", "foreign")
RUN_ID = "20261121T100000Z-AS64500-0a1b"


def a_try(number: int, **changes: Any) -> Measurement:
    """Return the numbered measurement of a run, ten seconds after the one before."""
    fields: dict[str, Any] = {
        "measurement_uid": f"{RUN_ID}-{number:06}",
        "started_s": 10.0 * number,
        "measurement_start_time": START + timedelta(seconds=10 * number),
    }
    return a_measurement(**(fields | changes))


def a_site(number: int, started_s: float) -> Measurement:
    """Return a measurement of the neutral site."""
    return a_try(
        number,
        started_s=started_s,
        target_id=NEUTRAL.target_id,
        input=NEUTRAL.input,
        service="neutral",
        experiment="neutral",
        is_control=True,
        queries=(a_lookup(hostname="www.example.net", answers=("198.51.100.9",)),),
        tcp_connect=(replace(a_full_measurement().tcp_connect[0], ip="198.51.100.9", icmp=None),),
    )


def an_accused_run(**changes: Any) -> Told:
    """Return a run in which one target is blocked, and one is not, with a neutral site before and after."""
    tries = tuple(
        replace(
            a_full_measurement(),
            **{name: getattr(a_try(n), name) for name in ("measurement_uid", "started_s")},
        )
        for n in (2, 3)
    )
    other = a_try(5, target_id="signal/chat", input="https://signal.example/", queries=(a_lookup(),))
    measurements = (a_site(1, 18.0), *tries, a_site(4, 31.0), other)
    blocked = a_blocked_verdict(
        input="https://twitter.example/",
        rule_id="tls.blocked_reset",
        failure="connection_reset",
        params=(("k", "3"), ("n", "3")),
        measurement_uids=tuple(m.measurement_uid for m in tries),
        witnesses=(tries[1].measurement_uid, measurements[0].measurement_uid, "gone-000001"),
        notes=("An earlier note.",),
        notes_apart=(Note(template="An earlier note."),),
        caveats=(Caveat.BYPASS_ACTIVE,),
        connect_ms=45.678,
        started_utc="2026-11-21T12:00:20Z",
        ended_utc="2026-11-21T12:00:31Z",
    )
    fine = a_run.a_verdict(
        target_id="signal/chat",
        service="signal",
        input="https://signal.example/",
        state=State.REACHABLE,
        mechanism="",
        rule_id="http.answered",
        measurement_uids=(other.measurement_uid,),
    )
    told = a_told(
        measurements,
        record=replace(a_record(), ended_utc="2026-11-21T12:01:00Z"),
        verdicts=(blocked, fine),
        targets=(a_target("twitter/web", input="https://twitter.example/"), a_target("signal/chat")),
        controls=(NEUTRAL,),
    )
    return replace(told, **changes)


def assert_sound(page: Page) -> None:
    """Assert what holds for every page: known elements and attributes, own ids, links that lead somewhere."""
    assert page.tags <= TAGS, page.tags - TAGS
    assert {name for tag, name in page.attributes if (tag, name) not in HEADS} <= ATTRIBUTES
    assert page.comments == []
    assert len(page.ids) == len(set(page.ids))
    assert {href for href in page.values("href") if not href.startswith("#")} == set()
    assert {href[1:] for href in page.values("href")} <= set(page.ids)
    named = {one for value in page.values("aria-labelledby") for one in value.split()}
    assert named <= set(page.ids)
    assert all(re.fullmatch(r"[a-z0-9-]+", one) for one in page.ids)
    states = {"state blocked", "state throttled", "state geoblocked", "state down", "state inconclusive"}
    classes = {
        "skip",
        "subtitle",
        "head",
        "lab",
        "toc",
        "strong",
        "legend",
        "table",
        "wide",
        "verdicts",
        "counts",
    }
    classes |= {
        "tried",
        "title",
        "failed",
        "came",
        "witness",
        "where",
        "beside",
        "steps",
        "steps timed",
        "n",
        "facts",
        "value",
    }
    assert set(page.values("class")) <= states | classes | {"state reachable", "rules", "note"} | {
        f"w{n}" for n in range(5, 101, 5)
    }
