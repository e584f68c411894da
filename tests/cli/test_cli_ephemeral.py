"""`probe run --ephemeral`: what it writes lies in one folder, and that is gone however the command ends.

The runs are made in a network namespace without any link: they find no network, and send nothing.
"""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.command import probe
from cli.terminal import Terminal
from probe.cli import ephemeral, exits
from probe.cli.consent import Facts, screen
from probe.cli.forgetting import BEYOND_A_RUN
from wire import netns

CUT_OFF = ("unshare", "--net")
URL = "https://www.example.org/"
RUN = ("run", "--url", URL, "--control", "none", "--yes", "--ephemeral", "--timeout", "1")
WATCHED = """
import os, sys
written = os.dup(2)
def hook(event, args):
    if event == "open" and isinstance(args[0], str) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        os.write(written, f"WROTE {args[0]}\\n".encode())
    elif event in ("os.mkdir", "os.rename", "os.link", "os.symlink"):
        os.write(written, f"WROTE {args[1 if event != 'os.mkdir' else 0]}\\n".encode())
sys.addaudithook(hook)
from probe.__main__ import main
main()
"""


@pytest.fixture
def memory() -> Iterator[Path]:
    """Return a place in memory of this test's own."""
    place = Path(f"/dev/shm/probe-test-{os.getpid()}")
    if not ephemeral.in_memory(place.parent):
        pytest.skip("/dev/shm is not in memory here")
    place.mkdir(mode=0o700)
    yield place
    shutil.rmtree(place)


@pytest.fixture
def cut_off() -> tuple[str, ...]:
    """Return what a command is begun with to have no network at all."""
    reason = netns.missing()
    if reason and os.environ.get("CI"):
        pytest.fail(f"THE WIRE LAB MUST RUN HERE AND CANNOT: {reason}")
    if reason:
        pytest.skip(f"THE WIRE LAB DID NOT RUN: {reason}")
    return CUT_OFF


