"""The page: one file that fetches nothing and runs nothing, from each verdict back to what was measured."""

import hashlib
import re
from base64 import b64encode
from importlib.resources import files
from itertools import pairwise

import pytest
from msgspec.structs import replace

from probe import locale
from probe.model.observation import LocalFact
from probe.model.verdict import Verdict
from probe.model.words import ControlSource, Layer, State
from probe.report import html_paths
from probe.report.annex.blocks import Figure, Items, Paragraph, Table, Verbatim
from probe.report.plots import trials_svg
from unit import a_run
from unit.a_document import a_document, a_hostile_document, a_section, a_whole_document
from unit.a_page import RUN_ID, an_accused_run, assert_sound, page_of, written
from unit.a_run import a_full_measurement, a_lookup, a_round_trip
from unit.markup import Page
from unit.outcomes import a_record
from unit.some_trials import a_policed_run, drawn
from unit.telling import HOSTILE, a_told
from unit.test_plots import luminance


def test_a_page_is_sound_and_needs_nothing_from_elsewhere() -> None:
    text = written(
        an_accused_run(trials=(drawn(a_policed_run()),)), document=a_whole_document(drawn(a_policed_run()))
    )
    assert_sound(Page(text))
    assert not re.search(r"<(script|link|img|iframe|object|base|form|use|image|foreignObject)\b", text)
    assert not re.search(r"\s(src|srcset|style|action|on\w+|xlink:href)=", text)
    assert not re.search(r"url\(|@import|@font-face", text)


def test_the_policy_forbids_all_but_the_one_style_sheet_that_is_there() -> None:
    text = written(an_accused_run())
    found = re.search(r"<style>(.*)</style>", text, re.DOTALL)
    assert found
    digest = b64encode(hashlib.sha256(found[1].encode()).digest()).decode()
    (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', text)
    assert policy == (f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'")
    assert text.index("Content-Security-Policy") < text.index("<style>")
    assert found[1] == (files("probe.report.pages") / "style.css").read_text(encoding="utf-8")


@pytest.mark.parametrize("public", [False, True])
@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_was_said_becomes_markup(text: str, public: bool) -> None:
    verdict = replace(
        an_accused_run().verdicts[0],
        input=text,
        because=text,
        failure=text,
        notes=(text,),
        notes_apart=(),
        params=((text, text),),
        template=text,
        rule_id=text,
        mechanism=text,
        category_code=text,
    )
    m = replace(
        a_full_measurement(),
        measurement_uid=verdict.measurement_uids[0],
        input=text,
        experiment=text,
        queries=(
            a_lookup(hostname=text, answers=(text,), failure=text, resolver_address=text, query_type=text),
        ),
        requests=(a_round_trip(url=text, title=text, headers=(("Server", text),), body=text, location=text),),
        local=(LocalFact(name=text, value=text),),
    )
    record = replace(a_record(), run_id=text, software_version=text)
    record = replace(record, vantage=replace(record.vantage, probe_asn=text, probe_network_name=text))
    told = an_accused_run(verdicts=(verdict,), measurements=lambda: (m,), record=record)
    told = replace(told, trials=(replace(drawn(a_policed_run()), target_id=text, input=text),))
    page = page_of(told, public=public)
    assert_sound(page)
    plain = page_of(an_accused_run(trials=(drawn(a_policed_run()),)), public=public)
    assert page.attributes <= plain.attributes | {("td", "class"), ("code", "class")}
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]", page.text
    )


def test_a_hostile_document_is_text() -> None:
    page = page_of(document=a_hostile_document())
    assert_sound(page)
    assert "{{" not in page.text.replace("{{7*7}}", "")
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e]", page.text)


def test_every_block_of_a_document_is_drawn() -> None:
    svg = trials_svg(drawn(a_policed_run()))
    section = a_section(
        Paragraph(text="Plain <b>words</b>."),
        Paragraph(text="Strong words.", strong=True),
        Items(items=("one", "two")),
        Items(items=("first", "second"), ordered=True),
        Table(head=("A", "B"), rows=(("x", "1"),), caption="Two columns", code=(0,), right=(1,)),
        Figure(svg=svg, caption="Under it", alt="Instead of it"),
        Verbatim(text="sha256sum -c\n  next line"),
        number=7,
    )
    text = written(document=a_document(section))
    page = Page(text)
    assert_sound(page)
    assert '<section aria-labelledby="s7">\n<h2 id="s7">7. Statement 7</h2>' in text
    assert ("p", "Plain <b>words</b>.") in page.said
    assert '<p class="strong">Strong words.</p>' in text
    assert "<ul><li>one</li>\n<li>two</li>\n</ul>" in text
    assert "<ol><li>first</li>\n<li>second</li>\n</ol>" in text
    assert "<caption>Two columns</caption>" in text
    assert '<colgroup><col class="w50"><col class="w50"></colgroup>' in text
    assert '<thead><tr><th scope="col">A</th><th scope="col" class="n">B</th></tr></thead>' in text
    assert '<tr><td><code>x</code></td><td class="n">1</td></tr>' in text
    assert '<pre tabindex="0">sha256sum -c\n  next line\n</pre>' in text
    assert text.count("<svg ") == 1
    assert "<figcaption>Under it</figcaption>" in text
    assert ("a", "Statement 7") in page.said


