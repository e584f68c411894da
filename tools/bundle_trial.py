"""Try a packed bundle where nothing is set and no Python can be found: what runs here runs by itself."""

import os
import subprocess
import tarfile
from pathlib import Path
from typing import Final

from tools import sums
from tools.source import ToolError

TRIALS: Final = (
    (("--version",), "probe {version}"),
    (("--lang", "ru", "--help"), "Измерить вмешательство в сеть"),
    (("--lang", "fr", "--help"), "Mesurer l’ingérence dans le réseau"),  # noqa: RUF001 -- the French apostrophe
    (("targets", "list"), "zone-ru"),
    (("targets", "check"), "neutral"),
    (("demo", "--scenario", "clean", "--results", "results"), "nothing wrong with this network"),
    (("judge", "{run}"), "reachable"),
    (("report", "{run}", "--format", "html", "-o", "page.html"), "page.html"),
    (("evidence", "seal", "{run}", "-o", "bags"), "Root hash"),
    (("evidence", "verify", "bags/{name}.zip"), "judged again from the measurements, by the same rules"),
)
"""What is typed, and what must be in the answer: data, languages, catalogue, lab, rules, pages, seals."""
LONGEST_S: Final = 300.0


def unpack(packed: Path, folder: Path) -> Path:
    """Unpack a bundle into a new folder, check each file against its list, and return the program.

    Raises ToolError with the files that differ.
    """
    with tarfile.open(packed) as files:
        files.extractall(folder, filter="data")
    (top,) = folder.iterdir()
    lines = (top / sums.NAME).read_text(encoding="utf-8").splitlines()
    listed = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    found = sums.hashes(top)
    if wrong := sorted(name for name in found | listed if found.get(name) != listed.get(name)):
        raise ToolError(f"{packed.name} differs from its own list: {', '.join(wrong)}")
    return top / ("probe.exe" if os.name == "nt" else "probe")


def bare(home: Path) -> dict[str, str]:
    """Return an environment with a home and nothing else; Windows starts no program without its root."""
    kept = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    return {"HOME": str(home), "USERPROFILE": str(home), **kept} if os.name == "nt" else {"HOME": str(home)}


def try_out(packed: Path, folder: Path, version: str) -> None:
    """Run every trial on a packed bundle, in a new folder. Raises ToolError at the first that fails."""
    program = unpack(packed, folder)
    here = folder / "somebody"
    here.mkdir()
    for words, wanted in TRIALS:
        run = next(iter(sorted((here / "results").glob("*"))), Path())
        known = {"version": version, "run": f"results/{run.name}", "name": run.name}
        typed = [word.format(**known) for word in words]
        done = subprocess.run(
            [str(program), *typed],
            cwd=here,
            env=bare(here),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LONGEST_S,
            check=False,
        )
        said = (done.stdout + done.stderr).decode("utf-8", "replace")
        if done.returncode or wanted.format(**known) not in said:
            raise ToolError(
                f"The bundle fails at `probe {' '.join(typed)}` ({done.returncode}): {said[-2000:]}"
            )
