import json
import runpy
import sys

import numpy as np
import pytest

from handgrad.datasets import load as load_data
from handgrad.interop import load_torch_weights
from handgrad.training import load


def test_a_model_and_its_history(handgrad, trained, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    code, out, err = handgrad(f"export {trained} --onnx net.onnx --csv net.csv")
    assert (code, err) == (0, "")
    assert [line.split(":")[0] for line in out.splitlines()] == ["net.onnx", "net.csv"]
    images = load_data("digits", image_size=(28, 28)).test.images
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx")
    logits = session.run(["logits"], {"images": images})[0]
    assert (logits.argmax(axis=1) == load(trained).predict(images)).all()
    assert np.isfinite(logits).all()
    assert len((tmp_path / "net.csv").read_text().splitlines()) == 3
    assert handgrad(f"export {trained} --csv net.csv --json").out.startswith("{")


def test_weights_for_torch_and_their_names(handgrad, trained):
    code, out, err = handgrad(f"export {trained} --torch net.safetensors")
    assert (code, err) == (0, "")
    heads, first, *_, last = out.splitlines()
    assert heads.split() == ["Handgrad", "torch"]
    assert first.split() == ["linear_1.weight", "1.weight"]
    assert last.startswith("net.safetensors: ")
    load_torch_weights(load(trained).model, "net.safetensors")
    values = json.loads(handgrad(f"export {trained} --torch a --json").out)
    assert values["torch_names"]["linear_1.weight"] == "1.weight"


def test_source_code(handgrad, trained, tmp_path):
    code, out, err = handgrad(f"export {trained} --python net.py --c net.c")
    assert (code, err) == (0, "")
    names = [line.split(":")[0] for line in out.splitlines()]
    assert names == ["net.npz", "net.py", "net.c"]
    images = load_data("digits", image_size=(28, 28)).test.images
    program = runpy.run_path(str(tmp_path / "net.py"))
    found = program["logits"](images).argmax(axis=1)
    assert (found == load(trained).predict(images)).all()


def test_a_network_and_its_run_as_files(handgrad, refused, trained, tmp_path):
    line = "--safetensors net.safetensors --report net.html --script again.py"
    assert handgrad(f"export {trained} {line}").code == 0
    found = load(tmp_path / "net.safetensors").model.parameters()
    for name, one in load(trained).model.parameters().items():
        assert (found[name].value == one.value).all()
    assert "Most confident mistakes" in (tmp_path / "net.html").read_text()
    assert "handgrad.train(" in (tmp_path / "again.py").read_text()
    assert "run folder" in refused("export net.safetensors --report a.html")


def test_wrong_names_of_source_code_are_sentences(refused, trained, tmp_path):
    assert "ends in .py" in refused(f"export {trained} --python net.txt --csv a.csv")
    assert "ends in .c" in refused(f"export {trained} --c net.py --csv a.csv")
    load(trained).save(tmp_path / "net.npz")
    message = refused("export net.npz --python net.py")
    assert "--python writes to net.npz, which is part of the network itself" in message


def test_mistakes_are_sentences(refused, trained):
    assert "takes a format, got none" in refused(f"export {trained}")
    assert "does not exist" in refused("export nowhere --csv a.csv")
    assert "its folder does not exist" in refused(f"export {trained} --csv no/a.csv")
    assert "part of the network" in refused(f"export {trained} --csv {trained}/a.csv")
    assert "is a device" in refused(f"export {trained} --csv /dev/null")


@pytest.mark.parametrize(
    ("outputs", "both"),
    [
        ("--torch one --csv one", "--torch and --csv both write to one:"),
        ("--torch one --csv ./sub/../one", "--torch and --csv both"),
        ("--csv one.npz --python one.py", "--csv and --python both write to one.npz:"),
        ("--csv link --torch one", "--torch and --csv both"),
        ("--csv logs --tensorboard logs", "--tensorboard and --csv both"),
    ],
)
def test_two_outputs_of_one_path_are_refused(refused, trained, tmp_path, outputs, both):
    (tmp_path / "sub").mkdir()
    (tmp_path / "link").symlink_to("one")
    assert both in refused(f"export {trained} {outputs}")


def test_files_of_other_kinds_are_not_replaced(refused, trained, tmp_path):
    (tmp_path / "numbers.npz").write_bytes(b"some")
    for name in ("onnx", "csv", "report", "script", "torch", "safetensors"):
        words = f"export {trained} --{name} numbers.npz"
        assert f"--{name} would replace numbers.npz" in refused(words)
    assert (tmp_path / "numbers.npz").read_bytes() == b"some"


def test_without_onnx_it_says_what_to_install(refused, trained, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert "pip install 'handgrad[onnx]'" in refused(f"export {trained} --onnx a.onnx")


def test_json_names_the_files(handgrad, trained):
    values = json.loads(handgrad(f"export {trained} --csv net.csv --json").out)
    assert values == {"network": str(trained), "csv": "net.csv"}


def test_events_for_tensorboard(handgrad, refused, trained, tmp_path):
    pytest.importorskip("tensorboard")
    place = tmp_path / "logs" / trained.name
    code, out, err = handgrad(f"export {trained} --tensorboard logs")
    assert (code, err) == (0, "")
    assert out == f"logs/{trained.name}: to show it, tensorboard --logdir logs\n"
    assert len(list(place.iterdir())) == 1
    values = json.loads(handgrad(f"export {trained} --tensorboard logs --json").out)
    assert values["tensorboard"] == f"logs/{trained.name}"
    assert len(list(place.iterdir())) == 1
    message = refused(f"export {trained} --tensorboard {trained.parent}")
    assert "holds the run itself" in message


def test_without_tensorboard_it_says_what_to_install(refused, trained, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard.compat.proto.event_pb2", None)
    words = "pip install 'handgrad[tensorboard]'"
    assert words in refused(f"export {trained} --tensorboard logs")
    assert words in refused("train --tensorboard logs")
