"""Errors that are not ours, in our words: who, what was expected, the next step."""

from difflib import get_close_matches
from errno import EACCES, EDQUOT, EISDIR, ENOSPC, EROFS
from typing import Any

REASONS = {
    EACCES: "you may not read or write there. Change that, or take another place",
    EDQUOT: "your share of the disk is full. Free some room and try again",
    EISDIR: "it is a folder. Name a file",
    ENOSPC: "the disk is full. Free some room and try again",
    EROFS: "the disk can only be read. Choose another folder",
}


def of_system_error(error: OSError) -> str:
    """One sentence for an error of the disk or the system."""
    reason = REASONS.get(error.errno or 0, error.strerror or str(error))
    return f"{error.filename or 'A file'} cannot be used: {reason}."


def of_usage_error(error: Any) -> str:
    """One sentence for words that the command line does not know.

    The kind of error is told by its fields, since its class is typer's own.
    """
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "handgrad"
    if type(error).__name__ == "NoArgsIsHelpError":  # its message is the whole help
        text = f"{command} takes a command: {', '.join(error.ctx.command.commands)}."
    elif hasattr(error, "possibilities"):
        text = _unknown_option(error, command, context)
    else:
        text = error.format_message().strip().rstrip(".")
        text = f"{text}{'' if text.endswith('?') else '.'}"
    return f"{text} See: {command} --help"


def _unknown_option(error: Any, command: str, context: Any) -> str:
    known = [
        name
        for parameter in (context.command.params if context else ())
        for name in parameter.opts
        if name.startswith("--")
    ]
    near = get_close_matches(error.option_name, known, n=1, cutoff=0.5)
    hint = f" Did you mean {near[0]}?" if near else ""
    return f"{command} has no option {error.option_name}.{hint}"
