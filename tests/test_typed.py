"""`py.typed` says that annotations can be relied on: mypy reads a user's script."""

import subprocess
import sys

import pytest

RIGHT = """
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import handgrad as hg
from handgrad.layers import Flatten, Layer, Linear, Sequential
from handgrad.network import Row, conv2d, flatten, linear, relu
from handgrad.optimizers import Adam
from handgrad.schedules import constant
from handgrad.training import Trainer, TrainingSettings

digits = hg.datasets.load("digits")
rows: Sequence[Row] = [conv2d(4, 3, padding=1), relu(), flatten(), linear()]
assert digits.test is not None  # not every data set has test images
clf: hg.Classifier = hg.Classifier(rows, epochs=3, validation=0.1)
clf = clf.fit(digits.train.images, digits.train.targets)
accuracy: float = clf.evaluate(digits.test.images, digits.test.targets).accuracy
losses: list[float] = clf.loss_curve_
clf.save(Path("net.safetensors"))
best: hg.Classifier = hg.load("net.safetensors")
network: Sequential = best.network_
layer: Layer[np.ndarray] = Linear(4, 2)
trainer = Trainer.for_model(
    Sequential([Flatten(), Linear(64, 10)]),
    digits.train,
    loss=hg.losses.SoftmaxCrossEntropy(),
    optimizer=Adam(constant(0.001)),
    settings=TrainingSettings(epochs=1),
)
steps = [record.step for record in trainer]
"""
WRONG = {
    'hg.Classifier(epoch=3)': "did you mean",
    'hg.Classifier().fit()': "Missing positional argument",
    'linear("ten")': "incompatible type",
    'hg.layers.Linear(4)': "Missing positional argument",
    'hg.load(3)': "incompatible type",
    'clf.evaluate(1, 2).acuracy': "has no attribute",
}  # fmt: skip


@pytest.fixture(scope="module")
def check(tmp_path_factory):
    """What mypy says of a script, in its strict mode."""
    folder = tmp_path_factory.mktemp("typed")

    def run(script):
        (folder / "script.py").write_text(script)
        words = ["--strict", "--config-file=", "--cache-dir", str(folder / "cache")]
        done = subprocess.run(
            [sys.executable, "-m", "mypy", *words, "script.py"],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout

    return run


@pytest.mark.nightly
def test_a_script_is_checked_and_only_its_mistakes_are_found(check):
    code, said = check(RIGHT + "\n".join(WRONG) + "\n")
    assert code == 1
    first = len(RIGHT.splitlines()) + 1
    errors = [line for line in said.splitlines() if ": error:" in line]
    assert len(errors) == len(WRONG), said
    for number, (line, expected) in enumerate(zip(errors, WRONG.values(), strict=True)):
        assert line.startswith(f"script.py:{first + number}:"), said
        assert expected in line
