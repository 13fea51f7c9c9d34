"""Train in a child process; print the predicted and the peak memory, in bytes.

    python -m tests.training.run_memory '[{"name": "lenet"}, "adam", 256, 28, "cpu"]'

A short run first loads libraries and kernels, so that they are not counted.
"""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from handgrad.inspection.speed.memory_report import _status, forget
from handgrad.training import build, config_from, start
from handgrad.training.memory_check import training_bytes

LARGE_NETWORKS = ("alexnet", "vgg")


def configured(model, optimizer, batch, side, engine, count):
    """A run of two epochs on the digits."""
    images = {"name": "digits", "image_size": [side, side], "train_count": count}
    return config_from(
        {
            "engine": engine,
            "dataset": {**images, "validation": 200},
            "model": model,
            "optimizer": {"name": optimizer, "learning_rate": 1e-4},
            "training": {"epochs": 2, "batch_size": batch},
        }
    )


def trained(config, note):
    """Train in a temporary folder."""
    with TemporaryDirectory() as folder:
        run = start(config, Path(folder) / "run", workers=2)
        note(run)
        for _ in run:
            pass


def main(model, optimizer, batch, side, engine):
    """Print both numbers."""
    count = 2 * batch if model["name"] in LARGE_NETWORKS else 1200
    config = configured(model, optimizer, batch, side, engine, min(count, 1200))
    few = min(count, 64) if engine == "plain" else min(count, 1200)
    size = 16 if engine == "plain" else batch
    trained(configured(model, optimizer, size, side, engine, few), lambda run: None)
    found, make = {}, build.build_engine

    def begin(*arguments, **options):
        forget()
        found["before"] = _status("VmRSS")
        return make(*arguments, **options)

    def note(run):
        trainer, images = run.trainer, len(run.parts.dataset.test)
        examples = min(batch, len(trainer.train))
        found["peak"] = _status("VmHWM")
        found["predicted"] = training_bytes(trainer.engine, examples, images)
        Path("/proc/self/clear_refs").write_text("5")  # a trial step is no part of it

    build.build_engine = begin
    trained(config, note)
    peak = max(found["peak"], _status("VmHWM"))
    print(json.dumps([found["predicted"], peak - found["before"]]))


if __name__ == "__main__":
    main(*json.loads(sys.argv[1]))
