"""The files of a bag that stand outside its manifests because they came later: read within bounds, by name.

SIGNATURE, SIGNERS and MINISIG come together, TOKEN and AUTHORITY too; CUSTODY notes each of them.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from probe.system.disk import is_plain, open_to_read

if TYPE_CHECKING:
    from pathlib import Path

SIGNED: Final = "tagmanifest-sha256.txt"
"""What is signed and stamped; its SHA-256 is the root hash."""
SIGNATURE: Final = "tagmanifest-sha256.txt.sig"
SIGNERS: Final = "allowed_signers"
MINISIG: Final = "tagmanifest-sha256.txt.minisig"
TOKEN: Final = "tagmanifest-sha256.txt.tsr"  # noqa: S105  # a file's name, and no secret
AUTHORITY: Final = "tsa-ca.pem"
CUSTODY: Final = "custody-after.csv"
OUTSIDE: Final = (SIGNATURE, SIGNERS, MINISIG, TOKEN, AUTHORITY, CUSTODY)
"""All files that a bag may have and no manifest names."""
MAX_BYTES: Final = 64 * 1024
"""Of any of these files, and of the tag manifest."""


class TooLargeError(ValueError):
    """A file has more bytes than such a file ever has."""


def content_of(bag: Path, name: str) -> bytes | None:
    """Return a file's bytes, or None where it is missing or is no plain file.

    Raises TooLargeError beyond MAX_BYTES. A link is not followed, and a pipe is not waited for.
    """
    try:
        descriptor = open_to_read(bag / name)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not is_plain(descriptor):
            return None
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise TooLargeError(name)
    return content
