"""What Windows and macOS are asked of this machine: resolvers, programs, language, terminal; acted here."""

import ctypes
import io
import runpy
import signal
import socket
import sys
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dns.exception
import dns.resolver
import pytest

from probe import locale
from probe.cli import terminal
from probe.measure import configured, programs
from probe.measure.machine_habits import runs_desync_tool
from probe.measure.machine_link import link_kind, moved_bytes
from probe.pipeline import stop
from probe.system.console import takes_escapes


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")


class Registry:
    """A resolver that was configured as Windows does it."""

    nameservers: tuple[str, ...] = ()

    def __init__(self, *, configure: bool) -> None:
        assert configure


@pytest.mark.usefixtures("windows")
def test_windows_resolvers_are_those_of_its_registry_without_scopes_and_placeholders(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dns.resolver, "Resolver", Registry)
    placeholders = ("fec0:0:0:ffff::1%1", "fec0:0:0:ffff::2%1")
    Registry.nameservers = (*placeholders, "fe80::1%12", "192.168.1.1", "junk", "192.168.1.1")
    assert configured.system_resolvers() == ("fe80::1", "192.168.1.1")


@pytest.mark.usefixtures("windows")
@pytest.mark.parametrize("error", [dns.exception.DNSException, OSError, NotImplementedError])
def test_windows_without_resolvers_has_none(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def none(*, configure: bool) -> None:
        assert configure
        raise error

    monkeypatch.setattr(dns.resolver, "Resolver", none)
    assert configured.system_resolvers() == ()


def test_a_system_without_resolv_conf_has_no_resolvers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(configured, "RESOLV_CONF", tmp_path / "resolv.conf")
    assert configured.system_resolvers() == ()
    (tmp_path / "resolv.conf").write_text("# x\nnameserver 9.9.9.9\nnameserver fe80::1%eth0\nsearch lan\n")
    assert configured.system_resolvers() == ("9.9.9.9", "fe80::1")


@pytest.fixture
def listing() -> Iterator[None]:
    programs._listed.cache_clear()
    yield
    programs._listed.cache_clear()


def _saying(monkeypatch: pytest.MonkeyPatch, system: str, code: str) -> None:
    """Have the program that lists the others be one that runs this code."""
    monkeypatch.setattr(programs, "LISTING", {system: (sys.executable, "-I", "-c", code)})
    monkeypatch.setattr(sys, "platform", system)


@pytest.mark.usefixtures("listing")
@pytest.mark.parametrize(
    ("system", "said", "runs"),
    [
        ("win32", '"System","4","Services","0","1 K"\n"GoodbyeDPI.exe","77","Console","1","9 K"', True),
        ("win32", '"explorer.exe","1","Console","1","9 K"', False),
        ("win32", '"not goodbyedpi.exe","1","Console","1","9 K"', False),
        ("darwin", "launchd\nspoofdpi\n", True),
        ("darwin", "launchd\nFinder\n", False),
    ],
)
def test_a_disguising_tool_is_noticed_on_windows_and_macos(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, system: str, said: str, *, runs: bool
) -> None:
    monkeypatch.setattr(programs, "PATIENCE_S", 300.0)  # an interpreter begins when the machine has time
    _saying(monkeypatch, system, f"print({said!r})")
    assert runs_desync_tool(tmp_path) is runs


@pytest.mark.usefixtures("listing")
@pytest.mark.parametrize(
    "code", ["raise SystemExit(1)", "print('x' * 200_000)", "import time; time.sleep(9)"]
)
def test_a_list_of_programs_that_is_not_to_be_had_is_empty(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: str
) -> None:
    monkeypatch.setattr(programs, "PATIENCE_S", 0.5)
    _saying(monkeypatch, "win32", code)
    assert not runs_desync_tool(tmp_path)


@pytest.mark.usefixtures("listing")
def test_a_system_without_that_program_has_an_empty_list(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(programs, "LISTING", {"darwin": (str(tmp_path / "ps"),)})
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not runs_desync_tool(tmp_path)


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_links_are_unknown_where_no_netlink_tells(monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    monkeypatch.setattr(sys, "platform", system)
    assert (link_kind(socket.AF_INET), link_kind(socket.AF_INET6), moved_bytes()) == (
        "unknown",
        "unknown",
        None,
    )


@pytest.mark.usefixtures("windows")
@pytest.mark.parametrize(
    ("number", "environ", "lang"),
    [
        (0x0419, {}, "ru"),
        (0x040C, {}, "fr"),
        (0x0407, {}, "en"),
        (0xFFFF, {}, "en"),
        (0x0419, {"LANG": "fr_FR.UTF-8"}, "fr"),
        (0x0419, {"LC_ALL": "C"}, "en"),
    ],
)
def test_windows_is_asked_for_its_language_where_no_variable_says_it(
    monkeypatch: pytest.MonkeyPatch, number: int, environ: Mapping[str, str], lang: str
) -> None:
    kernel32 = types.SimpleNamespace(GetUserDefaultUILanguage=lambda: number)
    monkeypatch.setattr(ctypes, "windll", types.SimpleNamespace(kernel32=kernel32), raising=False)
    assert locale.from_environment(environ) == lang


@pytest.mark.usefixtures("windows")
@pytest.mark.parametrize(("known", "obeys"), [(1, 1), (1, 0), (0, 1)])
def test_windows_terminal_is_asked_to_obey_and_shows_plain_text_where_it_does_not(
    monkeypatch: pytest.MonkeyPatch, known: int, obeys: int
) -> None:
    modes: list[int] = []

    def read(_handle: Any, mode: Any) -> int:
        mode._obj.value = 3
        return known

    def write(_handle: Any, mode: int) -> int:
        modes.append(mode)
        return obeys

    kernel32 = types.SimpleNamespace(GetConsoleMode=read, SetConsoleMode=write)
    msvcrt: Any = types.ModuleType("msvcrt")
    msvcrt.get_osfhandle = int
    monkeypatch.setitem(sys.modules, "msvcrt", msvcrt)
    monkeypatch.setattr(ctypes, "windll", types.SimpleNamespace(kernel32=kernel32), raising=False)
    with Path("/dev/null").open("w") as stream:
        assert takes_escapes(stream) is bool(known and obeys)
        assert modes == [3 | 4] * known
    assert not takes_escapes(stream)  # closed
    assert not takes_escapes(io.StringIO())


class Terminal(io.StringIO):
    """A terminal of a system that cannot say what it obeys."""

    def isatty(self) -> bool:
        return True


def test_nothing_is_redrawn_on_a_terminal_that_does_not_obey(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    assert terminal.live_is_welcome()
    assert terminal.console(sys.stderr).is_terminal
    monkeypatch.setattr("probe.cli.terminal.takes_escapes", lambda _stream: False)
    assert not terminal.live_is_welcome()
    assert not terminal.console(sys.stderr).is_terminal


def test_closing_the_window_stops_a_run_on_windows_as_hanging_up_does_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert signal.SIGHUP in stop.STOPPING
    monkeypatch.delattr(signal, "SIGHUP")
    monkeypatch.setattr(signal, "SIGBREAK", 21, raising=False)
    there = runpy.run_path(stop.__file__)["STOPPING"]
    assert there == (signal.SIGINT, signal.SIGTERM, 21)
