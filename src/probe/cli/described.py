"""The help of a command: one sentence, then examples that can be typed as they stand."""

from probe.locale import _


def described(sentence: str, *examples: str | tuple[str, str]) -> str:
    """Return the help text; an example is a command, or a command and what it does.

    The backspace tells the help formatter to leave the lines of the examples as they are.
    """
    lines = [example if isinstance(example, tuple) else (example, "") for example in examples]
    width = max(len(command) for command, _what in lines)
    body = "\n".join(f"  {command:{width}}    {what}".rstrip() for command, what in lines)
    title = _("Example:")
    return f"{sentence}\n\n\b\n{title}\n{body}"
