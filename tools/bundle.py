"""Build a folder that runs without Python, for volunteers who cannot install anything, and try it.

    python -m tools.bundle [-o dist] [--commit HEAD] [--keep-work DIR]

PyInstaller gathers the interpreter, the program's wheel and requirements/bundle.lock into one folder for the
platform that this runs on. The folder is packed, its hash stands beside it, and what is kept was unpacked and
tried where no Python can be found. The package index is asked for what the lock names; nothing else is.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tools import sums
from tools.archive import pack
from tools.bundle_records import settle
from tools.bundle_trial import try_out
from tools.release import version_of
from tools.source import ROOT, ToolError, build, commit_of, lay_out

START: Final = "from probe.__main__ import main\n\nmain()\n"
"""Not the module itself: beside its neighbours it would find our `locale` where the library's is meant."""
PAPERS: Final = (
    "LICENSE",
    "docs/risks.md",
    "docs/risks.ru.md",
    "docs/risks.fr.md",
    "tools/README-bundle.txt",
)
"""What a volunteer reads, and its licence; put beside the program."""


SURROUNDINGS: Final = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
"""Nothing of this Python's own settings: no module may come in from elsewhere."""


def name_of(version: str) -> str:
    """Return what the folder of this platform is called, as `probe-0.1.0-linux-x86_64`."""
    return f"probe-{version}-{platform.system().lower()}-{platform.machine().lower()}"


def told(*words: str | Path, cwd: Path, env: dict[str, str]) -> None:
    """Run a program. Raises ToolError with the end of what it said where it fails."""
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ToolError(f"{Path(words[0]).name} failed: {(done.stderr or done.stdout).strip()[-2000:]}")


def environment(source: Path, work: Path, epoch: int) -> Path:
    """Make an environment of its own out of the lock and the wheel; return its Python. Raises ToolError."""
    build(source, work / "wheel", epoch, ("wheel",))
    folder = work / "environment"
    told(sys.executable, "-m", "venv", folder, cwd=work, env=SURROUNDINGS)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    install = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile")
    lock = source / "requirements" / "bundle.lock"
    told(*install, "--require-hashes", "-r", lock, cwd=work, env=SURROUNDINGS)
    # By name and not by path: of a path pip keeps a note, and the bundle would name the builder's folder.
    ours = ("--no-deps", "--no-index", "--find-links", work / "wheel", "interference-probe")
    told(*install, *ours, cwd=work, env=SURROUNDINGS)
    return python


def freeze(python: Path, work: Path, epoch: int) -> Path:
    """Have PyInstaller gather the program into a folder; return it. Raises ToolError."""
    start = work / "start.py"
    start.write_text(START, encoding="utf-8")
    out = ("--distpath", work / "frozen", "--workpath", work / "freezing", "--specpath", work / "freezing")
    words = ("--onedir", "--noupx", "--noconfirm", "--log-level", "ERROR", "--name", "probe")
    told(
        *(python, "-m", "PyInstaller", *words, "--collect-all", "probe", *out, start),
        cwd=work,
        env={**SURROUNDINGS, "PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": str(epoch)},
    )
    return work / "frozen" / "probe"


def add_papers(source: Path, python: Path, folder: Path) -> None:
    """Put beside the program what is to be read, and the licence of every part."""
    for paper in PAPERS:
        shutil.copyfile(source / paper, folder / Path(paper).name.replace("-bundle", ""))
    asked = "import sysconfig; print(sysconfig.get_path('purelib')); print(sysconfig.get_path('stdlib'))"
    said = subprocess.run(
        [str(python), "-c", asked], env=SURROUNDINGS, capture_output=True, text=True, check=True
    )
    packages, library = map(Path, said.stdout.splitlines())
    for info in sorted(packages.glob("*.dist-info")):
        if info.name.startswith("pip-"):
            continue
        found = (*info.glob("LICEN[CS]E*"), *info.glob("COPYING*"), *info.glob("licenses/**/*"))
        for path in (one for one in found if one.is_file()):
            target = folder / "licences" / info.name.removesuffix(".dist-info") / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    if (library / "LICENSE.txt").is_file():
        shutil.copyfile(library / "LICENSE.txt", folder / "licences" / "python.txt")


@contextmanager
def _work(kept: Path | None) -> Iterator[Path]:
    if kept:
        kept.mkdir(parents=True)
        yield kept.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="bundle-") as folder:
        yield Path(folder)


def bundle(into: Path, commit: str, kept: Path | None = None) -> Path:
    """Make, pack and try the bundle of a commit; return the archive. Raises ToolError; then none is kept."""
    full, epoch = commit_of(commit)
    with _work(kept) as work:
        source = lay_out(full, work / "source")
        version = version_of(source)
        python = environment(source, work, epoch)
        folder = freeze(python, work, epoch)
        add_papers(source, python, folder)
        settle(folder)
        sums.write_sums(folder)
        packed = work / f"{name_of(version)}.tar.xz"
        pack(folder, packed, top=name_of(version), epoch=epoch)
        try_out(packed, work / "trial", version)
        into.mkdir(parents=True, exist_ok=True)
        begun = into / f".{packed.name}.part"
        shutil.copyfile(packed, begun)
        begun.replace(into / packed.name)
    said = f"{sums.sha256(into / packed.name)}  {packed.name}\n"
    (into / f"{packed.name}.sha256").write_text(said, encoding="utf-8", newline="\n")
    return into / packed.name


def main() -> int:
    """Make the bundle and print its hash; return 1 where something failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "dist", help="the folder (dist/)")
    parser.add_argument("--commit", default="HEAD", help="what to build (HEAD)")
    parser.add_argument("--keep-work", type=Path, help="a new folder for everything that is made on the way")
    asked = parser.parse_args()
    began = time.perf_counter()
    try:
        packed = bundle(asked.output, asked.commit, asked.keep_work)
    except ToolError as error:
        print(f"bundle: {error}", file=sys.stderr)
        return 1
    print(f"{sums.sha256(packed)}  {packed.stat().st_size / 1e6:.1f} MB  {packed.name}")
    print(f"Built and tried without Python in {time.perf_counter() - began:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