def test_a_verdict_leads_to_its_rule_its_witnesses_and_its_measurements() -> None:
    text = written(an_accused_run())
    page = Page(text)
    row = '<th scope="row"><a href="#r1-v2">https://twitter.example/</a></th>'
    assert row in text
    article = text[
        text.index('<article id="r1-v2"') : text.index("</article>", text.index('<article id="r1-v2"'))
    ]
    assert "The handshake was reset in 3 of 3 tries." in article
    assert (
        '<a href="#r1-rule2"><code>tls.blocked_reset</code></a>, with <span class="value">k = 3</span>'
        in article
    )
    assert "<code>connection_reset</code>" in article
    assert "<code>tls.reset.sni</code>" in article
    assert "Note: An earlier note." in article
    for line, witness in ((2, False), (3, True)):
        begin = article.index(f'<details class="tried" id="r1-m{line}">')
        summary = article[begin : article.index("</summary>", begin)]
        assert ("witness" in summary) is witness
        assert f"<code>{RUN_ID}-00000{line}</code>, line {line} of measurements.jsonl" in article
    assert '<li><a href="#r1-m1">https://www.example.net/, round 1: connected</a></li>' in article
    assert "<li><code>gone-000001</code></li>" in article
    rule = text[text.index('<dt id="r1-rule2">') :]
    assert rule.startswith(
        '<dt id="r1-rule2"><code>tls.blocked_reset</code> <span class="counts">rules of version 1; '
    )
    assert "<dd>The handshake was reset in {k} of {n} tries.</dd>" in rule
    assert ("h3", "What they were held against") in page.said
    assert text.index('id="r1-m1"') > text.index('id="r1-controls"')


def test_the_neutral_sites_tried_just_before_and_after_stand_beside_a_try() -> None:
    text = written(an_accused_run())
    first = text[text.index('id="r1-m2"') : text.index('id="r1-m3"')]
    second = text[text.index('id="r1-m3"') : text.index("</article>", text.index('id="r1-m3"'))]
    begin = '<p class="beside">Neutral sites tried just before and after: '
    assert f'{begin}<a href="#r1-m1">https://www.example.net/, round 1: connected</a></p>' in first
    assert f'{begin}<a href="#r1-m4">https://www.example.net/, round 1: connected</a></p>' in second


def test_what_is_reachable_has_its_way_back_too() -> None:
    text = written(an_accused_run())
    assert '<a href="#r1-v1">https://signal.example/</a>' in text
    assert '<details class="tried" id="r1-m5">' in text


def test_a_run_of_the_lab_says_so_above_everything() -> None:
    text = written(an_accused_run(record=replace(a_record(), simulated=True)))
    said = '<p class="lab" role="note">This run was made in the built-in lab: it is evidence of nothing.</p>'
    assert text.index(said) < text.index("<nav")
    assert said not in written(an_accused_run())


def many(n: int) -> tuple[Verdict, ...]:
    """Return verdicts of a list, the last of which is blocked."""
    plain = a_run.a_verdict(service="list", state=State.REACHABLE, mechanism="", measurement_uids=())
    last = replace(plain, state=State.BLOCKED, mechanism="tls.reset")
    return tuple(
        replace(last if i == n - 1 else plain, target_id=f"list/{i:05}", input=f"https://{i:05}.example/")
        for i in range(n)
    )


def test_many_rows_stand_in_closed_tables_of_a_thousand_worst_first() -> None:
    page = page_of(a_told(verdicts=many(2501)))
    titles = [text for tag, text in page.said if tag == "summary"]
    assert titles[:4] == [
        "list, blocked: rows 1 to 1 of 1",
        "list, reachable: rows 1 to 1000 of 2500",
        "list, reachable: rows 1001 to 2000 of 2500",
        "list, reachable: rows 2001 to 2500 of 2500",
    ]
    assert not [attributes for tag, attributes in page.elements if tag == "details" and "open" in attributes]
    assert sum(tag == "th" and a.get("scope") == "row" for tag, a in page.elements) == 2501


def test_few_rows_stand_open() -> None:
    page = page_of(a_told(verdicts=many(60)))
    assert [a["class"] for tag, a in page.elements if tag == "details" and "open" in a] == ["table"]


