"""Trials as child processes on this machine, each with a reader thread."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from signal import Signals
from threading import Thread

from handgrad.engine.parts import MOST_WORKERS
from handgrad.parsing import parse_json
from handgrad.ranges import check_count
from handgrad.studies.backends import Messages
from handgrad.training.atomic import open_log
from handgrad.training.environment import describe_environment
from handgrad.training.real_files import read_file

THREAD_SETTINGS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
LOG = "stderr.txt"


class LocalProcesses:
    """Run `jobs` trials at a time on this machine, each with its share of the cores.

    `workers` is the number of threads of all trials, by default one for each core.
    """

    def __init__(
        self,
        *,
        jobs: int = 1,
        workers: int | None = None,
        data_dir: Path | None = None,
    ) -> None:
        self.share = share_of(jobs, workers)
        self.jobs, self.data_dir = jobs, data_dir

    def slots(self) -> int:
        """The number of trials at a time."""
        return self.jobs

    def begin(self, folder: Path, messages: Messages) -> "Child":
        """Start a process for the trial of that folder."""
        return Child(folder, messages, workers=self.share, data_dir=self.data_dir)

    def close(self) -> None:
        """Do nothing: no resources are kept between trials."""


def share_of(jobs: int, workers: int | None) -> int:
    """Return the number of threads of each trial."""
    check_count("A run of trials", "jobs", jobs, most=MOST_WORKERS)
    if workers is not None:
        check_count("A run of trials", "workers", workers, most=MOST_WORKERS)
    cores: int = workers or describe_environment()["cores"] or 1
    return max(1, cores // jobs)


class Child:
    """A process that runs the trial of a folder."""

    def __init__(
        self,
        folder: Path,
        messages: Messages,
        *,
        workers: int,
        data_dir: Path | None = None,
    ) -> None:
        self.folder = folder
        environment = dict(os.environ) | dict.fromkeys(THREAD_SETTINGS, str(workers))
        if data_dir is not None:
            environment["HANDGRAD_STUDY_DATA"] = str(data_dir.absolute())
        words = ("-m", "handgrad.studies.trial", str(folder), str(workers))
        with open_log(folder / LOG) as log:
            self.process = subprocess.Popen(
                [sys.executable, *words],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
            )
        messages.put((self, {"process": self.process.pid, "where": ""}))
        self.reader = Thread(target=self._read, args=(messages,), daemon=True)
        self.reader.start()

    def _read(self, messages: Messages) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with suppress(ValueError):  # not a message of ours
                values = parse_json(line)
                if isinstance(values, dict):
                    messages.put((self, values))
        self.process.wait()
        messages.put((self, None))

    def close(self) -> None:
        """Free the resources of the ended process."""
        self.reader.join()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def stop(self) -> None:
        """Stop it now; it can be resumed from its last checkpoint."""
        self.process.kill()
        self.process.wait()
        self.close()

    def how_it_died(self) -> str:
        """Describe how a process without an outcome ended."""
        code = self.process.returncode
        how = f"exit code {code}" if code >= 0 else f"signal {_name_of(-code)}"
        said = read_file(self.folder / LOG).decode(errors="replace")
        lines = said.strip().splitlines()
        return f"{how}: {lines[-1].strip()}" if lines and code >= 0 else how


def _name_of(number: int) -> str:
    try:
        return Signals(number).name
    except ValueError:
        return str(number)
