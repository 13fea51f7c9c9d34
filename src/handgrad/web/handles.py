"""Handles: the names by which a client refers to runs and files of the server.

A handle is looked up in a list that the server made. What a client sends is compared
with that list, and never becomes part of a path.
"""

import re
import secrets
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from handgrad.errors import ConfigError, HandgradError
from handgrad.training.run_table import run_folders

ID = re.compile(r"[a-z0-9-]{1,64}")
PAGE = ".page"  # the server's own folder, among the runs
Entry = TypeVar("Entry")


class MissingError(HandgradError):
    """A handle that refers to nothing here."""


class Home:
    """The folder of the runs, and the folders of the server in it."""

    def __init__(self, runs: Path) -> None:
        self.runs = runs.absolute()
        own = self.runs / PAGE
        self._known: dict[str, Path] = {}
        self.queue, self.configs = own / "queue", own / "configs"
        self.studies = self.runs.parent / "studies"
        self.logs, self.live, self.data = own / "logs", own / "live", own / "data"

    def create(self) -> None:
        """Create the folders that do not exist; ConfigError if they cannot be made."""
        try:
            for folder in (self.queue, self.configs, self.logs, self.live, self.data):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"Runs cannot be kept in {self.runs}: {error.strerror or error}. Give "
                "another folder (--runs)."
            ) from error

    def run_folders(self) -> dict[str, Path]:
        """The folders of all runs by handle."""
        paths = (path for path in run_folders(self.runs) if path.name != PAGE)
        return {handle_of(path.name): path for path in paths}

    def run(self, handle: str) -> Path:
        """The folder of a run; MissingError for an unknown handle."""
        known = self._known.get(handle)
        if known is None or not (known / "config.toml").is_file():
            self._known = self.run_folders()  # a thousand runs take 10 ms
        return looked_up("run", self._known, handle)


def looked_up(kind: str, known: Mapping[str, Entry], handle: str) -> Entry:
    """The entry with this handle; MissingError if there is none."""
    if not ID.fullmatch(handle) or handle not in known:
        raise MissingError(
            f"There is no {kind} with this handle. It may have been removed: reload "
            "the page."
        )
    return known[handle]


def handle_of(name: str) -> str:
    """The handle of a folder: its name, or a digest of a name with other characters."""
    if ID.fullmatch(name):
        return name
    return f"run-{sha256(name.encode(errors='surrogateescape')).hexdigest()[:16]}"


def new_handle(kind: str) -> str:
    """A random handle that begins with `kind`."""
    return f"{kind}-{secrets.token_hex(8)}"
