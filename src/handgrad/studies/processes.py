"""Trials as child processes, each read by a thread of its own."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from signal import Signals
from threading import Thread
from typing import Any

from handgrad.studies.trials import Cell

THREAD_SETTINGS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
LOG = "stderr.txt"


class Child:
    """One trial that is being done; what it says goes into the queue.

    The queue gets (child, values) for each line, and (child, None) when it has ended.
    """

    def __init__(
        self,
        cell: Cell,
        folder: Path,
        queue: "SimpleQueue[Any]",
        *,
        workers: int,
        attempt: int = 1,
        data_dir: Path | None = None,
    ) -> None:
        self.cell, self.folder, self.attempt = cell, folder, attempt
        environment = dict(os.environ) | dict.fromkeys(THREAD_SETTINGS, str(workers))
        if data_dir is not None:
            environment["HANDGRAD_STUDY_DATA"] = str(data_dir.absolute())
        with (folder / LOG).open("ab") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "handgrad.studies.trial",
                    str(folder),
                    str(workers),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
            )
        self.reader = Thread(target=self._read, args=(queue,), daemon=True)
        self.reader.start()

    def _read(self, queue: "SimpleQueue[Any]") -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with suppress(json.JSONDecodeError):  # a line that is not ours
                values = json.loads(line)
                if isinstance(values, dict):
                    queue.put((self, values))
        self.process.wait()
        queue.put((self, None))

    def close(self) -> None:
        """Free what the ended process has left."""
        self.reader.join()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def stop(self) -> None:
        """End it now; it can be gone on with from its last checkpoint."""
        self.process.kill()
        self.process.wait()
        self.close()

    def how_it_died(self) -> str:
        """What is known of the end of a process that left no outcome."""
        code = self.process.returncode
        how = f"exit code {code}" if code >= 0 else f"signal {_name_of(-code)}"
        lines = (self.folder / LOG).read_text("utf-8", "replace").strip().splitlines()
        return f"{how}: {lines[-1].strip()}" if lines and code >= 0 else how


def _name_of(number: int) -> str:
    try:
        return Signals(number).name
    except ValueError:
        return str(number)
