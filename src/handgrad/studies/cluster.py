"""Trials on the workers of a Dask scheduler, one process each.

The folder of the study must be on a file system that all workers and this machine
share: checkpoints and outcomes of trials are plain files in it. When a worker is lost,
the scheduler gives its trial to another one, which resumes from the last checkpoint.
"""

import asyncio
import logging
import socket
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from handgrad.engine.parts import MOST_WORKERS
from handgrad.errors import ConfigError, RunError
from handgrad.ranges import check_count
from handgrad.studies.backends import Messages
from handgrad.studies.remote import appears, do_trial

if TYPE_CHECKING:
    from distributed import Client, Future

SECONDS = 5.0  # to reach a scheduler, and to wait for its first worker


class DaskCluster:
    """Run `jobs` trials at a time, by default one for each Dask worker.

    `workers` is the number of threads per trial, by default that of the Dask worker.
    """

    def __init__(
        self,
        address: str,
        *,
        jobs: int | None = None,
        workers: int | None = None,
        data_dir: Path | None = None,
    ) -> None:
        for name, count in (("jobs", jobs), ("workers", workers)):
            if count is not None:
                check_count("A run of trials", name, count, most=MOST_WORKERS)
        self.address, self.jobs, self.workers = address, jobs, workers
        self.data_dir = data_dir.absolute() if data_dir else None
        self.topic = f"handgrad-{uuid4().hex}"
        self.begun: dict[str, Remote] = {}
        self.client = connect(address)
        self.client.subscribe_topic(self.topic, self._hear)

    def slots(self) -> int:
        """`jobs`, or the current number of workers, which may change during a study."""
        return self.jobs or max(1, len(_workers(self.client)))

    def begin(self, folder: Path, messages: Messages) -> "Remote":
        """Submit the trial to the scheduler."""
        path = str(folder.absolute())
        key = f"handgrad-{folder.name}-{uuid4().hex[:8]}"
        future = self.client.submit(
            do_trial,
            path,
            self.topic,
            self.workers,
            str(self.data_dir) if self.data_dir else None,
            key=key,
            pure=False,
        )
        job = Remote(folder, future, messages, self.address)
        self.begun[key] = job
        return job

    def _hear(self, event: tuple[float, dict[str, Any]]) -> None:
        _, values = event
        job = self.begun.get(values.pop("key"))
        if job is not None:
            job.hear(values)

    def close(self) -> None:
        """Disconnect from the cluster; its workers keep running."""
        with suppress(OSError, RuntimeError):
            self.client.close(timeout=SECONDS)


class Remote:
    """A trial submitted to the scheduler."""

    def __init__(
        self, folder: Path, future: "Future", messages: Messages, address: str
    ) -> None:
        self.folder, self.future, self.messages = folder, future, messages
        self.address, self.where, self.lost = address, "", 0
        future.add_done_callback(lambda _: messages.put((self, None)))

    def hear(self, values: dict[str, Any]) -> None:
        """Forward a message; a second process means that the first one is lost."""
        if "process" in values:
            if self.where:
                self.lost += 1
                how = f"the loss of its Dask worker {self.where}"
                self.messages.put((self, {"died": how}))
            self.where = values["where"]
        self.messages.put((self, values))

    def close(self) -> None:
        """Wait for the outcome file; RunError if the cluster cannot run trials."""
        if self.future.status in ("cancelled", "lost"):
            raise RunError(
                f"The Dask scheduler at {self.address} is gone. When it is back, run "
                "the same command again to resume from the last checkpoints."
            )
        error = self.future.exception() if self.future.status == "error" else None
        if isinstance(error, RunError):
            raise error
        if error is None and self.future.result() is None:
            appears(self.folder / "outcome.json")

    def stop(self) -> None:
        """Cancel it; its worker notices that and ends the process."""
        with suppress(Exception):  # any error of the scheduler
            self.future.cancel()

    def how_it_died(self) -> str:
        """Describe its end: what the worker reported, or that the workers were lost."""
        from distributed import KilledWorker

        error = self.future.exception() if self.future.status == "error" else None
        if isinstance(error, KilledWorker):
            return "the loss of its Dask worker, too many times for the scheduler"
        if error is not None:
            return f"{type(error).__name__}: {error}"
        return str(self.future.result() or "a Dask worker whose files are not visible")


def connect(address: str) -> "Client":
    """Connect to a scheduler; ConfigError if there is none, or no worker."""
    try:
        from distributed import Client
    except ImportError as error:
        raise ConfigError(
            "The Dask back end needs two more packages. Install them with "
            "pip install 'handgrad[cluster]'."
        ) from error
    for name in ("distributed", "distributed.client"):  # we raise errors of our own
        logging.getLogger(name).setLevel(logging.CRITICAL)
    if who_answers(address) != "Scheduler":
        raise ConfigError(
            f"No Dask scheduler answers at {address} within {SECONDS:g} seconds. Start "
            "one with dask scheduler, and give the address that it prints, like "
            "--address tcp://host:8786."
        )
    client = Client(address, timeout=SECONDS, set_as_default=False)
    try:
        client.wait_for_workers(1, timeout=SECONDS)
    except TimeoutError as error:
        client.close()
        raise ConfigError(
            f"The Dask scheduler at {address} has no workers. Start some with "
            f"dask worker {address}."
        ) from error
    return client


def who_answers(address: str) -> str:
    """Return the kind of Dask server at an address; empty if there is none.

    A client without a scheduler takes minutes to time out, so this checks first; and a
    name lookup cannot be interrupted, so it runs in a thread of its own.
    """
    answers: list[str] = []
    asking = Thread(target=_ask, args=(address, answers), daemon=True)
    asking.start()
    asking.join(SECONDS)
    return answers[0] if answers else ""


def _ask(address: str, answers: list[str]) -> None:
    from distributed.comm import parse_host_port
    from distributed.core import rpc

    async def identity() -> str:
        async with rpc(address, timeout=SECONDS) as other:
            return str((await other.identity())["type"])

    with suppress(Exception):  # other servers send anything; MemoryError has been seen
        place = parse_host_port(address.rpartition("://")[2])
        socket.create_connection(place, timeout=SECONDS).close()
        answers.append(asyncio.run(identity()))


def _workers(client: "Client") -> dict[str, Any]:
    return dict(client.scheduler_info(n_workers=-1)["workers"])
