"""What can be wrong with a bag: a code, the file, and a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from probe.locale import N_, _

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST: Final = 1000
"""Faults that are kept; the rest is counted."""

SENTENCES: Final[Mapping[str, str]] = {
    "missing": N_("The file is missing."),
    "added": N_("The file does not belong to the bag: no manifest names it."),
    "changed": N_("The file is not what was sealed: its hash differs from the manifest's."),
    "unlisted": N_("The manifest does not name this file, which lies under seal."),
    "gone": N_("The manifest names this file, and it is not there."),
    "manifest": N_("The manifest is not written as this program writes it."),
    "unexpected": N_("This is no file that this version knows in a bag."),
    "name": N_("The name holds what no name in a bag holds."),
    "double": N_("Another file has this name, but for capitals."),
    "twice": N_("The zip holds two files of this name."),
    "link": N_("This is a link, a device or a pipe, and no file."),
    "deep": N_("Folders lie in folders deeper than in any bag."),
    "many": N_("There are more files than in any bag: more than {most}."),
    "large": N_("There is more in it than in any bag: more than {most} bytes."),
    "bomb": N_("It is packed so tightly that it may be meant to fill this disk."),
    "zip": N_("The zip cannot be read: {problem}."),
    "outside": N_("The name leads out of the bag."),
    "folders": N_("The zip holds more than one folder."),
    "bagit": N_("The file does not say what every bag says: BagIt 1.0, UTF-8."),
    "info": N_("The file does not fit what lies in the bag."),
    "guide": N_("The text holds signs that a terminal obeys."),
    "later": N_("The bag was made by a later version of this program: verify it with that one."),
    "blob": N_("The content does not have the hash that is its name."),
    "blob_gone": N_("A measurement names this file, and it is not there: {uid}."),
    "blob_loose": N_("No measurement names this file."),
    "guide_other": N_("The text is not the one that this program writes."),
    "spelled": N_(
        "A record is not spelled as this program writes it: a key is doubled, unknown or elsewhere."
    ),
    "fits": N_("What is said of {key} does not fit the rest of the bag."),
    "root": N_("The root hash is {found}, and not the one that was given."),
    "count": N_("There are {found} measurements, and run.json counts {told}."),
    "unreadable": N_("{problem}."),
    "run_id": N_("The bag is named after another run: {found}."),
    "custody": N_("Who had the run in hand is not what the run and the bag say."),
    "verdict": N_("{target}: the verdict reads {found}; judged again it is {again}."),
    "verdict_bytes": N_("{target}: the verdict differs, judged again, though not in its state: {fields}."),
    "verdict_gone": N_("{target}: judged again there is a verdict, and here is none."),
    "verdict_added": N_("{target}: there is a verdict, and judged again there is none."),
    "verdict_order": N_("The verdicts are not written as this program writes them."),
    "table": N_("The table is not what its verdicts make."),
    "described": N_("The description does not fit the tables."),
    "record": N_("run.json says of {key} what judging again does not."),
    "signature": N_("The signature is not good: {problem}"),
    "token": N_("The time stamp is not good: {problem}"),
    "after": N_("The note of what happened after sealing cannot be read."),
}
"""In English, by code; translated where they are shown."""


class Fault(Struct, frozen=True, kw_only=True):
    """One thing that is wrong."""

    code: str
    file: str
    """In the bag; a stranger's text. Empty where no file is to blame."""
    line: int = 0
    """0 where none is to blame."""
    params: tuple[tuple[str, str], ...] = ()
    """A stranger's texts too."""

    def sentence(self) -> str:
        """Return it in the language in use."""
        params = {name: _(value) if name == "problem" else value for name, value in self.params}
        return _(SENTENCES[self.code]).format(**params)


class Faults(Struct):
    """Gathers them."""

    kept: list[Fault] = field(default_factory=list)
    n: int = 0

    def add(self, code: str, file: str = "", line: int = 0, **params: str) -> None:
        """Note a fault; beyond MOST it is counted only."""
        self.n += 1
        if len(self.kept) < MOST:
            self.kept.append(Fault(code=code, file=file, line=line, params=tuple(params.items())))
