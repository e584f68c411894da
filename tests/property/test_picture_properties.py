"""Whatever a stored run says, its picture is well-formed, finite and inside its frame, and its strip fits."""

import re
import xml.etree.ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from probe.report.plots import trials_svg
from probe.report.strip import strip
from probe.report.trials import Rates, TargetTrials, trials_of
from unit.some_trials import a_measurement, a_transfer

NUMBERS = st.one_of(st.floats(min_value=-1e308, max_value=1e308), st.sampled_from([0.0, 1e-308, 140e3, 8e6]))
RATES = NUMBERS | st.just(float("inf"))
SERIES = st.lists(st.tuples(NUMBERS, st.integers(min_value=-(10**30), max_value=10**30)), max_size=5)


@st.composite
def some_trials(draw: st.DrawFn) -> TargetTrials:
    """Return trials with numbers that no transfer has."""
    measurements, known = [], {}
    for n in range(draw(st.integers(min_value=1, max_value=5))):
        arms = [
            replace(
                a_transfer(arm, 8e6, test=draw(st.integers(0, 2))),
                series=tuple(draw(SERIES)),
                requested=draw(st.none() | NUMBERS),
                t=draw(NUMBERS),
                n_socket_bytes=draw(st.integers(min_value=-1, max_value=10**30)),
            )
            for arm in ("T", "C1")
        ]
        made = a_measurement(float(n), *arms)
        measurements.append(replace(made, target_id=draw(st.text(max_size=20))))
        unfit = draw(st.sampled_from(["", "", "background", "\x1b"]))
        known[made.measurement_uid, "T/C1"] = Rates(
            tested_bps=draw(RATES), control_bps=draw(RATES), unfit=unfit
        )
    found = trials_of(measurements, known, lambda _: draw(st.floats(0, 1)))
    assert found is not None
    return found


@settings(max_examples=200, deadline=None)
@given(some_trials())
def test_a_picture_is_well_formed_and_inside_its_frame(trials: TargetTrials) -> None:
    svg = trials_svg(trials)
    root = ET.fromstring(svg)
    assert not re.search(r'="[^"]*\b(nan|inf)\b', svg)
    width, height = (float(value) for value in root.get("viewBox", "").split()[2:])
    for line in root.iter("{http://www.w3.org/2000/svg}polyline"):
        for point in line.get("points", "").split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= width
            assert 0 <= y <= height


@settings(max_examples=200, deadline=None)
@given(some_trials(), st.integers(min_value=30, max_value=120), st.booleans())
def test_a_strip_fits_its_width(trials: TargetTrials, width: int, unicode: bool) -> None:
    for line in strip(trials, width, unicode=unicode):
        drawn = re.match(r" *\d+ [ ─-]*[●□xo]", line.plain)
        assert not drawn or len(line.plain) <= width
        assert line.plain.isprintable()