def test_of_more_measurements_than_a_page_bears_accusations_are_followed_first_and_it_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = an_accused_run()
    monkeypatch.setattr(html_paths, "MOST_MEASUREMENTS", 4)
    page = page_of(run)
    assert_sound(page)
    assert (
        "Of 2 verdicts 1 is followed back here; all stand in the tables and in verdicts.jsonl." in page.text
    )
    assert ("th", "https://signal.example/") in page.said
    assert ("a", "https://twitter.example/") in page.said


def test_the_same_run_gives_the_same_bytes() -> None:
    run = an_accused_run(trials=(drawn(a_policed_run()),))
    assert written(run) == written(run)
    assert written(run, public=True) == written(run, public=True)


def test_a_head_that_only_repeats_the_subtitle_is_left_out() -> None:
    document = a_document()
    assert ("p", document.running_head) in page_of(document=document).said
    said = page_of(document=replace(document, running_head=document.subtitle)).said
    assert said.count(("p", document.subtitle)) == 1


def test_two_runs_share_no_anchor() -> None:
    other = replace(a_record(), run_id="20261122T000000Z-AS64500-beef")
    page = page_of(an_accused_run(), an_accused_run(record=other))
    assert_sound(page)
    assert {"r1-v1", "r2-v1", "r1-m5", "r2-m5"} <= set(page.ids)


def test_a_page_of_no_run_is_the_document() -> None:
    page = page_of(document=a_document(a_section(Paragraph(text="Alone."))))
    assert_sound(page)
    assert ("p", "Alone.") in page.said


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_a_page_speaks_the_language_in_use_and_tells_the_same_figures(lang: str) -> None:
    english = page_of(an_accused_run())
    locale.use(lang)
    try:
        page = page_of(an_accused_run(), document=a_document(lang=lang))
    finally:
        locale.use("en")
    assert page.elements[0] == ("html", {"lang": lang})
    assert page.ids == english.ids
    codes = [text for tag, text in english.said if tag == "code" and not text.startswith("an ")]
    assert [text for tag, text in page.said if tag == "code"][: len(codes)] != []
    numbers = [text for tag, text in english.said if tag == "td" and re.fullmatch(r"[0-9./ ]+", text)]
    assert [text for tag, text in page.said if tag == "td" and re.fullmatch(r"[0-9./ ]+", text)] == numbers


def test_every_heading_follows_one_of_the_level_above() -> None:
    page = page_of(an_accused_run(), document=a_document(a_section(Paragraph(text="x"))))
    levels = [int(tag[1]) for tag, _attributes in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))


def test_every_header_cell_says_what_it_heads_and_every_scrolled_table_can_be_reached() -> None:
    page = page_of(an_accused_run(), document=a_whole_document(drawn(a_policed_run())))
    assert {a.get("scope") for tag, a in page.elements if tag == "th"} == {"col", "row"}
    wide = [a for tag, a in page.elements if tag == "div"]
    assert all(a["class"] == "wide" and a["tabindex"] == "0" and a["aria-label"] for a in wide)
    assert len(wide) == sum(tag == "table" for tag, _a in page.elements)


def test_compared_with_nothing_is_said() -> None:
    run = an_accused_run()
    bare = replace(run.verdicts[0], control_source=(ControlSource.NONE,), confirmed=False)
    assert "compared with nothing" in page_of(replace(run, verdicts=(bare,))).text


def test_how_a_page_began_is_told_where_content_decided() -> None:
    run = an_accused_run()
    on_content = replace(run.verdicts[0], layer=Layer.HTTP)
    assert "How the page begins" in page_of(replace(run, verdicts=(on_content,))).text
    assert "How the page begins" not in page_of(run).text


def themes() -> dict[str, dict[str, str]]:
    """Return the colours by name, on light and on dark ground."""
    style = (files("probe.report.pages") / "style.css").read_text(encoding="utf-8")
    light, dark = (
        dict(re.findall(r"--(\w+): (#\w+)", block)) for block in re.findall(r":root \{[^}]*\}", style)[:2]
    )
    return {"light": light, "dark": dark}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "shade"])
def test_every_colour_of_text_reads_on_its_ground(theme: str, ground: str) -> None:
    colours = {
        name: f"#{value[1:] * 2}" if len(value) == 4 else value for name, value in themes()[theme].items()
    }
    assert colours.keys() == {
        *("ink", "paper", "faint", "line", "shade", "link", "bad", "slow", "odd", "good", "open"),
    }
    behind = luminance(colours[ground])
    for name in colours.keys() - {"paper", "shade", "line"}:
        here = luminance(colours[name])
        assert (max(here, behind) + 0.05) / (min(here, behind) + 0.05) >= 4.5, name
