"""Build what a release consists of, twice, and keep it only if both times gave the same bytes.

    python -m tools.release [-o dist] [--commit HEAD]

Wheel, source archive, list of parts (SBOM, CycloneDX) and SHA256SUMS, of a commit and never of the working
tree. The second time the source lies elsewhere, under another time zone, language and seed of hashing, with
files that nobody else may read; and the wheel is built once more from the source archive. Who has the commit
can do the same and compare the hashes. No network is needed.
"""

import argparse
import re
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Final

from tools import sums
from tools.source import ROOT, ToolError, build, commit_of, lay_out, not_committed, run_in

ELSEWHERE: Final = {"TZ": "Pacific/Chatham", "LC_ALL": "C", "PYTHONHASHSEED": "4242"}
"""Surroundings of the second build: whatever of them showed in a file would differ."""
SBOM: Final = "interference_probe-{version}.cdx.json"
_VERSION: Final = re.compile(r'^__version__ = "([^"]+)"$', re.MULTILINE)


def version_of(source: Path) -> str:
    """Return the version that a source folder says it is. Raises ToolError."""
    found = _VERSION.search((source / "src" / "probe" / "__init__.py").read_text(encoding="utf-8"))
    if not found:
        raise ToolError("src/probe/__init__.py names no __version__.")
    return found[1]


def make(source: Path, into: Path, epoch: int, **environment: str) -> None:
    """Make everything of a release, its list of hashes last. Raises ToolError."""
    build(source, into, epoch, ("wheel", "sdist"), **environment)
    part_list = into / SBOM.format(version=version_of(source))
    (wheel,) = into.glob("*.whl")
    words = ["tools.sbom", "--extras", "-o", str(part_list), "--wheel", str(wheel)]
    said = run_in(source, epoch, words, environment)
    if said:
        raise ToolError(f"The list of parts cannot be made: {said}")
    sums.write_sums(into)


def hide(source: Path) -> None:
    """Take every right from group and others, as a strict umask does."""
    for path in source.rglob("*"):
        path.chmod(path.stat().st_mode & 0o700)


def wheel_of_archive(made: Path, folder: Path, epoch: int) -> tuple[str, ...]:
    """Build the wheel from the source archive; return its name where its bytes are not those of the first."""
    (archive,) = made.glob("*.tar.gz")
    (wheel,) = made.glob("*.whl")
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="data")
    (source,) = folder.iterdir()
    again = folder / "again"
    build(source, again, epoch, ("wheel",))
    same = sums.sha256(again / wheel.name) == sums.sha256(wheel)
    return () if same else (f"{wheel.name} (built from {archive.name})",)


def release(into: Path, commit: str) -> dict[str, str]:
    """Make a release of a commit; return the hashes by name. Raises ToolError; then `into` is as it was."""
    full, epoch = commit_of(commit)
    with tempfile.TemporaryDirectory(prefix="release-") as work:
        first, second = Path(work, "one"), Path(work, "the other", "one")
        here, there = lay_out(full, Path(work, "source")), lay_out(full, Path(work, "again", "elsewhere"))
        hide(there)
        make(here, first, epoch)
        make(there, second, epoch, **ELSEWHERE)
        wrong = sums.differences(first, second) or wheel_of_archive(first, Path(work, "unpacked"), epoch)
        if wrong:
            raise ToolError(f"Built twice, not the same bytes: {', '.join(wrong)}. Nothing is kept.")
        return keep(first, into)


def keep(made: Path, into: Path) -> dict[str, str]:
    """Put the files where they were asked for, the list of hashes last; return the hashes by name."""
    into.mkdir(parents=True, exist_ok=True)
    for path in sorted(made.iterdir(), key=lambda one: (one.name == sums.NAME, one.name)):
        begun = into / f".{path.name}.part"
        begun.write_bytes(path.read_bytes())
        begun.replace(into / path.name)
    return sums.hashes(made)


def cautions(source: Path, version: str) -> list[str]:
    """Return what a person should know before the files go out."""
    said = (
        [f"{len(left)} paths differ from the last commit and are not in it: {', '.join(left[:5])}"]
        if (left := not_committed())
        else []
    )
    if f"## {version} (unreleased)" in (source / "CHANGELOG.md").read_text(encoding="utf-8"):
        said.append(f"CHANGELOG.md still calls {version} unreleased")
    return said


def main() -> int:
    """Make a release and print its files; return 1 where two builds differ or one fails."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "dist", help="the folder (dist/)")
    parser.add_argument("--commit", default="HEAD", help="what to build (HEAD)")
    asked = parser.parse_args()
    began = time.perf_counter()
    try:
        made = release(asked.output, asked.commit)
    except ToolError as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    for name, digest in made.items():
        print(f"{digest}  {(asked.output / name).stat().st_size:>9} bytes  {name}")
    print(
        f"Built twice, the same bytes; {time.perf_counter() - began:.1f} s. Check: sha256sum -c {sums.NAME}"
    )
    for caution in cautions(ROOT, version_of(ROOT)):
        print(f"Note: {caution}.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
