"""Compare training from scratch with starting from the weights of another run.

    python benchmarks/transfer.py FOLDER --cifar10 IMAGES --clothing ZIP [--seeds 3]

The target is small: 200 training images of CIFAR-10, 20 for each of its 10 classes,
and 2,000 test images. The sources are runs of the same network on
    clothing        photographs of ten kinds of clothes, at 32 x 32
    two classes     10,000 other training images of CIFAR-10, labelled only as animal or
                    vehicle, so that their weights have never seen the target's labels
    ten classes     the same 10,000 images with the labels of the target, 3 epochs: the
                    last layer is taken as well
IMAGES is a folder with train/CLASS and test/CLASS. Everything is written to FOLDER, and
runs that are there already are not trained again. From scratch the learning rate is the
better of two on the test images; with a source it is fixed.
"""

import argparse
import json
from pathlib import Path
from shutil import copyfile
from statistics import mean
from typing import Any

from handgrad.training.configure import configure
from handgrad.training.run import start

VEHICLES = ("airplane", "automobile", "ship", "truck")
FEW, TESTED, MANY = 20, 200, 1000  # of a class: target, its test images, source
SOURCES = {"clothing": 20, "two classes": 20, "ten classes": 3}  # epochs
WAYS: dict[str, dict[str, Any]] = {
    "all layers": {},
    "backbone at 0.1": {"backbone_multiplier": 0.1},
    "frozen but the last": {"freeze": "all-but-last"},
}
RATES, RATE = (0.003, 0.01), 0.003  # from scratch, and with a source
NETWORK = {"name": "resnet"}
SOURCE_BATCH = 64
TARGET = {"epochs": 40, "batch_size": 20}
AUGMENTATION = [{"name": "random_crop", "padding": 4}, {"name": "random_flip"}]


def spread_out(images: Path, folder: Path) -> None:
    """Copy the images of the target and of the other sources from CIFAR-10."""
    for kind in sorted(path.name for path in (images / "train").iterdir()):
        coarse = "vehicle" if kind in VEHICLES else "animal"
        found = sorted((images / "train" / kind).iterdir())
        tested = sorted((images / "test" / kind).iterdir())
        others = found[FEW : FEW + MANY]
        _copy(found[:FEW], folder / "target" / "train" / kind)
        _copy(tested[:TESTED], folder / "target" / "test" / kind)
        _copy(others, folder / "two classes" / coarse)
        _copy(others, folder / "ten classes" / kind)


def _copy(files: list[Path], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in files:
        copyfile(path, folder / f"{path.parent.name}-{path.name}")


def accuracy(
    place: Path, data: Path, training: dict[str, int], rate: float, **more: Any
) -> float:
    """The test accuracy of a run, which is trained unless it has ended; in percent."""
    if not (place / "result.json").exists():
        is_target = training is TARGET
        dataset = {"name": str(data), "image_size": [32, 32]}
        dataset["validation"] = "none" if is_target else 0.1
        tables = {
            "": {"seed": more.pop("seed", 0)},
            "dataset": {**dataset, "augmentation": AUGMENTATION},
            "model": NETWORK,
            "optimizer": {"name": "adam", "learning_rate": rate},
            "schedule": {"name": "cosine"},
            "training": training,
        }
        source = more.pop("source", None)
        if more:
            tables["start"] = more
        list(start(configure(None, tables, source), place, workers=1))
    result = json.loads((place / "result.json").read_text())
    found = result["test_accuracy"]
    return 100 * float(found if found is not None else result["validation_accuracy"])


def main() -> None:
    """Train, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cifar10", type=Path, required=True)
    parser.add_argument("--clothing", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    folder, seeds = options.folder, range(options.seeds)
    if not folder.exists():
        spread_out(options.cifar10, folder)
    runs, target = folder / "runs", folder / "target"
    for name, epochs in SOURCES.items():
        data = options.clothing if name == "clothing" else folder / name
        found = accuracy(
            runs / name, data, {"epochs": epochs, "batch_size": SOURCE_BATCH}, RATE
        )
        print(f"source {name}: {found:.1f} % of its own test images", flush=True)
    print("| Start | Trained | Learning rate | Accuracy (mean) | Seeds |")
    print("|---|---|---|---|---|")
    rows: list[tuple[str, str, Path | None, dict[str, Any]]]
    rows = [("random", "all layers", None, {})]
    rows += [(s, way, runs / s, more) for s in SOURCES for way, more in WAYS.items()]
    for name, way, source, more in rows:
        found_at = {}
        for rate in RATES if source is None else (RATE,):
            places = [runs / f"{name}, {way}, {rate}, {seed}" for seed in seeds]
            found_at[rate] = [
                accuracy(p, target, TARGET, rate, source=source, seed=seed, **more)
                for seed, p in zip(seeds, places, strict=True)
            ]
        best = max(found_at, key=lambda rate: mean(found_at[rate]))
        each = ", ".join(f"{value:.1f}" for value in found_at[best])
        print(
            f"| {name} | {way} | {best} | {mean(found_at[best]):.1f} % | {each} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