def environment(home: Path, memory: Path) -> dict[str, str]:
    own = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"), "TMPDIR": str(home)}
    quiet = {"LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    return {**os.environ, **own, **quiet, "XDG_RUNTIME_DIR": str(memory)}


def has_a_run(memory: Path) -> bool:
    """Look for one; a folder gets its lasting name once it is held, and is not found in that moment."""
    try:
        return any(memory.glob("*/*/run.json"))
    except FileNotFoundError:
        return False


def begun(cut_off: tuple[str, ...], home: Path, memory: Path) -> subprocess.Popen[str]:
    """Start a run, and return it once its folder holds a run."""
    process = subprocess.Popen(
        [*cut_off, "env", "--default-signal=INT,TERM,HUP,QUIT", sys.executable, "-m", "probe", *RUN],
        env=environment(home, memory),
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 300
    while not has_a_run(memory):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "the run did not begin"
        time.sleep(0.05)
    return process


@pytest.mark.wire
@pytest.mark.slow
def test_what_is_written_lies_in_one_folder_in_memory_which_goes(
    cut_off: tuple[str, ...], tmp_path: Path, memory: Path
) -> None:
    done = subprocess.run(
        [*cut_off, sys.executable, "-c", WATCHED, *RUN, "--export", "-"],
        env=environment(tmp_path, memory),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    told = done.stderr.splitlines()
    written = {line.removeprefix("WROTE ") for line in told if line.startswith("WROTE ")}
    assert done.returncode == exits.NOTHING
    assert len(written) > 10
    assert {path for path in written if not path.startswith(f"{memory}/{ephemeral.PREFIX}")} <= {os.devnull}
    assert list(memory.iterdir()) == list(tmp_path.iterdir()) == []
    head, network, target = done.stdout.splitlines()
    assert head.startswith("schema_version,run_id,service,target_id,")
    assert ",NO_NETWORK," in network
    assert f",{URL},inconclusive," in target
    end = told.index("Nothing of this run is kept. What cannot be removed from here")
    assert told[end + 1 :] == [f"  - {what}" for what in BEYOND_A_RUN]


@pytest.mark.wire
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_ends_it_and_nothing_stays(
    number: signal.Signals, cut_off: tuple[str, ...], tmp_path: Path, memory: Path
) -> None:
    process = begun(cut_off, tmp_path, memory)
    process.send_signal(number)
    said = process.communicate(timeout=300)[0]
    assert process.returncode == exits.INTERRUPTED, said
    assert "Traceback" not in said
    assert list(memory.iterdir()) == list(tmp_path.iterdir()) == []


@pytest.mark.wire
def test_two_signals_at_once_end_it_and_nothing_stays(
    cut_off: tuple[str, ...], tmp_path: Path, memory: Path
) -> None:
    process = begun(cut_off, tmp_path, memory)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=300)
    assert process.returncode == exits.INTERRUPTED
    assert list(memory.iterdir()) == list(tmp_path.iterdir()) == []


@pytest.mark.wire
def test_of_a_killed_one_forget_finds_the_folder_but_not_while_it_is_written(
    cut_off: tuple[str, ...], tmp_path: Path, memory: Path
) -> None:
    process = begun(cut_off, tmp_path, memory)
    (left,) = memory.iterdir()
    own = {"XDG_RUNTIME_DIR": str(memory)}
    assert stat.S_IMODE(left.stat().st_mode) == 0o700
    busy = probe("forget", "--yes", home=tmp_path, env=own)
    assert f"Stays: {left} (another probe is writing it)\n" in busy.stdout
    process.kill()
    process.communicate(timeout=300)
    assert left.exists()
    done = probe("forget", "--yes", home=tmp_path, env=own)
    assert done.returncode == 0
    assert done.stdout.startswith(f"{left}  ")
    assert list(memory.iterdir()) == []


@pytest.mark.wire
@pytest.mark.slow
def test_what_was_agreed_to_is_not_remembered(cut_off: tuple[str, ...], tmp_path: Path, memory: Path) -> None:
    typed = (word for word in RUN if word != "--yes")
    terminal = Terminal(tmp_path, *typed, within=cut_off, env={"XDG_RUNTIME_DIR": str(memory)})
    try:
        terminal.until("keeps nothing: the run lies in")
        terminal.until("Start? [y/N] ")
        terminal.type("y\n")
        assert terminal.end() == exits.NOTHING
    finally:
        terminal.close()
    assert "Files\n" not in terminal.text
    assert list(tmp_path.iterdir()) == []


def test_the_question_says_where_the_run_lies_meanwhile() -> None:
    facts = Facts(
        inputs=(URL,),
        n_services=1,
        n_hosts=1,
        n_neutrals=0,
        tiers=("low",),
        minutes=1,
        megabytes=1,
        controls=(),
        proxy="",
        network="",
        resolvers=(),
        results="/dev/shm",
        is_kept=False,
    )
    said = " ".join(screen(facts).split())
    assert "this disk: keeps nothing: the run lies in /dev/shm and is removed when the command ends." in said


@pytest.mark.parametrize(
    ("beside", "named"),
    [
        (("--ephemeral", "--results", "elsewhere"), "--results"),
        (("--json", "--export", "-"), "--json"),
        (("--ephemeral", "--resume", "results/a"), "--ephemeral"),
    ],
)
def test_what_contradicts_it_is_refused(beside: tuple[str, ...], named: str, tmp_path: Path) -> None:
    done = probe("run", "--url", URL, "--yes", *beside, home=tmp_path)
    assert done.returncode == exits.WRONG_USE
    assert "it does not go together with" in done.stderr
    assert named in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_exported_to_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    done = probe("run", "--url", URL, "--yes", "--export", "absent/verdicts.csv", home=tmp_path)
    assert (done.returncode, done.stdout) == (exits.WRONG_USE, "")
    assert done.stderr.startswith("probe: The folder absent is not there.\n")
    (tmp_path / "there").mkdir()
    done = probe("run", "--url", URL, "--yes", "--export", "there", home=tmp_path)
    assert done.stderr.startswith("probe: there cannot be written to.\n")
    assert done.returncode == exits.WRONG_USE


def test_a_place_on_a_disk_is_said_to_be_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ephemeral.tell_where(tmp_path / "absent")
    assert "what is removed from a disk can often be restored." in capsys.readouterr().err


def test_a_fault_within_removes_all_of_it_too(tmp_path: Path) -> None:
    def fail() -> None:
        with ephemeral.vanishing(tmp_path) as folder:
            (folder / "run").mkdir()
            (folder / "run" / "blob").write_bytes(b"x")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_what_a_library_writes_for_a_while_lies_there_too(tmp_path: Path) -> None:
    before = tempfile.gettempdir()
    with ephemeral.vanishing(tmp_path) as folder:
        handle, name = tempfile.mkstemp()
        os.close(handle)
        assert Path(name).parent == folder
    assert tempfile.gettempdir() == before
    assert list(tmp_path.iterdir()) == []


def test_what_could_not_be_removed_is_said_and_ends_with_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "rmtree", lambda *_args, **_words: None)
    with pytest.raises(SystemExit) as ended, ephemeral.vanishing(tmp_path) as folder:
        pass
    assert ended.value.code == exits.WRONG_USE
    assert capsys.readouterr().err == f"probe: Could not be removed: {folder}\n"


def test_no_image_of_the_process_is_written_if_it_crashes(tmp_path: Path) -> None:
    script = (
        "import resource, sys; from pathlib import Path; from probe.cli.ephemeral import vanishing\n"
        "with vanishing(Path(sys.argv[1])): print(resource.getrlimit(resource.RLIMIT_CORE)[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, timeout=300, check=True
    )
    assert done.stdout == "0\n"
