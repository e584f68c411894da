"""Lists by category: counted, told in words, and only where a list was measured."""

from msgspec.structs import replace

from probe.model.words import State
from probe.report.categories import CATEGORY_COLUMNS, LIST, NAMES, categories_of, category_table
from probe.report.csv import as_csv
from probe.targets.fields import CATEGORIES
from unit.a_run import a_verdict
from unit.outcomes import an_outcome
from unit.test_console_table import shown

VERDICTS = (
    a_verdict(target_id="list/a", service=LIST, state=State.BLOCKED, category_code="NEWS"),
    a_verdict(target_id="list/b", service=LIST, state=State.REACHABLE, category_code="NEWS"),
    a_verdict(target_id="list/c", service=LIST, state=State.REACHABLE, category_code="ZZZZ"),
    a_verdict(target_id="x/web", service="x", state=State.DOWN, category_code="GRP"),
    a_verdict(target_id="network/finding", service="network", category_code=""),
)


def test_every_code_of_the_catalogue_has_a_name() -> None:
    assert set(NAMES) == set(CATEGORIES)


def test_targets_are_counted_by_category_and_state() -> None:
    rows = as_csv(CATEGORY_COLUMNS, categories_of(VERDICTS, "run")).decode().splitlines()
    header = "run_id,category_code,category_description,n_targets,"
    assert rows == [
        f"{header}n_reachable,n_throttled,n_blocked,n_geoblocked,n_down,n_inconclusive",
        "run,GRP,Social networks,1,0,0,0,0,1,0",
        "run,NEWS,News media,2,1,0,1,0,0,0",
        "run,ZZZZ,ZZZZ,1,1,0,0,0,0,0",
    ]


def test_after_a_run_of_a_list_its_categories_are_shown_and_no_others() -> None:
    text = shown(replace(an_outcome(), verdicts=VERDICTS))
    lines = [line.split() for line in text.splitlines()]
    assert ["category", "blocked", "reachable"] in lines
    assert ["NEWS", "News", "media", "1", "1"] in lines
    assert ["ZZZZ", "1"] in lines
    assert "Social networks" not in text


def test_without_a_list_there_is_no_such_table() -> None:
    assert category_table(VERDICTS[3:]) is None
    assert "category" not in shown(an_outcome())
