"""Messages for errors of the system and of typer, with the next step."""

from difflib import get_close_matches
from errno import EACCES, EDQUOT, EFBIG, EISDIR, ENOSPC, EROFS
from typing import Any

from handgrad.free_memory import FULL

REASONS = {
    EACCES: "permission denied. Change the permissions, or use another path",
    EDQUOT: f"your disk quota is exceeded. {FULL[EDQUOT]}",
    EFBIG: f"the file is too large. {FULL[EFBIG]}",
    EISDIR: "it is a folder. Give the path of a file",
    ENOSPC: f"the disk is full. {FULL[ENOSPC]}",
    EROFS: "the file system is read-only. Use another folder",
}


def of_system_error(error: OSError) -> str:
    """The message for an error of the operating system."""
    reason = REASONS.get(error.errno or 0, error.strerror or str(error))
    return f"{error.filename or 'A file'} cannot be used: {reason}."


def of_usage_error(error: Any) -> str:
    """The message for invalid command-line arguments.

    The fields of the error tell its kind, since its class is private to typer.
    """
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "handgrad"
    if type(error).__name__ == "NoArgsIsHelpError":  # its message is the help text
        text = f"{command} needs a command: {', '.join(error.ctx.command.commands)}."
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
