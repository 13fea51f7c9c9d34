"""One process at a time writes into a run folder.

    owner-0001.json, owner-0002.json, ...

Whoever makes the file with the next number owns the folder: making a file that must
not exist is one indivisible act, also where locks do nothing. The newest file stays
when its owner is gone, so the numbers only grow and no late comer can take an old one.
"""

import json
import os
import platform
import re
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary, finalize

from handgrad.errors import HandgradError, RunError
from handgrad.parsing import parse_json
from handgrad.training.atomic import claim_file, remove_file, write_file
from handgrad.training.real_files import read_file

NAME = re.compile(r"owner-(\d+)\.json")


class Ownership:
    """A claim on a run folder: until `release`, or until nothing refers to it.

    It is the claim of this `process`, and never of one that is forked from it.
    """

    def __init__(self, path: Path, token: str) -> None:
        self.path, self.token, self.process = path, token, os.getpid()
        self.release = finalize(self, _release, path, token, self.process)


def _release(path: Path, token: str, process: int) -> None:
    """Let others go on with the run; never what another has claimed before us."""
    if os.getpid() != process:  # a forked child owns nothing
        return
    with suppress(HandgradError):  # a full disk; the end of the process will do
        if _read(path).get("token") == token:
            write_file(path, _json({"released": True}))


held: WeakValueDictionary[str, Ownership] = WeakValueDictionary()  # by this process


def take(folder: Path) -> Ownership:
    """Own a run folder; RunError if a process that may still live owns it."""
    newest = _newest(folder)
    if newest > 0:
        path = _path(folder, newest)
        owner = _read(path)
        if not is_gone(owner):
            raise _in_use(folder, path, owner)
    token = uuid.uuid4().hex
    mine = Ownership(_path(folder, newest + 1), token)
    held[token] = mine  # before others can read the token
    if not claim_file(mine.path, _json({**this_process(), "token": token})):
        raise _in_use(folder, mine.path, _read(mine.path))
    if (
        _newest(folder) != newest + 1
    ):  # the listing was old: others have been here since
        remove_file(mine.path)
        raise _in_use(folder, _path(folder, _newest(folder)), {})
    for number in _numbers(folder):
        if number <= newest:
            remove_file(_path(folder, number))
    return mine


def is_owned_elsewhere(folder: Path) -> bool:
    """Whether a process of another machine has claimed the folder and not let go."""
    owner = _read(_path(folder, _newest(folder))) if folder.is_dir() else {}
    return "host" in owner and owner["host"] != this_process()["host"]


def disown(folder: Path) -> None:
    """Release the newest claim; for those who know that its process has ended.

    Of another machine's processes nothing can be seen, so that somebody must know.
    """
    newest = _newest(folder)
    if newest > 0:
        write_file(_path(folder, newest), _json({"released": True}))


def is_gone(owner: dict[str, Any]) -> bool:
    """Whether the process that made this claim can no longer write."""
    if owner.get("released"):
        return True
    now = this_process()
    if owner.get("host") != now["host"]:
        return False  # nothing is known of another machine's processes
    if owner.get("boot") != now["boot"]:
        return True
    if owner.get("process") == now["process"]:
        return owner.get("started") != now["started"] or owner.get("token") not in held
    return not _lives(owner)


def this_process() -> dict[str, Any]:
    """What tells this process from all others."""
    return {
        "host": f"{platform.node()} {_namespace()}".strip(),
        "boot": _first_line(Path("/proc/sys/kernel/random/boot_id")),
        "process": os.getpid(),
        "started": _started(os.getpid()),
    }


def _lives(owner: dict[str, Any]) -> bool:
    process = owner.get("process")
    if not isinstance(process, int) or os.name == "nt":
        return True  # not known, so better not
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it lives, and is another user's
    return owner.get("started") == _started(process)  # else the number was given anew


def _started(process: int) -> str:
    """When a process began, in ticks since the start of the machine."""
    line = _first_line(Path(f"/proc/{process}/stat"))
    fields = line.rpartition(")")[2].split()  # a name in brackets may hold anything
    state_and_more = len(fields) > 19 and fields[0] != "Z"  # a zombie writes no more
    return fields[19] if state_and_more else ""


def _namespace() -> str:
    """Where process numbers count from 1 of their own, as in a container."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def _first_line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").partition("\n")[0]
    except OSError:
        return ""


def _in_use(folder: Path, path: Path, owner: dict[str, Any]) -> RunError:
    who = f"process {owner['process']}" if "process" in owner else "another process"
    host = str(owner.get("host", "")).partition(" ")[0]
    where = f" on {host}" if host else ""
    return RunError(
        f"{folder} is in use by {who}{where}. Wait for it, or give another folder; if "
        f"you are sure that it is gone, remove {path.name} from there."
    )


def _newest(folder: Path) -> int:
    return max(_numbers(folder), default=0)


def _numbers(folder: Path) -> list[int]:
    names = (NAME.fullmatch(path.name) for path in folder.iterdir())
    return [int(match[1]) for match in names if match]


def _path(folder: Path, number: int) -> Path:
    return folder / f"owner-{number:04d}.json"


def _read(path: Path) -> dict[str, Any]:
    """What the owner wrote; nothing if it is just about to."""
    try:
        content = parse_json(read_file(path))
    except RunError:  # a pipe or a device, which no owner has made
        raise
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _json(content: dict[str, Any]) -> bytes:
    return json.dumps(content).encode()
