"""What judging used is kept so that it is read back the same, however long a list is."""

from __future__ import annotations

import hashlib
import os
import threading
from typing import TYPE_CHECKING

import msgspec
import pytest
from msgspec.structs import replace

from probe.judge import NetworkHistory
from probe.model.target import Service, Target
from probe.model.words import Risk
from probe.pipeline import UsageError, request
from probe.pipeline.inputs import SERVICES, bytes_of, inputs_of, read_inputs, write_inputs
from probe.pipeline.request import RunRequest, prepare
from probe.store import RunFolder, StoreError
from probe.targets import read_catalogue

if TYPE_CHECKING:
    from pathlib import Path

ODD = '"targets":[] \\"targets\\":[] ж'


def a_list(n: int, name: str = "list") -> Service:
    targets = tuple(
        Target(target_id=f"{name}/{k}", service=name, input=f"https://{k}.example/", experiment="web")
        for k in range(n)
    )
    return Service(service=name, title=ODD, rule="any", risk=Risk.LOW, targets=targets)


@pytest.mark.parametrize("n", [0, 1, 99, 100, 101, 250])
def test_a_service_is_one_line_as_if_it_were_encoded_whole(tmp_path: Path, n: int) -> None:
    services = (a_list(n), a_list(1, "url"))
    catalogue = read_catalogue()
    inputs = inputs_of(services, catalogue, None, NetworkHistory(n_good=2))
    with RunFolder.create(tmp_path, "r") as run:
        write_inputs(run, inputs, catalogue.files)
        assert run.read_input(SERVICES) == b"".join(msgspec.json.encode(s) + b"\n" for s in services)
        assert read_inputs(run) == inputs


def test_all_services_of_the_catalogue_are_read_back_the_same(tmp_path: Path) -> None:
    catalogue = read_catalogue()
    inputs = inputs_of(catalogue.services, catalogue, None, NetworkHistory())
    with RunFolder.create(tmp_path, "r") as run:
        write_inputs(run, replace(inputs), catalogue.files)
        assert read_inputs(run) == inputs


def test_a_list_that_could_not_be_read_again_once_it_is_measured_is_refused_before_anything_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"https://{n}.example/,NEWS,,2026-01-01,,\n" for n in range(100)]
    path = tmp_path / "list.csv"
    path.write_text("".join(("url,category_code,category_description,date_added,source,notes\n", *rows)))
    fits = RunRequest(lists=(path,))
    size = bytes_of(prepare(fits).services)
    monkeypatch.setattr(request, "LARGEST_FILE", size)
    assert len(prepare(fits).targets) == 100
    monkeypatch.setattr(request, "LARGEST_FILE", size - 1)
    with pytest.raises(UsageError) as told:
        prepare(fits)
    assert (told.value.problem, told.value.hint) == (
        "100 targets are too many for one run.",
        "Split the list: of targets like these about 99 fit.",
    )


@pytest.mark.parametrize(
    ("services", "line", "name"),
    [
        ((a_list(1), a_list(1)), 2, "list"),
        ((a_list(1), replace(a_list(1), service="url")), 2, "target list/0"),
        ((replace(a_list(2), targets=a_list(1).targets * 2),), 1, "target list/0"),
        ((a_list(1, "network"),), 1, "network"),
    ],
    ids=["service", "target_of_two", "target_of_one", "network"],
)
def test_what_would_be_two_verdicts_of_one_name_is_refused_with_its_line(
    tmp_path: Path, services: tuple[Service, ...], line: int, name: str
) -> None:
    catalogue = read_catalogue()
    with RunFolder.create(tmp_path, "r") as run:
        write_inputs(run, inputs_of(services, catalogue, None, NetworkHistory()), catalogue.files)
        with pytest.raises(StoreError, match=f"'{name}' stands there twice, or is taken") as told:
            read_inputs(run)
    assert told.value.line == line


def test_the_digest_of_a_list_is_that_of_what_was_read_even_of_a_pipe(tmp_path: Path) -> None:
    content = b"url,category_code,category_description,date_added,source,notes\nhttps://a.example/,NEWS,,,,\n"
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writing = threading.Thread(target=path.write_bytes, args=(content,))
    writing.start()
    prepared = prepare(RunRequest(lists=(path,)))
    writing.join()
    assert prepared.lists == (hashlib.sha256(content).hexdigest(),)
    assert [target.input for target in prepared.targets] == ["https://a.example/"]
