"""An exit code means one thing: 1 is never an error's, a closed pipe is 141, a fault of ours is 70."""

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from cli.command import probe

DEEP = 'x = "' + "é" * 3 + '"\ny = ' + "[" * 5000 + "]" * 5000 + "\n"

GONE = "exec 3> >(true); wait $!"
"""Opens a pipe whose reader has left."""


def shell(command: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which $P is the command; `pipe` ends with the code of the first part."""
    return subprocess.run(
        ["/bin/bash", "-c", f"{command}; exit ${{PIPESTATUS[0]}}"],
        env={**os.environ, "P": f"{sys.executable} -m probe", "HOME": str(home), "LC_ALL": "C.UTF-8"},
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def ended(body: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a body inside `told()` in a process of its own."""
    code = "from probe.cli.exits import told\nwith told():\n" + textwrap.indent(textwrap.dedent(body), "    ")
    return subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **env}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (f"{GONE}; $P targets list >&3", 141),
        (f"{GONE}; $P run --help >&3", 141),
        ("$P targets list > /dev/full", 2),
        ("$P run --help > /dev/full", 2),
        ("$P --version > /dev/full", 2),
        ("$P targets list > /dev/null 2> /dev/full", 0),
        ("$P report absent --format csv 2> /dev/full", 2),
        ("$P run 2>&- <&- >&-", 2),
        ("$P targets list >&-", 0),
        ("$P --version >&- 2>&-", 0),
        ("$P run 2>&-", 2),
        ("$P run telegram --dry-run --json > /dev/null 2>&-", 0),
    ],
)
def test_streams_that_are_closed_or_full_have_a_code_and_no_traceback(
    command: str, code: int, tmp_path: Path
) -> None:
    done = shell(command, tmp_path)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_full_stdout_is_said_in_two_lines(tmp_path: Path) -> None:
    assert shell("$P targets list > /dev/full", tmp_path).stderr.splitlines() == [
        "probe: the output: No space left on device",
        "       Free some disk space, then type the same again.",
    ]


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ("open('/nodir/x', 'w')", 2, "probe: /nodir/x: No such file or directory"),
        ("open('/', 'w')", 2, "probe: /: Is a directory"),
        ("raise ExceptionGroup('g', [ExceptionGroup('h', [OSError(28, 'Full', 'f')])])", 2, "probe: f: Full"),
        ("raise OSError(28, 'No space left on device')", 2, "probe: the output: No space left on device"),
        ("raise BrokenPipeError(32, 'Broken pipe')", 141, ""),
        ("raise KeyboardInterrupt", 130, ""),
        ("raise BaseExceptionGroup('g', [ValueError('x'), KeyboardInterrupt()])", 130, ""),
    ],
)
def test_an_error_of_the_system_is_told_with_its_file(body: str, code: int, said: str) -> None:
    done = ended(body)
    assert done.returncode == code
    assert "".join(done.stderr.splitlines()[:1]) == said
    assert "Traceback" not in done.stderr


def test_a_stores_own_sentence_is_found_inside_groups() -> None:
    done = ended(
        """
        from probe.store import StoreError
        full = StoreError("results/x", 0, "cannot be written: no space", "Free some disk space.")
        raise ExceptionGroup("g", [ValueError("other"), ExceptionGroup("h", [full])])
        """
    )
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "probe: results/x: cannot be written: no space",
        "       Free some disk space.",
    ]


def test_a_fault_of_ours_ends_with_70_and_shows_no_value() -> None:
    done = ended("from probe.cli.options import region\nregion(3)")
    assert done.returncode == 70
    first, second = done.stderr.splitlines()
    assert re.fullmatch(
        r"probe: A fault of this program: AttributeError at probe/cli/options\.py:\d+\.", first
    )
    assert second.startswith("       Please report this line. PROBE_DEBUG=1 shows more")


def test_the_traceback_of_a_fault_is_shown_on_request_and_cannot_draw() -> None:
    done = ended("raise ValueError('\\x1b[2J')", PROBE_DEBUG="1")
    assert done.returncode == 70
    assert done.stderr.startswith("Traceback")
    assert "\x1b" not in done.stderr
    assert "\\x1b[2J" in done.stderr


def test_a_file_nested_too_deeply_is_the_catalogues_error(tmp_path: Path) -> None:
    from probe.targets.error import CatalogueError
    from probe.targets.toml_file import read_toml

    file = tmp_path / "deep.toml"
    file.write_text(DEEP)
    with pytest.raises(CatalogueError, match="nested too deeply"):
        read_toml(file, "service")


def test_ctrl_c_while_modules_are_imported_ends_with_130_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt\n")
    done = subprocess.run(
        [sys.executable, "-c", "from probe.__main__ import main; main()", "run"],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (130, "")


def test_mistakes_and_help_are_told_in_the_language_asked_for(tmp_path: Path) -> None:
    done = probe("run", "--raunds", "--lang", "ru", home=tmp_path)
    assert done.returncode == 2
    assert "Нет такого параметра: --raunds" in done.stderr
    shown = probe("run", "--help", "--lang", "ru", home=tmp_path).stdout
    assert "Измерить набор по умолчанию" in shown
    assert "Параметры:" in shown
    assert "Команды:" in probe("--help", "--lang", "ru", home=tmp_path).stdout
    assert "Спросить некого" in probe("--lang", "ru", "run", home=tmp_path).stderr
