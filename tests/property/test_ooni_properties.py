"""What holds of OONI's format for runs that look like real ones, and for records that look like none."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from probe.model.words import State
from probe.pipeline.ooni import judge_ooni
from probe.pipeline.request import UsageError
from probe.store import RunFolder, StoreError
from probe.targets import Catalogue
from property.test_judge_scripted_properties import rows
from unit import ooni_samples as o
from unit.test_ooni_round import ACCUSING, a_case, failures

EMPTY = Catalogue(services=())
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
VALUES = st.recursive(
    SCALARS, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(max_size=8), v, max_size=3)
)


@settings(max_examples=40, deadline=None)
@given(rows(), st.booleans())
def test_a_run_read_again_from_its_records_is_never_judged_more_harshly(
    row: dict[str, Any], public: bool
) -> None:
    case = a_case(0, row, public=public)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ooni.jsonl"
        path.write_bytes(b"".join(case.lines))
        (result,) = judge_ooni(path, Path(folder) / "results", catalogue=EMPTY).results
        with RunFolder.open(result.folder) as run:
            again = list(run.measurements())
    (verdict,) = result.verdicts
    assert verdict.state in {case.before.state, State.INCONCLUSIVE}
    assert verdict.confirmed <= case.before.confirmed
    assert case.before.mechanism.startswith(verdict.mechanism)
    assert failures(again, case) == failures(list(case.measurements), case)


@st.composite
def damaged(draw: st.DrawFn) -> dict[str, Any]:
    """Return a record in which something, at any depth, is something else or missing."""
    keys = draw(st.sampled_from((o.a_page(), o.an_old_page(), o.a_page(tls="eof_error"))))
    record: dict[str, Any] = o.a_record(test_keys=keys)
    for _ in range(draw(st.integers(1, 4))):
        place: Any = record
        while True:
            at = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
            inside = place[at]
            if isinstance(inside, dict | list) and inside and draw(st.integers(0, 3)):
                place = inside
                continue
            if isinstance(place, dict) and draw(st.booleans()):
                del place[at]
            else:
                place[at] = draw(VALUES)
            break
        if not record:
            break
    return record


@settings(max_examples=150, deadline=None)
@given(st.lists(damaged(), min_size=1, max_size=3))
def test_whatever_a_record_holds_it_is_judged_or_refused_in_words(records: list[dict[str, Any]]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ooni.jsonl"
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
        try:
            imported = judge_ooni(path, Path(folder) / "results", catalogue=EMPTY)
        except (StoreError, UsageError) as error:
            refused = (error.problem, error.hint)
        else:
            assert not [v for r in imported.results for v in r.verdicts if v.state in ACCUSING]
            return
    assert all(refused)
