"""Let only one process at a time write into a run folder.

    owner-0001.json, owner-0002.json, ...

The process that creates the file with the next number owns the folder: exclusive
creation of a file is atomic, even on file systems without working locks. The newest
file remains after its owner has ended, so numbers only grow and none is used twice.
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
    """A claim on a run folder, valid until `release` or garbage collection.

    It belongs to this `process`, not to a fork of it.
    """

    def __init__(self, path: Path, token: str) -> None:
        self.path, self.token, self.process = path, token, os.getpid()
        self.release = finalize(self, _release, path, token, self.process)


def _release(path: Path, token: str, process: int) -> None:
    """Release the claim, unless another process has replaced it."""
    if os.getpid() != process:  # a forked child owns nothing
        return
    with suppress(HandgradError):  # a full disk: the claim ends with the process
        if _read(path).get("token") == token:
            write_file(path, _json({"released": True}))


held: WeakValueDictionary[str, Ownership] = WeakValueDictionary()  # by this process


def take(folder: Path) -> Ownership:
    """Claim a run folder; RunError if its owner may still be running."""
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
    ):  # the listing was out of date: another process has claimed the folder
        remove_file(mine.path)
        raise _in_use(folder, _path(folder, _newest(folder)), {})
    for number in _numbers(folder):
        if number <= newest:
            remove_file(_path(folder, number))
    return mine


def is_owned_elsewhere(folder: Path) -> bool:
    """Return whether a process on another machine holds an unreleased claim."""
    owner = _read(_path(folder, _newest(folder))) if folder.is_dir() else {}
    return "host" in owner and owner["host"] != this_process()["host"]


def living_owner(folder: Path) -> dict[str, Any]:
    """The claim of the process that may write into a folder; empty if there is none."""
    newest = _newest(folder) if folder.is_dir() else 0
    owner = _read(_path(folder, newest)) if newest else {}
    return {} if is_gone(owner) else owner


def disown(folder: Path) -> None:
    """Release the newest claim, for callers that know that its process has ended.

    The processes of another machine are not visible from here.
    """
    newest = _newest(folder)
    if newest > 0:
        write_file(_path(folder, newest), _json({"released": True}))


def is_gone(owner: dict[str, Any]) -> bool:
    """Return whether the process of a claim can no longer write."""
    if owner.get("released"):
        return True
    now = this_process()
    if owner.get("host") != now["host"]:
        return False  # the processes of another machine are not visible
    if owner.get("boot") != now["boot"]:
        return True
    if owner.get("process") == now["process"]:
        return owner.get("started") != now["started"] or owner.get("token") not in held
    return not _lives(owner)


def this_process() -> dict[str, Any]:
    """Values that identify this process uniquely."""
    return {
        "host": f"{platform.node()} {_namespace()}".strip(),
        "boot": _first_line(Path("/proc/sys/kernel/random/boot_id")),
        "process": os.getpid(),
        "started": _started(os.getpid()),
    }


def _lives(owner: dict[str, Any]) -> bool:
    import psutil

    process = owner.get("process")
    if not isinstance(process, int):
        return True  # unknown: assume that it is running
    is_same = owner.get("started") == _started(process)  # else the PID was reused
    return is_same and psutil.pid_exists(process)


def _started(process: int) -> str:
    """The start time of a process, in clock ticks since boot; empty without /proc.

    psutil's start times move when the system's clock is set, so a process that still
    runs would seem to have ended.
    """
    line = _first_line(Path(f"/proc/{process}/stat"))
    fields = line.rpartition(")")[2].split()  # the name before it may contain anything
    state_and_more = len(fields) > 19 and fields[0] != "Z"  # a zombie cannot write
    return fields[19] if state_and_more else ""


def _namespace() -> str:
    """The PID namespace, which differs inside a container."""
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
        f"{folder} is in use by {who}{where}. Wait for it to end, or use another "
        f"folder; if you are sure that it has ended, remove {path.name} there."
    )


def _newest(folder: Path) -> int:
    return max(_numbers(folder), default=0)


def _numbers(folder: Path) -> list[int]:
    names = (NAME.fullmatch(path.name) for path in folder.iterdir())
    return [int(match[1]) for match in names if match]


def _path(folder: Path, number: int) -> Path:
    return folder / f"owner-{number:04d}.json"


def _read(path: Path) -> dict[str, Any]:
    """The content of an owner file; empty if it is still being written."""
    try:
        content = parse_json(read_file(path))
    except RunError:  # a pipe or a device, which no owner creates
        raise
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _json(content: dict[str, Any]) -> bytes:
    return json.dumps(content).encode()
