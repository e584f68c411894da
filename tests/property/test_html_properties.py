"""Whatever was measured and said in a run, its page is sound, and its workbook holds no formula."""

import zipfile
from io import BytesIO

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from probe.model.measurement import Measurement
from probe.model.target import Target
from probe.model.words import State
from probe.report.html import write_html
from probe.report.xlsx import write_xlsx
from property.strategies import runs
from unit.a_document import a_document
from unit.a_page import assert_sound
from unit.a_run import a_verdict
from unit.markup import Page
from unit.telling import HOSTILE, a_told

TEXTS = st.sampled_from([text for text in HOSTILE if len(text) < 1000]) | st.text(max_size=30)


@settings(max_examples=60, deadline=None)
@given(runs(), st.data(), st.sampled_from(list(State)), st.booleans())
def test_a_page_is_sound(
    run: tuple[Target, tuple[Measurement, ...]], data: st.DataObject, state: State, public: bool
) -> None:
    target, measured = run
    measurements = tuple(
        replace(
            m,
            input=data.draw(TEXTS),
            queries=tuple(replace(q, hostname=data.draw(TEXTS)) for q in m.queries),
            requests=tuple(replace(r, title=data.draw(TEXTS), url=data.draw(TEXTS)) for r in m.requests),
        )
        for m in measured
    )
    uids = tuple(m.measurement_uid for m in measurements)
    verdict = a_verdict(
        target_id=target.target_id,
        service=data.draw(TEXTS),
        input=data.draw(TEXTS),
        because=data.draw(TEXTS),
        state=state,
        measurement_uids=uids[:2],
        witnesses=uids[1:],
    )
    told = a_told(measurements, verdicts=(verdict,), targets=(target,))
    stream = BytesIO()
    write_html(stream, a_document(), [told], public=public)
    assert_sound(Page(stream.getvalue().decode()))


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS, min_size=4, max_size=4))
def test_a_workbook_holds_no_formula(texts: list[str]) -> None:
    one, two, three, four = texts
    stream = BytesIO()
    write_xlsx(stream, [a_told(verdicts=(a_verdict(input=one, because=two, failure=three, rule_id=four),))])
    sheet = zipfile.ZipFile(stream).read("xl/worksheets/sheet1.xml")
    assert b"<f" not in sheet
    assert sheet.count(b"<row ") == sheet.count(b"</row>") == 2
