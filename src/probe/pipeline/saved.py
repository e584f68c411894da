"""Answers of registries that the user saved as files: the same facts, their source the file and its date."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from probe.measure.registry_read import MAX_ANSWER_BYTES, AnswerError, read_file
from probe.model.fact import RegistryAnswer
from probe.model.target import Target
from probe.store import OwnValues, Redactor
from probe.targets import CatalogueError

LONGEST_NAME: Final = 80
SCHEME: Final = "file:"
HINT: Final = (
    "Save one so: curl -o saved.json https://rdap.db.ripe.net/autnum/3333"
    " (or https://stat.ripe.net/data/routing-status/data.json?resource=AS3333)"
)


def saved_targets(paths: Iterable[Path]) -> Iterator[Target]:
    """Yield a target a file, so that it has its place among what is measured. Raises CatalogueError."""
    for target_id, (answer, dated) in _all(paths).items():
        yield Target(
            target_id=target_id,
            service="file",
            input=answer.source,
            experiment="registry",
            role="saved",
            dated=dated,
            source=answer.source,
        )


def saved_answers(paths: Iterable[Path]) -> Mapping[str, tuple[RegistryAnswer, ...]]:
    """Return the answers by target. Raises CatalogueError."""
    return {target_id: (answer,) for target_id, (answer, _) in _all(paths).items()}


def _all(paths: Iterable[Path]) -> dict[str, tuple[RegistryAnswer, str]]:
    found = {}
    for path in paths:
        content, changed = _content(path)
        digest = hashlib.sha256(content).hexdigest()[:10]
        try:
            answer = read_file(content, "", f"{changed:%Y-%m-%dT%H:%M:%SZ}")
        except AnswerError as error:
            raise CatalogueError(str(path), 0, str(error), HINT) from None
        shown = _shown(path.name, about=answer.resource, digest=digest)
        found[f"file/{digest}"] = replace(answer, source=f"{SCHEME}{shown}"), f"{changed:%Y-%m-%d}"
    return found


def _shown(name: str, *, about: str, digest: str) -> str:
    """Return a file's name as a run may bear it; where something was masked its digest tells it apart.

    An input is kept as it is, and whoever named the file may have named it after himself.
    """
    redactor = Redactor(OwnValues.of_this_machine(), allowed=(about.partition("/")[0],))
    masked = redactor.text(name)
    return masked[:LONGEST_NAME] if masked == name else f"{masked[:LONGEST_NAME]}-{digest}"


def _content(path: Path) -> tuple[bytes, datetime]:
    try:
        with path.open("rb") as file:
            changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            return file.read(MAX_ANSWER_BYTES + 1), changed
    except OSError as error:
        raise CatalogueError(str(path), 0, f"cannot be read: {error.strerror}", HINT) from None
