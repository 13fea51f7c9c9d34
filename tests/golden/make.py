"""Make the golden files of a version: what a later Handgrad must still read (R27).

    python -m golden.make            from the folder tests/

A run of each engine, stopped after two of three epochs; what it predicts then, and
where it ends when it goes on; and the ledger of a study of two trials. Made once for a
version and never again: the test reads them with whatever the code has become.
"""

import json
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import handgrad
from handgrad.cli.main import run as command
from handgrad.datasets import load as load_dataset
from handgrad.training import EpochRecord, config_from, load, resume, start

HERE = Path(__file__).parent
IMAGES = 8
CONFIG = {
    "seed": 11,
    "dataset": {"name": "digits", "image_size": [8, 8], "train_count": 200},
    "model": {"name": "mlp", "hidden_sizes": [8]},
    "optimizer": {"name": "adam", "learning_rate": 0.01},
    "schedule": {"name": "cosine", "warmup_epochs": 0.5},
    "training": {"epochs": 3, "batch_size": 40},
}
STUDY = """
question = "Does a larger learning rate learn faster?"
seeds = [0]
engine = "plain"

[dataset]
name = "digits"
image_size = [8, 8]
train_count = 100

[model]
name = "softmax_regression"

[training]
epochs = 1
batch_size = 50

[sweep]
"optimizer.learning_rate" = [0.01, 0.3]
"""


def stopped_run(engine: str, folder: Path) -> None:
    """Two of three epochs, as a process that was ended leaves them."""
    run = start(config_from({**CONFIG, "engine": engine}), folder)
    for record in run:
        if isinstance(record, EpochRecord) and record.epoch == 2:
            break
    run.folder.release()
    for owner in folder.glob("owner-*.json"):
        owner.unlink()


def expectations(folder: Path, scratch: Path) -> dict[str, object]:
    """Logits of the first test images now, and how the run ends."""
    test = load_dataset("digits", image_size=(8, 8)).test
    logits = load(folder).logits(test.images[:IMAGES])
    copy = shutil.copytree(folder, scratch / folder.name)
    ended = resume(copy)
    for _ in ended:
        pass
    kept = ("test_loss", "test_accuracy", "train_loss", "best_epoch", "sha256")
    return {
        "logits": logits.tolist(),
        "result": {name: ended.result[name] for name in kept},
        "records": len(ended.folder.records()),
    }


def main() -> None:
    """Write the files of this version, once."""
    place = HERE / handgrad.__version__
    place.mkdir()
    expected = {}
    with TemporaryDirectory() as scratch:
        for engine in ("plain", "cpu"):
            folder = place / engine
            stopped_run(engine, folder)
            expected[engine] = expectations(folder, Path(scratch))
        rows = place / "rows"
        rows.mkdir()
        (rows / "r1.toml").write_text(STUDY.lstrip(), encoding="utf-8")
        done = Path(scratch) / "done"
        words = ["study", "run", str(rows), "--full", "-q", "--folder", str(done)]
        code = command([*words, "--workers", "1"])
        if code != 0:
            sys.exit(code)
        for part in ("ledger", "trials"):
            shutil.copytree(
                done / part, place / "study" / part, ignore=lambda *names: ["run"]
            )
    text = json.dumps(expected, indent=1) + "\n"
    (place / "expected.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
