"""The libraries that only letters need: imported where they are used, told of where they are missing."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from probe.locale import _

if TYPE_CHECKING:
    from collections.abc import Iterator

LIBRARIES: Final = ("typst", "docx", "xlsxwriter")
"""As they are imported; the extra `letters` brings them."""
INSTALL: Final = "pip install 'interference-probe[letters]'"


class MissingLibraryError(Exception):
    """A form that cannot be drawn here; `problem` says why and `hint` what to type."""

    def __init__(self, problem: str, hint: str) -> None:
        """Keep both parts; `str()` joins them."""
        self.problem = problem
        self.hint = hint
        super().__init__(f"{problem} {hint}")


@contextmanager
def needed(form: str) -> Iterator[None]:
    """Import the libraries of a form inside; raises MissingLibraryError where one is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in LIBRARIES:
            raise
        raise MissingLibraryError(
            _("The form {form} needs a library that is not installed.").format(form=form),
            _("Type: {command}").format(command=INSTALL),
        ) from None
