"""Same seed, same bits: new processes, any workers, hash seeds and listings (R4)."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

PROGRAM = """
import json, os, random, sys
from pathlib import Path

order = random.Random(os.environ["ORDER"])
real_listdir, real_scandir = os.listdir, os.scandir

class Shuffled:
    def __init__(self, entries):
        self.entries = entries
        order.shuffle(entries)
    def __iter__(self):
        return self
    def __next__(self):
        if not self.entries:
            raise StopIteration
        return self.entries.pop()
    def __enter__(self):
        return self
    def __exit__(self, *nothing):
        pass
    def close(self):
        pass

def listdir(*path):
    names = real_listdir(*path)
    order.shuffle(names)
    return names

def scandir(*path):
    with real_scandir(*path) as entries:
        return Shuffled(list(entries))

os.listdir, os.scandir = listdir, scandir
from handgrad.training import config_from, start
workers = int(os.environ["WORKERS"])
for number, tables in enumerate(json.loads(sys.argv[1])):
    own = workers if tables["engine"] == "cpu" else None
    run = start(config_from(tables), Path(f"run-{number}"), workers=own)
    for _ in run:
        pass
    print(run.result["sha256"], run.result["test_loss"], flush=True)
"""
DIGITS = {"name": "digits", "image_size": [28, 28], "train_count": 96}
FOLDER = {"name": "images", "image_size": [28, 28], "validation": 0.2}
CHANGES = [
    {"name": "random_crop", "padding": 2},
    {"name": "cutout", "size": 4},
    {"name": "cutmix"},
]
MODELS = (
    {"name": "softmax_regression"},
    {"name": "mlp", "hidden_sizes": [16], "dropout": 0.2},
    {"name": "lenet", "activation": "relu", "pooling": "max"},
    {"name": "vgg", "channels": [8], "convolutions": 1, "dropout": 0.2},
)
OPTIMIZERS = ({"name": "sgd", "momentum": 0.9}, {"name": "adam", "learning_rate": 0.01})
CONFIGS = [
    {
        "engine": engine,
        "seed": 5,
        "model": model,
        "dataset": {**dataset, "augmentation": CHANGES if engine == "cpu" else []},
        "optimizer": optimizer,
        "training": {"epochs": 1, "batch_size": 32},
    }
    for engine, optimizer in (
        ("cpu", OPTIMIZERS[0]),
        ("cpu", OPTIMIZERS[1]),
        ("plain", OPTIMIZERS[1]),
    )
    for dataset in (DIGITS, FOLDER)
    for model in MODELS
]
CHILDREN = [  # hash seed, workers, order of listings
    ("1", 1, "a"),
    ("2", 2, "b"),
    ("random", 3, "c"),
    ("random", 2, "d"),
    ("3", os.cpu_count() or 1, "e"),
]


def bits(folder, configs, hash_seed, workers, order):
    """What one process makes of the configurations."""
    place = folder / f"{order} {workers}"
    place.mkdir()
    (place / "images").symlink_to(folder / "images")
    settings = {
        "PYTHONHASHSEED": hash_seed,
        "WORKERS": str(workers),
        "ORDER": order,
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(configs)],
        cwd=place,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def make_pictures(folder):
    random = np.random.default_rng(0)
    for name in "abc":
        (folder / name).mkdir(parents=True)
        for number in range(20):
            pixels = random.integers(0, 256, (28, 28), np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")


@pytest.mark.parametrize(
    ("configs", "children"),
    [
        pytest.param(CONFIGS[::2], CHILDREN[1:3], marks=pytest.mark.slow),
        pytest.param(CONFIGS, CHILDREN, marks=pytest.mark.nightly),
    ],
    ids=["24 times", "120 times"],
)
def test_the_same_seed_gives_the_same_bits(tmp_path, configs, children):
    make_pictures(tmp_path / "images")
    first = bits(tmp_path, configs, "0", 1, "first")
    assert len(first) == len(configs) == len({*first})
    for child in children:
        assert bits(tmp_path, configs, *child) == first, child
