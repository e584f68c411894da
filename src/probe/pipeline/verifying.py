"""A bag is verified: its files by their hashes, its verdicts by judging them again, who vouches for it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from probe.evidence import custody_after
from probe.evidence.fault import Faults
from probe.evidence.outside import CUSTODY
from probe.evidence.read import opened
from probe.evidence.signature import PROBLEMS as SIGNATURE_PROBLEMS
from probe.evidence.signature import Signature, signature_of
from probe.evidence.token import PROBLEMS as TOKEN_PROBLEMS
from probe.evidence.token import Token, token_of
from probe.evidence.verify import Checked, checked
from probe.locale import _
from probe.pipeline.judged_again import Judging, judged_again
from probe.pipeline.request import UsageError
from probe.report.told import Seal
from probe.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TIME: Final = "%Y-%m-%dT%H:%M:%SZ"
_HEX: Final = frozenset("0123456789abcdef")


class Verified(Struct, frozen=True, kw_only=True):
    """What was found out about a bag."""

    faults: Faults
    checked: Checked | None
    """None where a zip could not be unpacked."""
    judging: Judging | None
    """None where nothing could be judged."""
    signature: Signature
    token: Token


def verify(path: Path, root: str = "") -> Verified:
    """Verify a bag's folder or zip; `root` is the root hash that it has to have, if one is known.

    Raises EvidenceError for what is no bag, UsageError for what is no hash, OSError.
    """
    wanted = root_hash(root)
    faults = Faults()
    with opened(path, faults) as bag:
        if bag is None:
            return Verified(
                faults=faults,
                checked=None,
                judging=None,
                signature=Signature(state="none"),
                token=Token(state="none"),
            )
        return verify_folder(bag, faults, wanted)


def verify_folder(bag: Path, faults: Faults, wanted: str = "") -> Verified:
    """Verify a bag's folder; whatever is wrong is added to the faults. Raises OSError."""
    found = checked(bag, faults)
    if wanted and found.root_sha256 != wanted:
        faults.add("root", found=found.root_sha256 or "-")
    signature, token = signature_of(bag), token_of(bag)
    if signature.state == "bad":
        faults.add("signature", problem=SIGNATURE_PROBLEMS[signature.problem])
    if token.state == "bad":
        faults.add("token", problem=TOKEN_PROBLEMS[token.problem])
    try:
        custody_after.acts_of(bag)
    except ValueError:
        faults.add("after", CUSTODY)
    # Other code opens files by their path: a link in their place would lead it elsewhere.
    judging = judged_again(bag, found, faults) if found.trusted else None
    return Verified(faults=faults, checked=found, judging=judging, signature=signature, token=token)


def seal_of(bag: Path) -> Seal | None:
    """Return what a report says of the bag that a run lies in; None for a folder that is no bag.

    A stranger can seal verdicts that no measurement bears out: they are judged again. Raises StoreError where
    the bag is not as it was sealed, or its verdicts are others than its measurements make.
    """
    if not (bag / "bagit.txt").is_file():
        return None
    faults = Faults()
    found = checked(bag, faults)
    judging = judged_again(bag, found, faults) if not faults.n else None
    if faults.n:
        first = faults.kept[0]
        hint = _("See what is wrong: probe evidence verify {bag}").format(bag=bag)
        raise StoreError(
            bag / first.file,
            first.line,
            _("the bag is not what it says: {problem}").format(problem=first.sentence().removesuffix(".")),
            hint,
        )
    signature, token = signature_of(bag), token_of(bag)
    return Seal(
        root_sha256=found.root_sha256,
        n_files=found.n_files,
        n_bytes=found.n_bytes,
        signature=" ".join(filter(None, (signature.state, signature.fingerprint))),
        token=" ".join(filter(None, (token.state, token.time.strftime(TIME) if token.time else ""))),
        judged_again=_judged(judging),
    )


def _judged(judging: Judging | None) -> str:
    """Return the word of a report for what judging again came to: `same` only where all was compared."""
    if judging is None or not judging.again:
        return "other_rules"
    return "same" if judging.same_version else "other_version"


@contextmanager
def run_in(path: Path) -> Iterator[Path]:
    """Yield the folder of a run or a bag; a bag's zip is unpacked for as long as this lasts.

    Raises UsageError for a zip that is none, or that nobody should unpack.
    """
    if not path.is_file():  # whoever opens it says that there is no run
        yield path
        return
    faults = Faults()
    with opened(path, faults) as bag:
        if bag is None:
            raise UsageError(
                f"{path}: {faults.kept[0].sentence()}",
                _("See what is wrong: probe evidence verify {bag}").format(bag=path),
            )
        yield bag


def root_hash(text: str) -> str:
    """Return a root hash as it is compared. Raises UsageError for what is none."""
    plain = text.strip().lower()
    if plain and (len(plain) != 64 or not _HEX.issuperset(plain)):
        raise UsageError(
            _("{text!r} is no root hash.").format(text=text[:80]),
            _("Type the 64 hexadecimal digits that the letter prints."),
        )
    return plain
