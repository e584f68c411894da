"""What is left out of an annex that is made public, function by function and in all that is made of a run."""

import json
import re
from datetime import UTC, datetime

import pytest

from probe.judge.network import network_finding, network_verdict
from probe.model.words import State
from probe.report.annex import annex_of, document
from probe.report.annex import disclosure as d
from probe.report.annex.attachments import public_rows
from probe.report.annex.facts import as_json
from probe.report.annex.letter import Disclosure, Letter
from probe.report.annex.records import Count
from probe.report.told import Told
from unit.a_page import written
from unit.test_network_within import KNOWN as EARLIER
from unit.test_network_within import LATER, silence
from unit.told_runs import BEGAN, KNOWN, a_told, found


def stood(region: str, time: str) -> d.Stood:
    return d.Stood(region=region, country=region[:2], started_utc=f"2026-11-21T{time}:30Z")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-11-21T12:59:59Z", "2026-11-21T12:00Z"),
        ("2026-11-21T12:00:00.001Z", "2026-11-21T12:00Z"),
        ("", ""),
    ],
)
def test_a_time_is_told_as_the_begin_of_its_hour(text: str, shown: str) -> None:
    assert d.hour(text) == shown


def test_every_time_and_every_name_of_a_run_goes_out_of_a_text() -> None:
    text = "from 2026-11-21T12:34:56Z in 20261121T123456Z-AS64500-abcd-000001"
    assert d.minutes_removed(text) == "from 2026-11-21T12:00Z in [run]-000001"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Until 2026-11-21 12:00:30 UTC sites answered", "Until 2026-11-21 12:00 UTC sites answered"),
        ("2026-11-21T12:34:56.789+00:00", "2026-11-21T12:00+00:00"),
        ("2026-11-21 12:34", "2026-11-21 12:00"),
        ("1.1 box-17.isp (12:05:33)", "1.1 box-17.isp (12:00)"),
        ("Sat, 21 Nov 2026 12:05:33 GMT", "Sat, 21 Nov 2026 12:00 GMT"),
        ("Ограничен 21.11.2026 15:05:33.5, заявка", "Ограничен 21.11.2026 15:00, заявка"),
        ("2001:db8:12:05:33::1 00:11:22:33:44:55 v1.12:05:33 93.184.216.34:443", None),
        ("2026-11-21 and 12:05", None),
    ],
)
def test_a_time_is_cut_to_its_hour_however_it_is_written(text: str, shown: str | None) -> None:
    once = d.minutes_removed(text)
    assert once == d.minutes_removed(once) == (text if shown is None else shown)


@pytest.mark.parametrize("passing", [(), ("domestic_listed",)])
def test_the_second_at_which_the_line_went_dark_is_not_public(passing: tuple[str, ...]) -> None:
    verdict = network_verdict(network_finding(silence(LATER, *passing), EARLIER))
    run = a_told(verdicts=[verdict], sealed=True)
    assert "12:00:30" in everything(run, letter=Letter(disclosure="full"))
    assert "2026-11-21 12:00 UTC" in everything(run, letter=Letter())
    for made in (everything(run, letter=Letter()), written(run, public=True)):
        assert "12:00:30" not in made


def test_what_was_made_at_12_01_is_told_as_of_13() -> None:
    assert d.end_of_hour(datetime(2026, 11, 21, 12, 1, tzinfo=UTC)) == datetime(2026, 11, 21, 13, tzinfo=UTC)
    assert d.end_of_hour(datetime(2026, 11, 21, 12, tzinfo=UTC)) == datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_a_run_is_named_by_eight_digits_of_its_root_hash_or_said_to_be_unsealed() -> None:
    runs = [a_told(sealed=True), a_told(hours=1), a_told(hours=2, sealed=True), a_told(hours=3)]
    names = d.run_names(runs)
    assert (names[1], names[3]) == ("unsealed-1", "unsealed-2")
    seal = runs[0].seal
    assert seal is not None
    assert names[0] == seal.root_sha256[:8]
    assert re.fullmatch(r"[0-9a-f]{8}", names[2])


