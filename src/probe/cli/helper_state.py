"""Where a helper of this user's keeps its certificate and its key, and how they are removed."""

import contextlib
import os
from pathlib import Path


def state_folder() -> Path:
    """Return the folder that systemd gives, else the one for this user's programs."""
    from platformdirs import user_state_path

    given = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    return Path(given) if given else user_state_path("interference-probe", appauthor=False) / "helper"


def kept_in(folder: Path) -> tuple[Path, ...]:
    """Return the files of an identity that lie there."""
    from probe.helper.identity import CERTIFICATE_FILE, KEY_FILE

    return tuple(path for name in (CERTIFICATE_FILE, KEY_FILE) if os.path.lexists(path := folder / name))


def remove_from(folder: Path) -> tuple[Path, ...]:
    """Remove them, and the folders where nothing else lies in them; return what could not be removed."""
    for path in kept_in(folder):
        with contextlib.suppress(OSError):
            path.unlink()
    if stuck := kept_in(folder):
        return stuck
    with contextlib.suppress(OSError):
        folder.rmdir()
        if folder.parent.name == "interference-probe":
            folder.parent.rmdir()
    return ()
