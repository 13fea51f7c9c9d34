import csv
import tomllib

import numpy as np
import pytest
import safetensors.numpy

import handgrad
from handgrad.errors import RunError
from handgrad.interop.run_files import FORMATS, files_of, safetensors_of, script_of
from handgrad.network import conv2d, flatten, linear, relu
from handgrad.training import config_from, start

TINY = {
    "engine": "plain",
    "dataset": {"name": "digits", "image_size": [8, 8], "train_count": 60},
    "model": {
        "name": "from_layers",
        "layers": [
            conv2d(2, 3),
            relu(),
            flatten(),
            linear(),
        ],
    },
    "training": {"epochs": 2, "batch_size": 20},
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a run of two epochs, not to be changed."""
    folder = tmp_path_factory.mktemp("trained") / "tiny"
    assert len(list(start(config_from(TINY), folder))) == 8
    return folder


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
    return FORMATS[kind].content(run)


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


def test_source_code_names_its_files(trained, tmp_path):
    found = files_of("python", trained, tmp_path / "net.py")
    assert {path.name for path in found} == {"net.py", "net.npz"}
    assert list(files_of("c", trained, tmp_path / "net.c")) == [tmp_path / "net.c"]
    assert files_of("csv", trained, tmp_path / "a") == {
        tmp_path / "a": of("csv", trained)
    }


def test_a_saved_network_is_written_with_its_history(trained, tmp_path):
    (tmp_path / "one.safetensors").write_bytes(of("safetensors", trained))
    assert of("safetensors", tmp_path / "one.safetensors") == of("safetensors", trained)


def test_a_script_needs_a_run_that_began_with_random_weights(trained, tmp_path):
    start = {"start": {"source": str(trained)}}
    run = handgrad.training.start(config_from(TINY | start), tmp_path / "tuned")
    run.folder.release()
    with pytest.raises(RunError, match="cannot be exported as a single script"):
        of("script", run.folder.path)