def test_a_measurement_is_named_by_its_runs_public_name_and_its_number() -> None:
    assert d.uid("0a1b2c3d", "20261121T120533Z-AS64500-0000-000017") == "0a1b2c3d-000017"


def test_cells_of_three_stay_and_smaller_ones_are_merged_over_the_day_then_the_country() -> None:
    cells = d.cells(
        [
            *(stood("RU-KHA", "12:05") for _ in range(3)),
            *(stood("RU-AMU", f"{hour}:10") for hour in ("01", "02", "03")),
            *(stood(region, "04:00") for region in ("RU-SAK", "RU-PRI", "RU-SA")),
        ]
    )
    assert cells == (
        d.Cell(region="RU", hour="2026-11-21", n_runs=3),
        d.Cell(region="RU-AMU", hour="2026-11-21", n_runs=3),
        d.Cell(region="RU-KHA", hour="2026-11-21T12:00Z", n_runs=3),
    )


def test_a_single_run_left_over_takes_the_smallest_cell_with_it() -> None:
    cells = d.cells([*(stood("RU-KHA", "12:05") for _ in range(3)), stood("DE-BE", "12:05")])
    assert cells == (d.Cell(region="merged", hour="whole_period", n_runs=4),)


@pytest.mark.parametrize("n", range(1, 12))
def test_no_cell_is_under_three_and_nobody_is_lost(n: int) -> None:
    regions = ("RU-KHA", "RU-AMU", "KZ-ALA", "withheld")
    cells = d.cells([stood(regions[k * k % 4], f"{k % 5:02}:15") for k in range(n)])
    assert sum(cell.n_runs for cell in cells) == n
    assert all(cell.n_runs >= min(3, n) for cell in cells)


def test_the_host_of_an_own_tunnel_is_not_told() -> None:
    assert d.own_tunnel_hidden("vpn", "wireguard://vpn.home.example:51820") == "wireguard://[own]"
    assert d.own_tunnel_hidden("tor", "obfs4://192.0.2.1:443") == "obfs4://192.0.2.1:443"


def everything(*runs: Told, letter: Letter) -> str:
    """Return all that an annex of these runs holds: its JSON, its sections, its attached files."""
    annex = annex_of(runs, letter, KNOWN)
    made = document(annex, runs)
    attached = "".join(attachment.content.decode() for attachment in made.attachments)
    return f"{as_json(annex).decode()}{made}{attached}"


MINUTES = re.compile(r"T\d\d:(?!00Z|00:00Z)\d\d|12:05|12:07|\d{8}T\d{6}Z|2026, 11, 2\d, \d+, [1-9]")


def test_nothing_made_public_holds_a_minute_or_the_name_of_a_run() -> None:
    verdict = found(
        State.BLOCKED, BEGAN, because="At 2026-11-21T12:05:33Z it fell silent.", params=(("at", "12"),)
    )
    runs = (a_told(verdicts=[verdict], sealed=True), a_told(hours=1.5))
    assert MINUTES.findall(everything(*runs, letter=Letter())) == []
    assert "12:05:33" in everything(*runs, letter=Letter(disclosure="full"))


def test_the_name_that_a_volunteer_typed_is_public_only_where_it_is_the_operators() -> None:
    typed = a_told(probe_network_name="Masha's flat")
    assert "Masha" not in everything(typed, letter=Letter())
    assert "Masha's flat" in everything(typed, letter=Letter(disclosure="full"))
    assert annex_of([a_told()], Letter(), KNOWN).runs[0].network_name == "Example Telecom"


def test_of_several_volunteers_no_run_is_told_with_its_region() -> None:
    runs = (a_told(), a_told(hours=1, region="RU-SAK"))
    assert [run.region for run in annex_of(runs, Letter(), KNOWN).runs] == ["", ""]
    assert [run.region for run in annex_of(runs, Letter(n_volunteers=1), KNOWN).runs] == ["RU-KHA", "RU-SAK"]
    assert "RU-SAK" not in everything(*runs, letter=Letter())


