"""Statements about how far all that carries and how it is checked: 13, 17, 18."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from probe.locale import N_, _, ngettext
from probe.report.annex import terms
from probe.report.annex.blocks import Items, Paragraph, Table, Verbatim

if TYPE_CHECKING:
    from collections.abc import Iterator

    from probe.report.annex.blocks import Block
    from probe.report.annex.facts import Annex

LIMITS: Final = (
    N_("These measurements describe the lines named, at the times stated, and nothing beyond them."),
    N_(
        "They do not show who ordered or configured what was seen, nor by whose equipment it was done; a "
        "silent loss on the path looks the same whoever causes it."
    ),
    N_(
        "A run without a finding is no proof that nothing interferes: a block may have paused, or spare some."
    ),
    N_("What is inconclusive is counted as inconclusive, neither as a finding nor as its absence."),
    N_(
        "The operator is who the AS number is registered to; the line may be resold or reached through "
        "somebody else's network."
    ),
    N_("Why a service itself refuses visitors from a country was not measured."),
    N_("A slowdown of less than threefold is mostly not found by the comparison of speeds."),
    N_("Volunteers chose when and where to measure: the runs are no random sample of subscribers."),
)
STATUSES: Final = {"none": N_("none"), "good": N_("good"), "bad": N_("not good")}
JUDGED: Final = {
    "same": N_("the same"),
    "other_rules": N_("not checked: the bag was judged by other rules or fingerprints than this program's"),
    "other_version": N_("the same; not checked: its tables and texts, which another version wrote"),
}
PROVES: Final = (
    N_("The root hash: nothing in the bag was changed since this hash was published."),
    N_("The signature: the holder of the key sealed it; a key that lies in the bag proves nothing alone."),
    N_("The time stamp: the bag existed no later than the time that it names."),
    N_("None of them proves that a measurement is true, nor when it began."),
)
CHECKING: Final = """sha256sum tagmanifest-sha256.txt
sha256sum -c tagmanifest-sha256.txt
sha256sum -c manifest-sha256.txt
find data -type f | wc -l
ssh-keygen -Y find-principals -f allowed_signers -s tagmanifest-sha256.txt.sig
ssh-keygen -Y verify -f allowed_signers -I NAME -n probe-evidence \\
  -s tagmanifest-sha256.txt.sig < tagmanifest-sha256.txt
openssl ts -verify -data tagmanifest-sha256.txt \\
  -in tagmanifest-sha256.txt.tsr -CAfile tsa-ca.pem"""
AGAIN: Final = """probe evidence verify BAG --root HASH
probe judge BAG -o again"""


def limits(annex: Annex) -> Iterator[Block]:
    """13: what these measurements do not show."""
    yield Items(items=tuple(_(text) for text in LIMITS))
    if any(run.bypass for run in annex.runs):
        yield Paragraph(text=_("What was measured through a VPN or proxy tells of that tool's line."))
    if not any(run.baseline_recorded_utc for run in annex.runs):
        yield Paragraph(text=_("No run was compared with a baseline from another network."))


def integrity(annex: Annex) -> Iterator[Block]:
    """17: root hash, files, signature and time stamp of each run."""
    for run in annex.runs:
        if not run.root_sha256:
            yield Paragraph(
                text=_(
                    "Run {run} is not sealed: nothing shows whether it was changed since it was made."
                ).format(run=run.name)
            )
            continue
        yield Table(
            caption=_("Run {run}").format(run=run.name),
            head=(_("What"), _("Value")),
            rows=(
                (_("Root hash (SHA-256 of tagmanifest-sha256.txt)"), run.root_sha256),
                (_("Files below data/"), str(run.n_files)),
                (_("Their bytes"), str(run.n_bytes)),
                (_("Signature"), _status(run.signature)),
                (_("Time stamp"), _status(run.token)),
                (_("Verdicts, judged again for this annex"), terms.said(JUDGED, run.judged_again)),
            ),
            widths=(0.35, 0.65),
            code=(1,),
        )
    yield Items(items=tuple(_(text) for text in PROVES))
    n = sum(run.n_receipts for run in annex.runs)
    if n:
        text = ngettext(
            "{n} transfer bears a helper's signed receipt: it proves that both names left alike, and not "
            "before the time that the receipt names.",
            "{n} transfers bear a helper's signed receipt: it proves that both names left alike, and not "
            "before the time that the receipt names.",
            n,
        )
        yield Paragraph(text=text.format(n=n))


def _status(text: str) -> str:
    """Return `good SHA256:...` with its first word in the language in use."""
    word, _space, rest = text.partition(" ")
    return f"{terms.said(STATUSES, word)} {terms.shown(rest)}".strip()


def verification(annex: Annex) -> Iterator[Block]:
    """18: how anybody checks the bag and judges again."""
    del annex
    yield Paragraph(
        text=_(
            "With stock programs, in the unpacked folder of the bag; the first line prints the root hash, "
            "the fourth the number of files, since a check of the listed files does not notice one that "
            "was added:"
        )
    )
    yield Verbatim(text=CHECKING)
    yield Paragraph(
        text=_("With the program itself, which also judges the measurements again by the bag's own inputs:")
    )
    yield Verbatim(text=AGAIN)
