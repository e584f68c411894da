"""The help of a command: one sentence, then examples that can be typed as they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import typer
from typer.core import TyperGroup

from probe.locale import _

if TYPE_CHECKING:
    from typer._click.core import Command

_ROOM: Final = 76
"""Columns of a terminal beside the examples' indentation."""


def described(sentence: str, *examples: str | tuple[str, str]) -> str:
    """Return the help text; an example is a command, or a command and what it does.

    The backspace tells the help formatter to leave the lines of the examples as they are. What an example
    does stands beside it, or above it as a comment where that is too long for a terminal.
    """
    pairs = [example if isinstance(example, tuple) else (example, "") for example in examples]
    width = max(len(command) for command, _what in pairs)
    lines = [f"{command:{width}}    {what}".rstrip() for command, what in pairs]
    if max(map(len, lines)) > _ROOM:
        lines = [line for command, what in pairs for line in (f"# {what}" if what else "", command) if line]
    body = "\n".join(f"  {line}" for line in lines)
    title = _("Example:")
    return f"{sentence}\n\n\b\n{title}\n{body}"


def translate_help_options(command: TyperGroup | Command, parent: typer.Context | None = None) -> None:
    """Say what `--help` does in the language in use, of every command: the library knows English only."""
    context = typer.Context(command, parent=parent, **command.context_settings)
    option = command.get_help_option(context)
    if option is not None:
        option.help = _("Show this message and exit.")
    for child in command.commands.values() if isinstance(command, TyperGroup) else ():
        translate_help_options(child, context)
