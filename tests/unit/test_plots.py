"""Pictures of trials: whole, safe inside a page, the same bytes every time, true to the numbers."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from msgspec.structs import replace

from probe import locale
from probe.judge.pairs import pair_tests
from probe.pipeline.trials import trials_of_run
from probe.report import EXPORTS, Judged
from probe.report.pictures import write_pictures
from probe.report.plots import CONTROL, TESTED, described, trials_svg
from probe.report.scale import nice_ceiling, scale_of
from probe.report.trial_words import chance_text, rate_text, ratio_text
from probe.report.trials import Rates, trials_of
from probe.store import OwnValues, Redactor, RunFolder
from unit.outcomes import a_record
from unit.some_trials import a_measurement, a_policed_run, a_transfer, drawn

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return [each.text or "" for each in ET.fromstring(svg).iter(f"{SVG}text")]


def test_pairs_stand_in_order_of_time_by_kind_of_arms() -> None:
    trials = drawn(tuple(reversed(a_policed_run())))
    assert [series.arms for series in trials.series] == ["X/C2", "T/C1"]
    own = trials.series[1]
    assert [pair.test for pair in own.pairs] == [0] * 6 + [1] * 6
    assert [pair.t_s for pair in own.pairs] == sorted(pair.t_s for pair in own.pairs)


def test_ratio_count_and_chance_are_those_of_the_pairs_that_count() -> None:
    series = drawn(a_policed_run(), unfit={"m-105": "background"}).series[0]
    assert (len(series.pairs), len(series.counted), series.n_slower) == (12, 11, 11)
    assert series.p == 2**-11
    assert series.ratio is not None
    assert 0.03 < series.ratio < 0.05


def test_a_curve_begins_at_the_request_and_ends_with_the_trial() -> None:
    trial = drawn([a_measurement(1.0, a_transfer("T", 64_000, t0=3.0), a_transfer("C1", 8e6))]).series[0]
    moved = trial.pairs[0].tested.moved
    assert moved[0] == (0.0, 0)
    assert moved[-1][0] == pytest.approx(0.05 + 2.8)
    assert moved[-1][1] == 22_400
    assert [n for _t, n in moved] == sorted(n for _t, n in moved)


def test_a_transfer_that_never_sent_its_request_has_no_curve() -> None:
    silent = replace(a_transfer("T", 0.0), requested=None, first_byte=None, series=(), n_socket_bytes=0)
    known = {("m-1", "T/C1"): Rates(unfit="suspect")}
    trials = trials_of([a_measurement(1, silent, a_transfer("C1", 8e6))], known, lambda _: 1.0)
    assert trials is not None
    assert trials.series[0].pairs[0].tested.moved == ()
    assert "no pair could be compared" in trials_svg(trials)


def test_a_measurement_without_transfers_has_nothing_to_draw() -> None:
    assert trials_of([a_measurement(1.0)], {}, lambda _: 1.0) is None
    assert (
        trials_of([a_measurement(1.0, a_transfer("N", 8e6, purpose="self_test"))], {}, lambda _: 1.0) is None
    )


def test_a_file_without_end_gives_a_picture_with_one() -> None:
    assert len(drawn(a_policed_run(n=400)).series[0].pairs) == 64


def test_half_a_pair_is_not_drawn() -> None:
    assert trials_of([a_measurement(1.0, a_transfer("T", 8e6))], {}, lambda _: 1.0) is None


def test_a_picture_has_a_title_a_description_and_a_role() -> None:
    root = ET.fromstring(trials_svg(drawn(a_policed_run())))
    title, description = root[0], root[1]
    assert (title.tag, description.tag) == (f"{SVG}title", f"{SVG}desc")
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    assert title.text == "Speed of sample/media and of its control"
    assert description.text == (
        "At the target's own address: its name against a neutral one: median 0.03 of the control's rate; "
        "slower in 12 of 12 pairs, p = 0.000244. At a neutral server: the target's name against a neutral "
        "one: median 0.96 of the control's rate; slower in 2 of 2 pairs, p = 0.25."
    )


def test_a_picture_needs_nothing_from_elsewhere_and_runs_nothing() -> None:
    svg = trials_svg(drawn(a_policed_run()))
    assert re.findall(r"https?://[^\"]+", svg) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"<(script|style|image|foreignObject|a|use)\b|\son\w+=|href|style=|url\(", svg)


def test_what_came_from_outside_is_escaped() -> None:
    hostile = replace(drawn(a_policed_run()), target_id="</title><script>\x1b\u202e&\"'")
    svg = trials_svg(hostile)
    assert "<script" not in svg
    assert "\x1b" not in svg
    assert "\u202e" not in svg
    root = ET.fromstring(svg)
    assert root[0].text == "Speed of </title><script>\\x1b\\u202e&\"' and of its control"


def test_the_same_trials_give_the_same_bytes() -> None:
    assert trials_svg(drawn(a_policed_run())) == trials_svg(drawn(a_policed_run()))


def test_two_pictures_in_one_page_share_no_id() -> None:
    one, two = (replace(drawn(a_policed_run()), target_id=name) for name in ("a/b", "a/c"))
    ids = re.findall(r' id="([^"]+)"', trials_svg(one) + trials_svg(two))
    assert len(ids) == len(set(ids)) == 4


def luminance(colour: str) -> float:
    shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("colour", "least"), [(TESTED, 3.0), (CONTROL, 3.0), ("#767676", 4.5)])
def test_colours_read_on_white_and_on_black(colour: str, least: float) -> None:
    assert 1.05 / (luminance(colour) + 0.05) >= least
    assert (luminance(colour) + 0.05) / 0.05 >= least


def test_every_pair_that_counts_is_marked_twice_and_others_with_a_dash() -> None:
    root = ET.fromstring(trials_svg(drawn(a_policed_run(), unfit={"m-105": "control"})))
    assert len(list(root.iter(f"{SVG}circle"))) == 1 + 11 + 2
    assert len(list(root.iter(f"{SVG}rect"))) == 1 + 11 + 2
    assert sum(text == "–" for text in texts(trials_svg(drawn(a_policed_run(), unfit={"m-105": "lie"})))) == 1


def test_the_tested_arm_lies_below_its_control_by_as_much_as_it_is_slower() -> None:
    root = ET.fromstring(trials_svg(drawn(a_policed_run(n=1)[:1])))
    _legend, mark = root.iter(f"{SVG}circle")
    _legend, square = root.iter(f"{SVG}rect")
    assert float(mark.get("cx", "")) == float(square.get("x", "")) + 3.5
    assert float(mark.get("cy", "")) > float(square.get("y", "")) + 3.5


def test_nothing_is_drawn_outside_of_the_picture() -> None:
    root = ET.fromstring(trials_svg(drawn(a_policed_run(link=3e9))))
    width, height = (float(value) for value in root.get("viewBox", "").split()[2:])
    for each in root.iter():
        for name, value in each.attrib.items():
            limit = (
                width if name in {"x", "x1", "x2", "cx"} else height if name in {"y", "y1", "y2", "cy"} else 0
            )
            assert not limit or 0 <= float(value) <= limit


@pytest.mark.parametrize(("n", "numbers"), [(6, 12), (12, 12)])
def test_numbers_of_many_pairs_leave_each_other_room(n: int, numbers: int) -> None:
    own = drawn(a_policed_run(n=n)[: 2 * n])
    assert sum(text.isdigit() and int(text) in range(1, 25) for text in below(trials_svg(own))) == numbers


def below(svg: str) -> list[str]:
    """Return the texts under the right-hand panel."""
    root = ET.fromstring(svg)
    return [
        t.text or "" for t in root.iter(f"{SVG}text") if float(t.get("x", "0")) > 430 and t.get("y") == "243"
    ]


def test_the_trials_of_a_stored_run_are_drawn_with_the_rates_that_were_judged(tmp_path: Path) -> None:
    with RunFolder.create(tmp_path, "r", redactor=Redactor(OwnValues())) as run:
        for measurement in a_policed_run():
            run.append(measurement)
        run.append(replace(a_measurement(300), target_id="sample/web", experiment="web"))
        run.append(replace(a_measurement(301, a_transfer("N", 8e6)), target_id="neutral/x", is_control=True))
    (trials,) = trials_of_run(run.path)
    assert trials_of_run(run.path, {"sample/web"}) == ()
    assert (trials.target_id, [series.arms for series in trials.series]) == ("sample/media", ["T/C1", "X/C2"])
    own = trials.series[0]
    assert (len(own.counted), own.n_slower, own.p) == (12, 12, 2**-12)
    known = pair_tests(a_policed_run())["T/C1", 0]
    assert [(p.rates.tested_bps, p.rates.control_bps) for p in own.pairs[:6]] == list(known.rates)


def test_a_freeze_has_a_row_of_its_own() -> None:
    frozen = [a_measurement(n, a_transfer("T", 2e6, purpose="freeze", n_bytes=16_000)) for n in (1, 2, 3)]
    other = a_measurement(4, a_transfer("N", 4e6, purpose="elsewhere", n_bytes=64_000))
    trials = drawn([*frozen, other])
    assert trials.series == ()
    assert described(trials) == ("4 trials without a limit.",)
    assert "Without a limit: how far each came" in texts(trials_svg(trials))


def test_a_stalled_trial_stands_at_the_edge() -> None:
    svg = trials_svg(drawn([a_measurement(1.0, a_transfer("T", 0.0), a_transfer("C1", 8e6))]))
    assert "1 kbit/s" in texts(svg)


@pytest.mark.parametrize(
    ("rates", "low", "high"),
    [
        ([140e3, 8e6], 1e5, 1e7),
        ([1e6], 1e5, 1e6),
        ([5.4e6, 5.6e6], 1e6, 1e7),
        ([], 1e3, 1e4),
        ([1e12], 1e9, 1e10),
    ],
)
def test_a_scale_ends_at_round_rates_a_decade_apart_at_least(
    rates: list[float], low: float, high: float
) -> None:
    scale = scale_of(rates)
    assert [scale.low, scale.high] == pytest.approx([low, high])
    assert (scale.share(scale.low), scale.share(scale.high)) == (0.0, 1.0)


def test_ticks_are_as_many_as_there_is_room_for() -> None:
    scale = scale_of([140e3, 8e6])
    assert scale.ticks(7) == pytest.approx((1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7))
    assert scale.ticks(6) == pytest.approx((1e5, 1e6, 1e7))
    assert scale.ticks(2) == pytest.approx((1e5, 1e7))


@pytest.mark.parametrize(
    ("value", "top"), [(0.0, 1.0), (1.85, 2.0), (0.2, 0.2), (131.0, 200.0), (501.0, 1000.0)]
)
def test_an_axis_ends_at_a_round_number(value: float, top: float) -> None:
    assert nice_ceiling(value) == pytest.approx(top)


def test_numbers_are_written_shortly_and_never_as_nought() -> None:
    assert [rate_text(r) for r in (140_400, 9_940, 1e6, 8.34e6, 25e6)] == [
        "140 kbit/s",
        "9.9 kbit/s",
        "1 Mbit/s",
        "8.3 Mbit/s",
        "25 Mbit/s",
    ]
    assert [ratio_text(r) for r in (0.123, 0.97, 0.0004, 1e9)] == ["0.12", "0.97", "0.0004", ">99"]
    assert [chance_text(p) for p in (0.25, 0.00024414, 2**-20)] == ["0.25", "0.000244", "1e-06"]


def test_files_are_named_by_their_targets_and_never_overwrite_each_other(tmp_path: Path) -> None:
    one = drawn(a_policed_run())
    ids = ("twitter/static", "twitter static", "../../etc/passwd", "///")
    written = write_pictures(tmp_path / "new", [replace(one, target_id=each) for each in ids])
    assert [path.name for path in written] == [
        "etc-passwd.svg",
        "target.svg",
        "twitter-static.svg",
        "twitter-static-1.svg",
    ]
    assert {path.parent for path in written} == {tmp_path / "new"}
    assert written[0].read_bytes().endswith(b"</svg>\n")


def test_svg_is_one_of_the_exports(tmp_path: Path) -> None:
    judged = Judged(record=a_record(), verdicts=(), services=(), trials=(drawn(a_policed_run()),))
    assert [path.name for path in EXPORTS["svg"](tmp_path, judged)] == ["sample-media.svg"]


def test_a_picture_speaks_the_language_in_use() -> None:
    locale.use("ru")
    try:
        assert "контроль" in texts(trials_svg(drawn(a_policed_run())))
    finally:
        locale.use("en")
