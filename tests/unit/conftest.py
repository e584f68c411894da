"""What unit tests share: a run folder of its own for each, and a redactor that knows one machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from probe.store import OwnValues, Redactor, RunFolder
from unit.a_folder import RUN_ID


@pytest.fixture
def redactor() -> Redactor:
    return Redactor(OwnValues(user="ivanova", home="/home/ivanova"))


@pytest.fixture
def run(tmp_path: Path, redactor: Redactor) -> Iterator[RunFolder]:
    with RunFolder.create(tmp_path, RUN_ID, redactor=redactor) as folder:
        yield folder
