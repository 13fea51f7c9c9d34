import json
import pickle
from random import Random

import numpy as np
import pytest
from safetensors.numpy import save

from handgrad.errors import IntegrityError, RunError
from handgrad.training import model_file
from handgrad.training.config import config_from
from handgrad.training.model_file import load_history, load_model, save_model

from .small import RESOLVED

CONFIG = config_from({"seed": 3, "resolved": RESOLVED})
ARRAYS = {
    "parameters/linear_1.weight": np.arange(6, dtype=np.float32).reshape(2, 3),
    "parameters/linear_1.bias": np.ones(2, dtype=np.float32),
}
HISTORY = [{"epoch": 1, "train_loss": 0.1 + 0.2}]


@pytest.fixture
def path(tmp_path):
    save_model(tmp_path / "net.safetensors", CONFIG, ARRAYS, HISTORY)
    return tmp_path / "net.safetensors"


def test_what_was_saved_comes_back(path):
    config, arrays = load_model(path)
    assert config == CONFIG
    assert arrays.keys() == ARRAYS.keys()
    for name, array in arrays.items():
        assert np.array_equal(array, ARRAYS[name])
    assert load_history(path) == HISTORY


def test_the_same_network_makes_the_same_bytes(path):
    before = path.read_bytes()
    save_model(path, CONFIG, dict(reversed(ARRAYS.items())), HISTORY)
    assert path.read_bytes() == before


def test_every_changed_bit_is_refused_by_the_name_of_the_file(path):
    content, draw = path.read_bytes(), Random(0)
    places = range(8 * len(content))
    for place in draw.sample(places, 500):
        wrong = bytearray(content)
        wrong[place // 8] ^= 1 << place % 8
        path.write_bytes(wrong)
        with pytest.raises(RunError, match=r"net\.safetensors"):
            load_model(path)


def test_a_changed_weight_is_refused_by_its_own_name(path):
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match=r"linear_1\.weight is not what was saved"):
        load_model(path)


def test_every_shorter_file_is_refused(path):
    content = path.read_bytes()
    for size in range(len(content)):
        path.write_bytes(content[:size])
        with pytest.raises(RunError, match=r"net\.safetensors"):
            load_model(path)


@pytest.mark.parametrize("other", [b"", b"\x80\x04pickle", save({"a": np.ones(2)})])
def test_a_file_of_another_kind_is_reported_as_such(tmp_path, other):
    (tmp_path / "other").write_bytes(other)
    with pytest.raises(RunError, match="has no Handgrad"):
        load_model(tmp_path / "other")


@pytest.mark.parametrize(
    "other",
    [
        b"the classifier handgrad.classifier.Classifier, in another format",
        b'{"handgrad": 3}',
        save({"handgrad": np.ones(2)}),
        save({"a": np.ones(2)}, {"format": "pt", "from": "handgrad"}),
        b"PK\x03\x04" + b"handgrad" * 20,
    ],
)
def test_a_file_that_only_names_the_package_is_of_another_kind(tmp_path, other):
    (tmp_path / "other").write_bytes(other)
    with pytest.raises(RunError, match="Handgrad settings\\. Give such") as caught:
        load_model(tmp_path / "other")
    assert not isinstance(caught.value, IntegrityError)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("name", ["net.pkl", "net.JOBLIB", "net"])
def test_a_pickle_is_never_read_and_said_so(tmp_path, protocol, name):
    (tmp_path / name).write_bytes(pickle.dumps({"handgrad": Spy()}, protocol))
    said = "A pickle can run" if name != "net" or protocol >= 2 else "Give such a file"
    with pytest.raises(RunError, match=f"not written by Classifier.save.*{said}"):
        load_model(tmp_path / name)


class Spy:
    """Fails when it is read from a pickle."""

    def __reduce__(self):
        return pytest.fail, ("read",)


def test_a_bit_changed_in_the_first_bytes_is_damage(path):
    content = path.read_bytes()
    for place in range(8, 8 + len(model_file.START)):
        wrong = bytearray(content)
        wrong[place] ^= 1
        path.write_bytes(wrong)
        with pytest.raises(IntegrityError, match="is damaged"):
            load_model(path)


def test_a_later_format_asks_for_a_later_version(path, monkeypatch):
    monkeypatch.setattr("handgrad.training.model_file.FORMAT", 2)
    save_model(path, CONFIG, ARRAYS)
    monkeypatch.undo()
    with pytest.raises(RunError, match="format 2, and this version reads format 1"):
        load_model(path)


def test_the_settings_are_plain_text(path):
    content = path.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    text = json.loads(header["__metadata__"]["handgrad"])
    assert text["config"]["seed"] == 3
    assert set(text["sha256"]) == set(ARRAYS)


@pytest.mark.parametrize("name", [".", "nowhere/net.safetensors"])
def test_a_place_that_cannot_be_written_is_refused(tmp_path, name):
    with pytest.raises(RunError, match=r"is a folder|its folder does not exist"):
        save_model(tmp_path / name, CONFIG, ARRAYS)
    with pytest.raises(RunError, match="cannot be read"):
        load_model(tmp_path / "missing")


def test_an_onnx_model_is_named(tmp_path):
    (tmp_path / "net.onnx").write_bytes(b"\x08\x0d\x12\x08handgrad" * 9)
    with pytest.raises(RunError, match=r"is an ONNX model.*handgrad\.from_onnx"):
        load_model(tmp_path / "net.onnx")


def test_unresolved_settings_are_refused(tmp_path):
    save_model(tmp_path / "net.safetensors", config_from({"seed": 3}), ARRAYS)
    with pytest.raises(RunError, match="Its settings have no table"):
        load_model(tmp_path / "net.safetensors")


def sealed_again(path, change):
    """The file with other values and matching checksums."""
    values, arrays = model_file._read(path)
    change(values)
    path.write_bytes(model_file._content(values, arrays))


@pytest.mark.parametrize(
    "change",
    [
        lambda values: values.pop("history"),
        lambda values: values.pop("config"),
        lambda values: values.update(other=1),
        *(lambda values, h=h: values.update(history=h) for h in (None, 3, "a", {})),
    ],
)
def test_parts_of_other_kinds_are_refused(path, change):
    sealed_again(path, change)
    for read in (load_model, load_history):
        with pytest.raises(IntegrityError, match="the list of its parts is not what"):
            read(path)
