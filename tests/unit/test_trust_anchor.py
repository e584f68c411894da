"""The trust anchor of zones: read whole, or refused with the line and what to write instead."""

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probe.pipeline.request import RunRequest, prepare
from probe.targets import CatalogueError, catalogue_folder, read_trust_anchor
from unit.a_catalogue import refused

ROOT_2017 = "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"
LINE = f". IN DS 20326 8 2 {ROOT_2017}"


def written(folder: Path, text: str) -> Path:
    path = folder / "root.ds"
    path.write_text(text)
    return path


def test_the_shipped_anchor_has_both_keys_of_the_root() -> None:
    _, records = read_trust_anchor(catalogue_folder() / "trust-anchor" / "root.ds")
    assert records == (
        f"20326 8 2 {ROOT_2017}",
        "38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16",
    )


@pytest.mark.parametrize(
    "text",
    [
        LINE,
        f"; a comment\n\n{LINE} ; and another\n# a third\n",
        f".\t172800 DS 20326 8 2 {ROOT_2017[:32].lower()} {ROOT_2017[32:]}",
        f"{LINE}\r\n{LINE}\r\n",
    ],
)
def test_a_record_is_read_however_tools_write_it(text: str, tmp_path: Path) -> None:
    assert read_trust_anchor(written(tmp_path, text))[1] == (f"20326 8 2 {ROOT_2017}",)


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("", 1, "no DS record"),
        (f"{LINE}\nru. IN DS 1 8 2 {ROOT_2017}", 2, "is no DS record of the root"),
        (". IN DNSKEY 257 3 8 AwEAAaz", 1, "is no DS record of the root"),
        (f". IN DS 20326 8 2 {ROOT_2017[:-2]}", 1, "not of its size"),
        (f". IN DS 70000 8 2 {ROOT_2017}", 1, "not of its size"),
        (f". IN DS 20326 8 3 {ROOT_2017}", 1, "is no DS record of the root"),
        ("\n".join([LINE] * 17), 17, "more than 16 records"),
    ],
)
def test_anything_else_is_refused_with_its_line(text: str, line: int, problem: str, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    with refused("root.ds", line, problem):
        read_trust_anchor(path)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_whatever_the_file_holds_it_is_read_or_refused(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "root.ds"
        path.write_bytes(content)
        with suppress(CatalogueError):
            assert read_trust_anchor(path)[1]


def test_zones_are_held_against_the_users_anchor_else_the_shipped_one(tmp_path: Path) -> None:
    own = written(tmp_path, f". IN DS 1 8 2 {ROOT_2017}")
    assert len(prepare(RunRequest(services=("zone-ru",))).options.trust_anchors) == 2
    asked = RunRequest(services=("zone-ru",), trust_anchor=own)
    assert prepare(asked).options.trust_anchors == (f"1 8 2 {ROOT_2017}",)
    assert prepare(RunRequest(services=("telegram",))).options.trust_anchors == ()


def test_a_broken_anchor_ends_a_run_before_anything_is_sent(tmp_path: Path) -> None:
    path = written(tmp_path, "nothing")
    with refused("root.ds", 1, "is no DS record of the root"):
        prepare(RunRequest(services=("zone-ru",), trust_anchor=path))


def test_a_zone_by_hand_is_asked_for_at_the_catalogues_root_servers() -> None:
    prepared = prepare(RunRequest(urls=("zone://by", "zone://ru")))
    by, ru = prepared.targets
    assert (by.input, by.experiment, len(by.roots), by.servers) == ("zone://by", "zone", 26, ())
    assert len(ru.servers) == 10
    hosts = [contact.host for contact in prepared.contacts if contact.purpose == "target"]
    assert len(hosts) == 26 + 26 + 10
    assert "198.41.0.4" in hosts


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("zone://nic.ru", "'nic.ru' is no top-level zone"),
        ("zone://ru:53", "'ru' is no top-level zone"),
        ("zone://8.8.8.8", "'8.8.8.8' is no top-level zone"),
        ("zone://ru/x", "takes the name of a zone only"),
        ("zone://", "no host"),
        ("zone://r u", "holds a space"),
    ],
)
def test_what_is_no_zone_is_refused_before_anything_is_sent(url: str, problem: str) -> None:
    with pytest.raises(CatalogueError, match=problem) as caught:
        prepare(RunRequest(urls=(url,)))
    assert "zone://" in caught.value.hint
