"""Without the library of an extra its targets are left out, the rest stays, and what to type is told."""

import sys
from pathlib import Path

import pytest

from cli.command import probe
from probe.lab.scenarios import SCENARIOS
from probe.pipeline.extras import able, how_to_install
from probe.pipeline.request import RunRequest, UsageError, prepare
from probe.targets import read_catalogue


@pytest.fixture
def _hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aioquic", None)


def test_with_the_library_nothing_is_left_out() -> None:
    catalogue = read_catalogue()
    assert able(catalogue.services) == (catalogue.services, ())


@pytest.mark.usefixtures("_hidden")
def test_without_it_a_service_keeps_its_other_targets() -> None:
    service = read_catalogue().service("youtube")
    (kept,), left_out = able((service,))
    assert [t.target_id for t in left_out] == ["youtube/quic"]
    assert kept.targets == tuple(t for t in service.targets if t.target_id != "youtube/quic")
    assert how_to_install(left_out) == "pipx install 'interference-probe[quic]'"


@pytest.mark.usefixtures("_hidden")
def test_a_run_of_much_goes_on_without_them() -> None:
    prepared = prepare(RunRequest(services=("youtube", "adguard-dns")))
    assert {t.target_id for t in prepared.left_out} == {
        "youtube/quic",
        *(f"adguard-dns/doq{one}" for one in ("", "-second", "-ipv6")),
    }
    assert not {t.target_id for t in prepared.targets} & {t.target_id for t in prepared.left_out}


@pytest.mark.usefixtures("_hidden")
def test_where_nothing_else_was_named_it_is_wrong_use() -> None:
    with pytest.raises(UsageError) as caught:
        prepare(RunRequest(urls=("quic://example.org", "dns+quic://94.140.14.14")))
    assert caught.value.problem == "What was named needs a library that is not installed."
    assert caught.value.hint == "pipx install 'interference-probe[quic]'"


def test_the_lab_has_quic_where_the_library_is() -> None:
    assert {"quic-drop-name", "quic-drop-version-1", "quic-office", "quic-odd"} <= set(SCENARIOS)


def test_the_command_without_the_library_says_what_is_left_out(tmp_path: Path) -> None:
    done = probe("run", "youtube", "--dry-run", "--lang", "en", home=tmp_path, without="aioquic")
    assert done.returncode == 0
    assert "1 target is left out: it needs a library that is not installed." in done.stderr
    assert "pipx install 'interference-probe[quic]'" in done.stderr
    assert "redirector.googlevideo.com" in done.stdout


def test_the_command_without_the_library_refuses_what_only_it_could_measure(tmp_path: Path) -> None:
    done = probe(
        "run", "--url", "quic://example.org", "--dry-run", "--lang", "en", home=tmp_path, without="aioquic"
    )
    assert done.returncode == 2
    assert "interference-probe[quic]" in done.stderr
