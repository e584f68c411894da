"""What is said of a command line that cannot be parsed, in the language in use."""

import io
import re
import sys
from typing import Final

from probe.locale import N_, _

PHRASES: Final = (
    (r"Usage: ", N_("Usage: ")),
    (r"Error: ", N_("Error: ")),
    (r"Try '(.*)' for help\.", N_("Try '{0}' for help.")),
    (r"No such option: ([^ ]*)", N_("No such option: {0}")),
    (r"Missing option ('.*')\.", N_("Missing option {0}.")),
    (r"Missing argument ('.*')\.", N_("Missing argument {0}.")),
    (r"Option ('.*') requires an argument\.", N_("Option {0} requires an argument.")),
    (r"Got unexpected extra argument\(s\) \((.*)\)", N_("Got unexpected extra arguments ({0})")),
    (r"Invalid value for ('?[^:]*): ", N_("Invalid value for {0}: ")),
)
"""What the library says at the beginning of a line or after "Error: "."""

LIBRARY: Final = (
    N_("Arguments"),
    N_("Options"),
    N_("Commands"),
    N_("required"),
    N_("default: {default}"),
    N_("Missing command."),
    N_("No such command {name!r}."),
)
"""Words that the library looks up itself, in the catalogue that `use_language` points it to."""


def show(mistake: Exception) -> None:
    """Write on stderr what is wrong, with the usage of the command."""
    text = io.StringIO()
    shown = getattr(mistake, "show", None)  # the library's base class has none, its every child has
    if shown:
        shown(text)
    else:
        text.write(f"Error: {mistake}\n")
    sys.stderr.write("".join(_said(line) for line in text.getvalue().splitlines(keepends=True)))


def _said(line: str) -> str:
    """Return a line of the library in the language in use; what it quotes stays as it was typed."""
    done = ""
    for pattern, phrase in PHRASES:
        if found := re.match(pattern, line):
            done += _(phrase).format(*found.groups())
            line = line[found.end() :]
    return done + line
