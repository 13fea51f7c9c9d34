import csv
import tomllib

import numpy as np
import pytest
import safetensors.numpy

import handgrad
from handgrad.web.downloads import KINDS, file_name, safetensors_of, script_of


def test_the_network_gives_the_same_answers(trained, tmp_path):
    file = tmp_path / "network.safetensors"
    file.write_bytes(safetensors_of(trained))
    images = np.zeros((2, 1, 8, 8), np.uint8)
    found = handgrad.training.load(file).logits(images)
    assert (found == handgrad.training.load(trained).logits(images)).all()


def test_the_script_trains_the_same_network(trained, tmp_path, monkeypatch):
    names = {"__name__": "script"}
    exec(script_of(trained).decode(), names)
    run = handgrad.training.start(
        handgrad.training.config_from(tomllib.loads(names["SETTINGS"])), tmp_path / "a"
    )
    list(run)
    before = handgrad.training.RunFolder.open(trained).result
    assert run.result["sha256"] == before["sha256"]


def of(kind, run):
    return KINDS[kind][1](run)


def test_the_weights_for_torch_have_its_names(trained):
    found = safetensors.numpy.load(of("torch", trained))
    own = handgrad.training.load(trained).model.parameters()
    assert sorted(found) == ["0.bias", "0.weight", "3.bias", "3.weight"]
    assert (found["3.weight"] == own["linear_1.weight"].value).all()


def test_the_onnx_network_gives_the_same_classes(trained):
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(of("onnx", trained))
    images = np.random.default_rng(0).integers(0, 256, (5, 1, 8, 8), np.uint8)
    name = session.get_inputs()[0]
    kind = np.uint8 if "uint8" in name.type else np.float32
    found = session.run(None, {name.name: images.astype(kind)})[0]
    logits = handgrad.training.load(trained).logits(images)
    assert (found.argmax(axis=1) == logits.argmax(axis=1)).all()


def test_texts_are_read_again(trained):
    rows = list(csv.DictReader(of("csv", trained).decode().splitlines()))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    settings = tomllib.loads(of("settings", trained).decode())
    assert settings["training"]["epochs"] == 2
    result = handgrad.training.RunFolder.open(trained).result
    assert f"{result['test_accuracy']:.2%}" in of("report", trained).decode()


@pytest.mark.parametrize("name", ["../x", 'a"; b', "\n", "", "ä" * 99, "a" * 99])
def test_a_file_name_is_plain(name):
    assert file_name(name, "csv").replace(".csv", "").replace("-", "a").isascii()
    assert len(file_name(name, "csv")) <= 44
