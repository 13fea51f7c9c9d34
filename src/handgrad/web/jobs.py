"""Training in processes of its own: a queue of runs, started one after the other.

The queue is a folder of configurations, and a run is a run folder: both remain when
the server ends, and a training goes on.
"""

import signal
import subprocess
import sys
from contextlib import suppress
from itertools import count
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

import psutil

from handgrad.errors import RunError
from handgrad.text import slug
from handgrad.training.config import RunConfig
from handgrad.training.ownership import living_owner
from handgrad.training.run_state import process_of, state_of
from handgrad.web.handles import Home, looked_up

AT_ONCE = 1  # trainings at a time; each uses all cores
MOST_WAITING = 50
SHOWN = 20  # jobs listed
TICK = 0.3  # seconds
PROGRAM = (sys.executable, "-m", "handgrad", "train", "--quiet", "--json")
STOPPED = "Stopped."  # what it says after a signal


class Jobs:
    """The queue of the runs in `home`, and the processes that train them."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._lock, self._end = Lock(), Event()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def open(self) -> None:
        """Start what waits, from now on, in a thread."""
        self.home.create()
        Thread(target=self._loop, daemon=True).start()

    def close(self) -> None:
        """Start no more runs; those that train go on."""
        self._end.set()

    def add(self, config: RunConfig, data: str = "") -> str:
        """Put a new run into the queue; return its handle, which names its `data`."""
        with self._lock:
            if len(self.waiting()) >= MOST_WAITING:
                raise RunError(
                    f"At most {MOST_WAITING} runs can wait in the queue. Remove one "
                    "first."
                )
            handle = self._free_handle(config, data or Path(config.dataset.name).stem)
            place = self.home.queue / f"{_next(self.home.queue):06d}.{handle}.toml"
            place.write_text(config.to_toml(), encoding="utf-8")
        return handle

    def waiting(self) -> dict[str, Path]:
        """The configurations in the queue by handle, first to last."""
        paths = sorted(self.home.queue.glob("*.toml"))
        return {path.name.split(".")[1]: path for path in paths}

    def active(self) -> list[str]:
        """The handles of runs whose process exists."""
        begun = {**self.begun(), **self._processes}
        studies = [path.name for path in self.home.studies.glob("*") if path.is_dir()]
        return [
            *(handle for handle in begun if self._is_active(handle)),
            *(name for name in studies if living_owner(self.home.studies / name)),
        ]

    def begun(self) -> dict[str, Path]:
        """The folders of the runs that the page has started or will start."""
        paths = self.home.configs.glob("*.toml")
        handles = [*(path.stem for path in paths), *self.waiting()]
        return {handle: self.home.runs / handle for handle in handles}

    def rows(self) -> list[dict[str, Any]]:
        """Waiting, active and recent runs: handle, state and message."""
        begun = sorted(
            self.home.configs.glob("*.toml"), key=lambda path: -path.stat().st_mtime
        )
        handles = [*self.waiting(), *(path.stem for path in begun[:SHOWN])]
        return [
            {"id": handle, **self.state(handle, self.home.runs / handle)}
            for handle in handles
        ]

    def state(self, handle: str, folder: Path) -> dict[str, str]:
        """The state of a run, with the message of an error."""
        with self._lock:  # not while a run goes from the queue to its process
            is_waiting, has_process = handle in self.waiting(), self.has_process(handle)
        if is_waiting:
            return {"state": "waiting"}
        is_run = (folder / "config.toml").is_file()
        state = state_of(folder) if is_run else "failed"
        if has_process and state in ("failed", "stopped"):
            return {"state": "starting"}
        message = self.said(handle) if state == "failed" else ""
        if not is_run and message in ("", STOPPED):
            message = "It was stopped before it began. Start it again."
        return {"state": state, **({"message": message} if message else {})}

    def said(self, handle: str) -> str:
        """The last line that the process of a run has written."""
        log = self.home.logs / f"{handle}.txt"
        text = log.read_text("utf-8", errors="replace") if log.is_file() else ""
        return text.strip().rpartition("\n")[2]

    def pause(self, handle: str, folder: Path) -> None:
        """Suspend a training; its memory is kept."""
        self.process(handle, folder).suspend()

    def stop(self, handle: str, folder: Path) -> None:
        """Save a training and end its process; it can be resumed later."""
        process = self.process(handle, folder)
        process.send_signal(signal.SIGTERM)
        process.resume()

    def resume(self, handle: str, folder: Path) -> None:
        """Continue a suspended training, or start one that has ended from its save."""
        if living_owner(folder):
            self.process(handle, folder).resume()
            return
        with self._lock:
            if self.has_process(handle):
                raise RunError("This run is starting already. Wait a moment.")
            self._run(handle, "--resume", str(folder))

    def remove(self, handle: str) -> None:
        """Remove a run that waits from the queue."""
        with self._lock:
            looked_up("waiting run", self.waiting(), handle).unlink()

    def process(self, handle: str, folder: Path) -> psutil.Process:
        """The process that writes a folder; RunError if there is none."""
        is_ours = self.has_process(handle)
        return process_of(folder, self._processes[handle].pid if is_ours else None)

    def _loop(self) -> None:
        while not self._end.wait(TICK):
            with suppress(OSError):  # a full disk: try again
                self.start_next()

    def start_next(self) -> None:
        """Start the first run of the queue if nothing else trains."""
        with self._lock:
            waiting = self.waiting()
            if not waiting or len(self.active()) >= AT_ONCE:
                return
            handle, path = next(iter(waiting.items()))
            config = self.home.configs / f"{handle}.toml"
            path.replace(config)
            config.touch()
            self._run(handle, str(config), "--run", str(self.home.runs / handle))

    def _run(self, handle: str, *words: str) -> None:
        live = str(self.home.live / f"{handle}.jsonl")
        self._launch(handle, *PROGRAM, *words, "--live", live)

    def launch_alone(self, handle: str, *command: str) -> None:
        """Start another process that uses all cores; RunError while anything trains."""
        with self._lock:
            if self.active():
                raise RunError(
                    "Another run is training and uses all cores. Wait until it has "
                    "ended, or stop it."
                )
            self._launch(handle, *command)

    def _launch(self, handle: str, *command: str) -> None:
        with open(self.home.logs / f"{handle}.txt", "wb") as file:
            self._processes[handle] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=file,
                start_new_session=True,  # Ctrl-C ends the server alone
            )

    def has_process(self, handle: str) -> bool:
        """Whether the process that this server has started for a handle exists."""
        process = self._processes.get(handle)
        return process is not None and process.poll() is None

    def exit_code(self, handle: str) -> int | None:
        """The exit code of that process; None while it runs, or without one."""
        process = self._processes.get(handle)
        return None if process is None else process.poll()

    def _is_active(self, handle: str) -> bool:
        return self.has_process(handle) or bool(living_owner(self.home.runs / handle))

    def _free_handle(self, config: RunConfig, data: str) -> str:
        """A name like those of handgrad train, which no run has."""
        stem = slug(f"{config.model.name} {data}")[:48].strip("-")
        names = (f"{stem}-{number}" for number in count(1))
        return next(name for name in names if not self._is_taken(name))

    def _is_taken(self, name: str) -> bool:
        in_use = (self.home.runs / name, self.home.configs / f"{name}.toml")
        return any(path.exists() for path in in_use) or name in self.waiting()


def _next(folder: Path) -> int:
    """The number of the next file in a queue."""
    numbers = [int(path.name.partition(".")[0]) for path in folder.glob("*.toml")]
    return max(numbers, default=0) + 1
