"""docs/platforms.md names modules and tests that exist, and every module that asks which system it is on."""

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "docs/platforms.md").read_text()
SOURCE: Final = ROOT / "src/probe"
NO_DIFFERENCE: Final = {
    "cli/ephemeral.py",  # image of a crashed process: written by POSIX systems only
    "helper/visit.py",  # unacknowledged bytes: counted for receipts on POSIX systems only
    "lab/dns_server.py",  # real addresses: served in network namespaces only
    "measure/machine_habits.py",  # where the hosts file lies
}
"""Modules that ask for the system and change nothing that a person sees."""


def test_every_module_and_test_that_the_page_names_exists() -> None:
    modules = set(re.findall(r"`((?:measure|system|pipeline)/\w+\.py)`", PAGE))
    assert len(modules) > 10
    assert [name for name in modules if not (SOURCE / name).is_file()] == []
    tests = re.findall(r"tests/[\w/*.]+", PAGE)
    assert tests
    assert [pattern for pattern in tests if not list(ROOT.glob(pattern))] == []


def test_every_module_that_asks_for_the_system_is_on_the_page() -> None:
    asking = {
        str(path.relative_to(SOURCE)) for path in SOURCE.rglob("*.py") if "sys.platform" in path.read_text()
    }
    assert sorted(name for name in asking - NO_DIFFERENCE if f"`{name}`" not in PAGE) == []


def test_who_reads_the_readmes_is_told_that_nobody_tried() -> None:
    assert "Untested on Windows and macOS" in (ROOT / "README.md").read_text()
    assert "На Windows и macOS не проверена" in (ROOT / "README.ru.md").read_text()