def test_a_public_table_keeps_as_and_state_and_merges_the_rest() -> None:
    rows = list(public_rows([a_told(), a_told(hours=1)]))
    assert {(row.run_id, row.vantage.region, row.vantage.probe_asn) for row in rows} == {
        ("unsealed-1", "", "AS64500"),
        ("unsealed-2", "", "AS64500"),
    }
    assert rows[1].verdict.measurement_uids == ("unsealed-1-000001", "unsealed-1-000002")
    assert rows[1].verdict.started_utc == "2026-11-21T12:00Z"


def test_only_a_full_annex_carries_the_measurements() -> None:
    carried: dict[Disclosure, list[str]] = {
        "public": ["verdicts.csv"],
        "full": ["verdicts.csv", "measurements.jsonl"],
    }
    for disclosure, names in carried.items():
        letter = Letter(disclosure=disclosure)
        made = document(annex_of([a_told()], letter, KNOWN), [a_told()])
        assert [one.name for one in made.attachments] == names


def test_who_served_as_a_control_is_told_by_role_in_public() -> None:
    told = a_told(options=a_told().record.options.__class__(controls=("https://helper.example/",)))
    public, full = (annex_of([told], Letter(disclosure=each), KNOWN) for each in ("public", "full"))
    assert dict(public.runs[0].options)["controls"] == "1"
    assert dict(full.runs[0].options)["controls"] == "https://helper.example/"
    assert [(one.role, one.n) for one in public.controls] == [("domestic_listed", 1), ("foreign", 1)]
    assert not any(one.is_control for one in public.targets)
    assert sum(one.is_control for one in full.targets) == 2


def test_a_document_is_named_by_what_it_says() -> None:
    first, again = (annex_of([a_told()], Letter(), KNOWN) for _ in range(2))
    other = annex_of([a_told()], Letter(title="Another"), KNOWN)
    assert first.document_id == again.document_id != other.document_id
    assert re.fullmatch(r"annex-[0-9a-f]{8}", first.document_id)


def test_keys_are_the_same_whatever_is_found() -> None:
    keys = [list(json.loads(as_json(annex_of(runs, Letter(), KNOWN)))) for runs in ([], [a_told()])]
    assert keys[0] == keys[1]
    assert keys[0][:4] == ["schema_version", "document_id", "simulated", "letter"]


def test_masks_are_added_up_over_the_runs() -> None:
    assert annex_of([a_told(), a_told(hours=1)], Letter(), KNOWN).redactions == (Count(word="ip", n=6),)


def test_every_key_of_the_json_form_is_described() -> None:
    """Words of docs/data-format.md and fields of the records, both ways as far as records go."""
    from pathlib import Path

    from msgspec import Struct

    from probe.report.annex import Annex, errors, known, letter, records

    page = (Path(__file__).parents[2] / "docs" / "data-format.md").read_text(encoding="utf-8")
    described = page.partition("## The annex as JSON")[2].partition("\n## ")[0]
    kinds: list[type[Struct]] = [
        Annex,
        errors.Errors,
        errors.ErrorBound,
        letter.Letter,
        letter.Addressee,
        letter.Event,
        known.Known,
        known.Operator,
        d.Cell,
    ]
    kinds += [kind for kind in vars(records).values() if isinstance(kind, type) and issubclass(kind, Struct)]
    names = {name for kind in kinds for name in kind.__struct_fields__}
    assert sorted(name for name in names if f"`{name}`" not in described) == []


def test_the_id_of_an_own_tunnel_bears_no_host() -> None:
    assert d.own_tunnel_id("vpn", "vpn/vpn.home.example-0123456789") == "vpn/own-0123456789"
    assert d.own_tunnel_id("twitter", "twitter/web-1") == "twitter/web-1"
