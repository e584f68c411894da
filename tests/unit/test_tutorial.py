"""The tutorial works: each of its blocks is typed into a copy of the project, in order."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final, NamedTuple

import pytest

ROOT: Final = Path(__file__).parents[2]
COPIED: Final = ("src", "targets", "tests", "docs", "README.md", "README.ru.md", "pyproject.toml")
PROGRAMS: Final = {".venv/bin/python": "", ".venv/bin/probe": "-m probe"}
_BLOCK: Final = re.compile(
    r"(?:(?P<how>Write|Append to|In) `(?P<path>[^`]+)`:\n\n)?```(?P<kind>\w+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


class Block(NamedTuple):
    """One block of the tutorial: a file, a change of one, or commands with their answers."""

    how: str
    path: str
    kind: str
    text: str


def blocks(text: str) -> list[Block]:
    """Return the blocks of a document in order."""
    return [Block(m["how"] or "", m["path"] or "", m["kind"], m["text"]) for m in _BLOCK.finditer(text)]


def changed(text: str, diff: str) -> str:
    """Return a text with a change made at the only place where its lines stand. Raises ValueError."""
    lines = diff.splitlines()
    before = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("+"))
    after = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("-"))
    if text.count(before) != 1:
        raise ValueError(f"stands there {text.count(before)} times:\n{before}")
    return text.replace(before, after)


def missing(answer: str, wanted: list[str]) -> list[str]:
    """Return the wanted lines that the answer does not have, in the order of both."""
    left = iter(answer.splitlines())
    return [line for line in wanted if line not in (one.rstrip() for one in left)]


def typed(command: str, project: Path) -> str:
    """Type a command in the copy; return what it printed. It has to end with 0."""
    program, *rest = command.partition(" ")
    command = f'"{sys.executable}" {PROGRAMS[program]}{"".join(rest)}'
    paths = [str(project / "src"), str(project / "tests" / "guard")]
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=project,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "LC_ALL": "C.UTF-8", "COLUMNS": "80"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout + done.stderr


def follow(block: Block, project: Path) -> None:
    """Do what a block says."""
    path = project / block.path
    if block.kind == "console":
        for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            command, *wanted = part.splitlines()
            answer = typed(command, project)
            assert missing(answer, wanted) == [], f"{command}\n{answer}"
    elif block.how == "Write":
        assert not path.exists()
        path.write_text(block.text, encoding="utf-8")
    elif block.how == "Append to":
        path.write_text(path.read_text(encoding="utf-8") + block.text, encoding="utf-8")
    else:
        path.write_text(changed(path.read_text(encoding="utf-8"), block.text), encoding="utf-8")


def test_a_change_is_made_where_its_lines_stand_once_and_nowhere_else() -> None:
    assert changed("a\nb\nc\n", " a\n-b\n+x\n+y\n") == "a\nx\ny\nc\n"
    with pytest.raises(ValueError, match="stands there 2 times"):
        changed("a\na\n", " a\n+b\n")


def test_a_line_of_an_answer_that_does_not_come_is_missed_and_so_is_their_order() -> None:
    assert missing("one\ntwo\n", ["one", "two"]) == []
    assert missing("one\ntwo\n", ["two", "one"]) == ["one"]
    assert missing("one\n", ["on"]) == ["on"]


def test_every_block_of_the_tutorial_says_what_to_do_with_it() -> None:
    found = blocks((ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8"))
    assert len(found) > 15
    assert [block for block in found if bool(block.how) == (block.kind == "console")] == []
    assert [block for block in found if (block.kind == "diff") != (block.how == "In")] == []


@pytest.mark.slow
def test_the_tutorial_can_be_followed_from_its_first_line_to_its_last(tmp_path: Path) -> None:
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "fuzz")
            )
        else:
            shutil.copyfile(ROOT / name, tmp_path / name)
    for block in blocks((ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")):
        follow(block, tmp_path)
