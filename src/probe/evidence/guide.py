"""VERIFY.txt: how a stranger checks a bag with stock tools, in every language of this program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from probe.evidence.manifest import MANIFEST, TAGMANIFEST
from probe.evidence.outside import AUTHORITY, MINISIG, SIGNATURE, SIGNERS, TOKEN
from probe.evidence.sshsig import NAMESPACE
from probe.locale import LANGUAGES, _, in_language

if TYPE_CHECKING:
    from collections.abc import Callable

RULE: Final = "-" * 72
NAMES: Final = {"en": "English", "ru": "Русский", "fr": "Français"}


def guide(run_id: str, n_files: int) -> bytes:
    """Return the text; the same run and the same catalogues give the same bytes."""
    parts = []
    for lang in LANGUAGES:
        with in_language(lang):
            parts.append(f"{NAMES.get(lang, lang)}\n\n{_said(run_id, n_files)}")
    return f"\n{RULE}\n\n".join(parts).encode()


def proofs() -> tuple[str, ...]:
    """Return what hash, signature and time stamp each prove, in the language in use."""
    return (
        _("The root hash proves that nothing in this folder has changed since that hash was published."),
        _("A signature proves that the holder of the key vouched for it; a key found in the folder itself"
          " proves nothing alone: compare its fingerprint with one published elsewhere."),
        _("A time stamp proves that it existed no later than the time in it."),
        _("None of them proves that a measurement is true, or when it began."),
    )  # fmt: skip


def _said(run_id: str, n_files: int) -> str:
    signed = (
        f"ssh-keygen -Y find-principals -f {SIGNERS} -s {SIGNATURE}\n"
        f"ssh-keygen -Y verify -f {SIGNERS} -I NAME -n {NAMESPACE} -s {SIGNATURE} < {TAGMANIFEST}\n"
        f"minisign -V -P KEY -x {MINISIG} -m {TAGMANIFEST}"
    )
    stamped = (
        f"openssl ts -verify -data {TAGMANIFEST} -in {TOKEN} -CAfile {AUTHORITY}\n"
        f"openssl ts -reply -in {TOKEN} -text"
    )
    parts: tuple[tuple[Callable[[str], str], str], ...] = (
        (str, _("Measurements of network interference, run {run_id}, sealed.").format(run_id=run_id)),
        (str, _("Type the following in the folder that holds this file. Nothing has to be installed on most"
                " systems; on Windows use WSL, on macOS `shasum -a 256` instead of `sha256sum`.")),
        (str, _("1. The root hash. It must be the one that was published, in the letter or its annex:")),
        (_typed, f"sha256sum {TAGMANIFEST}"),
        (str, _("2. The hashes of all files. Every line must end with OK:")),
        (_typed, f"sha256sum -c {TAGMANIFEST}\nsha256sum -c {MANIFEST}"),
        (str, _("3. An added file would not be noticed by that. The number of files must be {n}:").format(
            n=n_files)),
        (_typed, "find data -type f | wc -l"),
        (str, _("4. The signature, where {file} is there. The first line prints a NAME for the second, which"
                " prints the key's fingerprint: compare it with the published one. KEY is in the first line"
                " of {minisig}:").format(file=SIGNATURE, minisig=MINISIG)),
        (_typed, signed),
        (str, _("5. The time stamp, where {file} is there; the second line prints its time:").format(
            file=TOKEN)),
        (_typed, stamped),
        (str, _("6. With the program itself (interference-probe) also whether the verdicts follow from the"
                " measurements:")),
        (_typed, "probe evidence verify ."),
        (str, _("What this proves:")),
        (_listed, "\n".join(proofs())),
        (str, _("What lies here: data/measurements.jsonl is what happened, one measurement a line, each with"
                " the hash of the line before; data/verdicts.csv is what it means; data/inputs is what"
                " judging used; data/custody.csv is who had it in hand, by role.")),
    )  # fmt: skip
    return "\n\n".join(shape(text) for shape, text in parts) + "\n"


def _typed(lines: str) -> str:
    return "\n".join(f"    {line}" for line in lines.split("\n"))


def _listed(lines: str) -> str:
    return "\n".join(f"- {line}" for line in lines.split("\n"))
