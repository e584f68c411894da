"""Whether the PDFs hold what they claim: veraPDF's word on PDF/A-3a and PDF/UA-1, mischief included.

    python -m benchmarks.pdf_standards [FILE.pdf ...]

Needs Java and Maven, which fetches veraPDF by name into a folder that is removed afterwards; 10 MB. Without
files it draws its own: the annex of four runs in each language and disclosure, a document with every kind of
block, and one whose every text is mischief. Returns 1 when veraPDF rejects one.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from probe import locale
from probe.report.annex.letter import Disclosure
from probe.report.pdf import pdf_of
from unit.a_document import a_hostile_document, a_whole_document
from unit.some_trials import a_policed_run, drawn
from unit.test_annex_paper import told

PROFILES = ("3a", "ua1")
ARTIFACT = "org.verapdf.apps:greenfield-apps:1.28.2"
MAIN = "org.verapdf.apps.GreenfieldCliWrapper"
DISCLOSURES: tuple[Disclosure, ...] = ("public", "full")


def drawn_files(folder: Path) -> Iterator[Path]:
    """Draw the documents into a folder; yield their files."""
    trials = drawn(a_policed_run())
    made = {"hostile": pdf_of(a_hostile_document())}
    for lang in locale.LANGUAGES:
        locale.use(lang)
        made[f"blocks-{lang}"] = pdf_of(a_whole_document(trials, lang))
        for disclosure in DISCLOSURES:
            made[f"annex-{disclosure}-{lang}"] = pdf_of(told(disclosure)[0])
    for name, content in made.items():
        file = folder / f"{name}.pdf"
        file.write_bytes(content)
        yield file


def verapdf(folder: Path) -> list[str]:
    """Fetch veraPDF into a folder; return the command that runs it."""
    fetch = ("mvn", "-B", "-q", "dependency:copy", f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={folder}")
    subprocess.run(fetch, check=True, stdout=subprocess.DEVNULL)
    (jar,) = folder.glob("greenfield-apps-*.jar")
    return ["java", "-cp", str(jar), MAIN]


def main() -> int:
    """Print veraPDF's line for each file and profile; return 1 when one is rejected."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    asked = parser.parse_args().files
    n_rejected = 0
    with TemporaryDirectory() as made, TemporaryDirectory() as fetched:
        files = asked or list(drawn_files(Path(made)))
        command = verapdf(Path(fetched))
        for profile in PROFILES:
            words = [*command, "-f", profile, "--format", "text", *map(str, files)]
            done = subprocess.run(words, capture_output=True, text=True, check=False)
            verdicts = [line.split() for line in done.stdout.splitlines()]
            passed = {Path(line[1]).name for line in verdicts if line[0] == "PASS"}
            n_rejected += len(files) - len(passed)
            for file in files:
                print(f"{profile:4} {'PASS' if file.name in passed else 'FAIL'} {file.name}")
    return int(n_rejected > 0)


if __name__ == "__main__":
    sys.exit(main())
