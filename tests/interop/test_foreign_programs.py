"""Exported models in other programs, on 10,000 test images, and torchvision's networks.

    pytest -m nightly -s tests/interop/test_foreign_programs.py

prints the tables of docs/results/exchange.md. onnxruntime-node is found in the folder
HANDGRAD_NODE, in which `npm install --ignore-scripts onnxruntime-node` was run.
"""

import os
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

import handgrad as hg
from engine.networks import networks
from handgrad.catalog import MODELS
from handgrad.interop import to_onnx

pytestmark = pytest.mark.nightly
NODE = Path(os.environ.get("HANDGRAD_NODE", "node_modules"))
CATALOGUE = sorted(set(MODELS) - {"from_layers"})
TORCHVISION = [
    *("resnet18", "resnet50", "squeezenet1_1"),
    *("mobilenet_v2", "mobilenet_v3_small", "efficientnet_b0"),
]
IN_NODE = """
const { readFileSync } = require("fs");
const ort = require("onnxruntime-node");
async function main(model, pixels, ...shape) {
  const session = await ort.InferenceSession.create(model);
  const images = new ort.Tensor("uint8", readFileSync(pixels), shape.map(Number));
  const { logits } = await session.run({ images });
  const [count, classes] = logits.dims;
  for (let n = 0; n < count; n++) {
    const row = logits.data.subarray(n * classes, (n + 1) * classes);
    console.log(row.indexOf(Math.max(...row)));
  }
}
main(...process.argv.slice(1));
"""


@pytest.fixture
def fashion(data):
    """The training and test images of Fashion-MNIST."""
    data("fashion-mnist")
    return hg.datasets.load("fashion_mnist")


def fitted(name, fashion, tmp_path):
    """A classifier after a few steps, and its ONNX model."""
    clf = hg.Classifier(name, epochs=1)
    clf.fit(fashion.train.images[:512], fashion.train.targets[:512])
    return clf, clf.to_onnx(tmp_path / f"{name}.onnx")


def in_onnxruntime(path, images):
    """The logits of a model, a thousand images at a time."""
    session = pytest.importorskip("onnxruntime").InferenceSession(path)
    parts = np.split(images, range(1000, len(images), 1000))
    return np.concatenate([session.run(["logits"], {"images": p})[0] for p in parts])


def compared(found, expected):
    """The worst difference as a part of the largest logit, and the other classes.

    Classes may only differ where two logits are equal up to rounding.
    """
    scale = max(1e-6, abs(expected).max())
    worst = abs(found - expected).max() / scale
    assert worst < 1e-4
    rows = np.flatnonzero(found.argmax(axis=1) != expected.argmax(axis=1))
    best = np.sort(expected[rows], axis=1)[:, -2:]
    assert (best[:, 1] - best[:, 0] <= 2 * worst * scale).all()
    return worst, len(rows)


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_network_of_the_catalogue_in_onnxruntime(name, fashion, tmp_path):
    started = time.perf_counter()
    images = fashion.test.images
    clf, path = fitted(name, fashion, tmp_path)
    worst, others = compared(in_onnxruntime(path, images), clf.logits(images))
    seconds = time.perf_counter() - started
    print(f"\n| {name} | {len(images):,} | {worst:.1e} | {others} | {seconds:.0f} |")


def test_200_random_networks_in_onnxruntime(fashion, tmp_path):
    started, found = time.perf_counter(), []

    @settings(max_examples=200, derandomize=True, database=None)
    @given(network=networks())
    def compare(network):
        model, (channels, height, width) = network.model(), network.shape
        pixels = fashion.test.images.reshape(-1, 28, 28)[:, 7:, 7:][:, :height, :width]
        images = np.stack([np.roll(pixels, n, axis=2) for n in range(channels)], axis=1)
        inputs = network.normalization.apply(images)
        path = to_onnx(model, tmp_path / "net.onnx", input_shape=network.shape)
        parts = np.split(inputs, range(1000, len(inputs), 1000))
        expected = np.concatenate([model.forward(part)[0] for part in parts])
        found.append(compared(in_onnxruntime(path, inputs), expected))

    compare()
    worst, others = zip(*found, strict=True)
    seconds = time.perf_counter() - started
    row = f"{len(found)} random networks | 10,000 | {max(worst):.1e} | {sum(others)}"
    print(f"\n| {row} | {seconds:.0f} |")
    assert len(found) >= 200


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
@pytest.mark.skipif(
    not (NODE / "node_modules" / "onnxruntime-node").is_dir(),
    reason="needs npm's onnxruntime-node, and its folder in HANDGRAD_NODE",
)
@pytest.mark.parametrize("name", ["lenet", "resnet"])
def test_the_classes_in_node(name, fashion, tmp_path):
    clf, path = fitted(name, fashion, tmp_path)
    images = fashion.test.images[:1000].reshape(-1, 1, 28, 28)
    (pixels := tmp_path / "pixels.raw").write_bytes(images.tobytes())
    words = ["node", "-e", IN_NODE, str(path), str(pixels), *map(str, images.shape)]
    done = subprocess.run(words, cwd=NODE, capture_output=True, text=True, check=True)
    classes = np.array(done.stdout.split(), dtype=int)
    assert (classes == clf.logits(images).argmax(axis=1)).all()
    print(f"\n| {name} in node | {len(classes):,} |")


@pytest.mark.parametrize("name", TORCHVISION)
def test_a_network_of_torchvision(name):
    models = pytest.importorskip("torchvision.models")
    from handgrad.interop import torch_names
    from handgrad.interop.torch import from_torch, to_torch
    from interop.twins import assert_equal, drawn, images

    module = drawn(getattr(models, name)(weights=None))
    shape = (3, 64, 64)
    network, names = from_torch(module, shape), torch_names(module, shape)
    inputs = images(*shape, count=2)
    eps = 1e-7 if "Hardsigmoid" in repr(network) else 1e-11
    assert_equal(network, module, inputs, names=names, eps=eps)
    assert_equal(network, to_torch(network), inputs, eps=eps)
    print(
        f"\n| {name} | {sum(p.value.size for p in network.parameters().values()):,} |"
    )
