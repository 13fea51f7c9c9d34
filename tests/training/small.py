"""Small runs that many tests share, and child processes to kill."""

import json
import multiprocessing
import os
import random
import signal
import warnings
from contextlib import suppress
from pathlib import Path
from time import sleep

import numpy as np

from handgrad.errors import HandgradWarning
from handgrad.training import config_from
from handgrad.training.checkpoint import load_checkpoint, save_checkpoint
from handgrad.training.manifest import seal
from handgrad.training.position import Position
from handgrad.training.records import StepRecord
from handgrad.training.resuming import resume
from handgrad.training.run import start
from handgrad.training.run_folder import RunFolder

# Children are forked from a server process with all imports done and no threads.
CHILDREN = multiprocessing.get_context("forkserver")
CHILDREN.set_forkserver_preload(["handgrad.training", "sklearn.datasets"])

MLP = {"name": "mlp", "hidden_sizes": [16]}
DIGITS = {"name": "digits", "image_size": [8, 8], "train_count": 96, "validation": 100}


RESOLVED = {
    "input_shape": (1, 8, 8),
    "class_names": tuple("0123456789"),
    "mean": (0.0,),
    "std": (1.0,),
    "dataset_sha256": "0" * 64,
    "train_images": 1293,
    "validation_images": 144,
}


def small(**tables):
    """A short run on the digits; the tables given replace those of the same name."""
    usual = {
        "engine": "plain",
        "dataset": DIGITS,
        "model": MLP,
        "optimizer": {"name": "adam", "learning_rate": 0.01},
        "training": {"epochs": 3, "batch_size": 40},
    }
    return config_from({**usual, **tables})


def train(path, config=None):
    """Train to the end and return the finished run."""
    run = start(config or small(), Path(path))
    for _ in run:
        pass
    return run


def stop_after(path, steps, config=None):
    """Train for some steps, saving each, then stop as if the process had ended."""
    run = start(config or small(), Path(path))
    for record in run:
        run.save()
        if isinstance(record, StepRecord) and record.step == steps:
            break
    return run


def go_on(path):
    """Resume, train to the end and return the finished run.

    A run killed before its first pointer was written warns when it is resumed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", HandgradWarning)
        run = resume(Path(path))
    for _ in run:
        pass
    return run


def final_bits(path):
    """All that must be bitwise equal in two runs: arrays, position, metrics."""
    path = Path(path)
    name = json.loads((path / "checkpoints" / "last.json").read_bytes())["checkpoint"]
    checkpoint = path / "checkpoints" / name
    position = json.loads((checkpoint / "position.json").read_bytes())["position"]
    state = (checkpoint / "state.safetensors").read_bytes()
    return state, position, (path / "metrics.jsonl").read_bytes()


def killed(target, arguments, wait, *, seed=0):
    """Start a child, wait for its reports and a moment longer, then kill it.

    `target(report, *arguments)` reports whole numbers; `wait(random)` gives how many
    reports to wait for, and then how many seconds. Returns the last report.
    """
    reports, seconds = wait(random.Random(seed))
    receiver, sender = CHILDREN.Pipe(duplex=False)
    child = CHILDREN.Process(target=_child, args=(target, sender, arguments))
    child.start()
    sender.close()
    last = 0
    try:
        for _ in range(reports):
            last = receiver.recv()
        sleep(seconds)
    except EOFError:  # it had already finished
        pass
    with suppress(ProcessLookupError):  # it may have finished
        os.kill(child.pid, signal.SIGKILL)
    child.join()
    assert child.exitcode in (0, -signal.SIGKILL), "the child failed by itself"
    with suppress(EOFError, OSError):
        while receiver.poll():
            last = receiver.recv()
    receiver.close()
    return last


def _child(target, sender, arguments):
    target(sender.send, *arguments)


def save_for_ever(report, path, megabytes):
    """Write checkpoints and records until killed; report what has reached the disk."""
    folder = RunFolder(Path(path))
    folder.own()
    size = int(megabytes * 2**20 / 4 / 2)
    for step in range(1, 10**6):
        arrays = {name: np.full(size, step, dtype=np.float32) for name in ("a", "b")}
        folder.add(StepRecord(step, 1, 0.5, 1, 2, 0.1, None, 0.001))
        sizes = folder.flush()
        save_checkpoint(
            folder.checkpoints,
            arrays,
            Position(step=step, batch=step),
            notes={"sizes": sizes},
            is_best=step % 3 == 1,
        )
        report(step)


def train_reporting(report, path, tables):
    """Start or resume a run that saves every step; report each saved step."""
    path = Path(path)
    is_new = not (path / "config.toml").exists()
    run = start(config_from(tables), path) if is_new else resume(path)
    for record in run:
        report(record.step)


def train_with(report, path, tables, workers):
    """Same as `train_reporting`, with a number of workers."""
    path = Path(path)
    is_new = not (path / "config.toml").exists()
    run = (
        start(config_from(tables), path, workers=workers)
        if is_new
        else resume(path, workers=workers)
    )
    for record in run:
        report(record.step)


def save_again(run, which, *, arrays=None, notes=None):
    """Forge a checkpoint with other arrays or notes, and seal the run again."""
    saved = load_checkpoint(run / "checkpoints", which)
    save_checkpoint(
        run / "checkpoints",
        {**saved.arrays, **(arrays or {})},
        saved.position,
        notes={**saved.notes, **(notes or {})},
        is_best=which == "best",
        is_last=which == "last",
    )
    seal(run)
