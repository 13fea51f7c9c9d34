"""A written Python program classifies as the network does, without Handgrad."""

import ast
import os
import runpy
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import handgrad as hg
from handgrad import layers
from handgrad.errors import ConfigError, RunError
from handgrad.interop import to_python
from handgrad.training import config_from, load, start
from interop.programs import AVERAGED, assert_close

HOSTILE = (
    "plain",
    "two\nlines\tand a tab",
    "quotes ' \" ''' \"\"\"",
    "*/ // ??/ \\n \\",
    "{braces} %s %(x)s",
    "caf\u00e9 \u05d0 \u202egnp.exe",
    "\x1b[31m\x07",
    "\udcff byte",
    '"); import os; os.system("exit 3") #',
    "",
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    tables = {
        "engine": "plain",
        "dataset": {"name": "digits", "normalization": "standard"},
        "model": {"name": "softmax_regression"},
        "optimizer": {"name": "adam", "learning_rate": 0.01},
        "training": {"epochs": 2, "batch_size": 64},
    }
    folder = tmp_path_factory.mktemp("runs") / "softmax"
    for _ in start(config_from(tables), folder):
        pass
    return folder


@pytest.fixture(scope="module")
def images():
    return hg.datasets.load("digits", image_size=(28, 28)).test.images[:40]


def called(path):
    """The functions and values of a program."""
    return runpy.run_path(str(path))


def test_a_run_from_pixels_to_probabilities(run, images, tmp_path):
    network, program = load(run), called(to_python(run, tmp_path / "digits.py"))
    assert_close(program["logits"](images), network.logits(images))
    expected = network.predict_probabilities(images)
    np.testing.assert_allclose(program["predict"](images), expected, atol=1e-4)
    assert program["CLASS_NAMES"] == list(network.class_names)
    assert (program["logits"](images).argmax(axis=1) == network.predict(images)).all()


def test_only_the_layers_of_the_network_are_written(run, tmp_path):
    text = to_python(run, tmp_path / "digits.py").read_text()
    functions = [n.name for n in ast.parse(text).body if isinstance(n, ast.FunctionDef)]
    assert functions == [
        *("normalize_bytes", "flatten", "linear", "softmax"),
        *("network", "check", "logits", "predict", "read_array", "crop"),
        *("draft", "read_images", "main"),
    ]
    assert max(map(len, text.splitlines())) <= 88


def test_it_runs_alone_on_pictures_and_arrays(run, images, tmp_path):
    network = load(run)
    to_python(network, tmp_path / "digits.py")
    np.save(tmp_path / "images.npy", images[:3])
    np.save(tmp_path / "grey.npy", images[3, 0])
    Image.fromarray(images[4, 0]).convert("RGBA").save(tmp_path / "picture.png")
    done = alone(tmp_path, "images.npy", "grey.npy", "picture.png")
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    names = [f"images.npy:{number}" for number in range(3)]
    assert [row[0] for row in rows] == [*names, "grey.npy", "picture.png"]
    expected = [network.class_names[k] for k in network.predict(images[:5])]
    assert [row[1] for row in rows] == expected
    best = network.predict_probabilities(images[:5]).max(axis=1)
    assert [float(row[2]) for row in rows] == pytest.approx(best, abs=1e-4)


def alone(folder, *files, without="scipy"):
    """Run a program where Handgrad, SciPy and the rest cannot be imported."""
    code = (
        "import runpy, sys\n"
        f"hidden = ['handgrad', 'sklearn', 'numba', '{without}']\n"
        "sys.modules.update(dict.fromkeys(hidden))\n"
        "sys.argv = sys.argv[1:]\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    words = [sys.executable, "-c", code, "digits.py", *files]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True)


def test_its_own_mistakes_are_sentences(run, images, tmp_path):
    to_python(run, tmp_path / "digits.py")
    np.save(tmp_path / "small.npy", images[:, :, 1:])
    (tmp_path / "empty.npy").touch()
    np.save(tmp_path / "floats.npy", images.astype(np.float32))
    Image.fromarray(np.ones((28, 28), dtype=np.uint16)).save(tmp_path / "deep.png")
    for words, said in {
        (): "prints the class of each example and its probability",
        ("small.npy",): "(count, 1, 28, 28), with a count of at least 1, got (40,",
        ("floats.npy",): "floats.npy: The network takes uint8, got float32.",
        ("deep.png",): "deep.png: It has more than 8 bits per channel.",
        ("gone.png",): "gone.png cannot be read: ",
        ("digits.py",): "digits.py cannot be read: cannot identify image file",
        ("empty.npy",): "empty.npy cannot be read: No data left in file.",
    }.items():
        assert_exits(alone(tmp_path, *words), said)
    lacks = "deep.png: Image files need Pillow: pip install pillow."
    assert_exits(alone(tmp_path, "deep.png", without="PIL"), lacks)
    weights = dict(np.load(tmp_path / "digits.npz"))
    name = next(name for name in weights if name.endswith("weight"))
    for other in ({}, {**weights, name: weights[name][:1]}):
        np.savez(tmp_path / "digits.npz", **other)
        missing = "scale" if not other else name
        lacks = f"The weights cannot be read (there is no {missing} of shape ("
        assert_exits(alone(tmp_path, "small.npy"), lacks)
    (tmp_path / "digits.npz").unlink()
    lacks = "digits.npz'). Put them beside this program."
    assert_exits(alone(tmp_path, "small.npy"), lacks)
    with pytest.raises(ValueError, match="The weights cannot be read"):
        called(tmp_path / "digits.py")


def assert_exits(done, said):
    """A program ended with a message, not with a traceback."""
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_closed_output_ends_it(run, images, tmp_path):
    to_python(run, tmp_path / "digits.py")
    np.save(tmp_path / "images.npy", images)
    words = [sys.executable, "digits.py", "images.npy"]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(words, cwd=tmp_path, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")


def test_predictions_check_their_images(run, images, tmp_path):
    program = called(to_python(run, tmp_path / "digits.py"))
    for wrong in (images[0], images[:, 0], images[:0], images / 255):
        with pytest.raises(ValueError, match="The network takes"):
            program["predict"](wrong)


@pytest.mark.parametrize("averaged", AVERAGED, ids=str)
def test_calibration_crops_and_flips_are_part_of_the_program(
    averaged, run, images, tmp_path
):
    network = load(run)
    network.set_temperature(2.5)
    prediction = network.config.prediction.model_copy(update=averaged)
    network.config = network.config.model_copy(update={"prediction": prediction})
    program = called(to_python(network, tmp_path / "digits.py"))
    assert_close(program["logits"](images), network.logits(images))
    expected = network.predict_probabilities(images)
    np.testing.assert_allclose(program["predict"](images), expected, atol=1e-4)


@pytest.mark.parametrize("shape", [(10,), (6, 5)])
def test_float_inputs_and_vectors(shape, tmp_path):
    draw = np.random.default_rng(0)
    examples = draw.normal(5, 3, (60, *shape)).astype(np.float32)
    clf = hg.Classifier("mlp", epochs=2, engine="plain", loss="multiclass_svm")
    clf.fit(examples, draw.integers(0, 3, 60))
    program = called(clf.to_python(tmp_path / "digits.py"))
    inputs = examples.reshape(60, *clf.input_shape)
    assert_close(program["logits"](inputs), clf.logits(examples))
    assert (program["predict"](inputs) == program["logits"](inputs)).all()
    np.save(tmp_path / "examples.npy", examples)
    assert len(alone(tmp_path, "examples.npy").stdout.splitlines()) == 60
    assert (
        "picture.png: This network takes .npy files."
        in alone(tmp_path, "picture.png").stderr
    )


def test_class_names_are_text_whatever_they_hold(run, images, tmp_path):
    network = load(run)
    network.class_names = HOSTILE
    program = to_python(network, tmp_path / "digits.py")
    assert called(program)["CLASS_NAMES"] == list(HOSTILE)
    np.save(tmp_path / "images.npy", images)
    lines = alone(tmp_path, "images.npy").stdout.splitlines()
    assert len(lines) == len(images)
    assert all(line.replace("\t", "").isprintable() for line in lines)


@pytest.mark.parametrize(
    "name", ["program", "program.txt", "numpy.py", "sys.py", "class.py", "my-net.py"]
)
def test_names_that_are_no_programs_are_refused(name, run, tmp_path):
    with pytest.raises(ConfigError, match=r"ends in \.py, that Python can import"):
        to_python(run, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_of_what_cannot_be(tmp_path):
    with pytest.raises(RunError, match="does not exist"):
        to_python(tmp_path / "none", tmp_path / "digits.py")
    with pytest.raises(ConfigError, match="input_shape"):
        to_python(layers.Sequential([layers.ReLU()]), tmp_path / "digits.py")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("has_program", [False, True])
@pytest.mark.parametrize("is_archive", [False, True])
def test_a_file_in_the_place_of_the_weights_is_kept(
    run, images, tmp_path, has_program, is_archive
):
    if has_program:
        (tmp_path / "keep.py").write_text("pass")
    weights = tmp_path / "keep.npz"
    np.savez(weights, images=images) if is_archive else weights.write_text("mine")
    before = weights.read_bytes()
    with pytest.raises(ConfigError, match=r"keep\.npz, which exists and does not"):
        to_python(run, tmp_path / "keep.py")
    assert weights.read_bytes() == before
    weights.unlink()
    to_python(run, tmp_path / "keep.py")
    to_python(run, tmp_path / "keep.py")  # over its own weights


def test_the_same_network_gives_the_same_bytes(run, tmp_path):
    first = to_python(run, tmp_path / "one.py")
    second = to_python(run, tmp_path / "two.py")
    for suffix in (".py", ".npz"):
        contents = {p.with_suffix(suffix).read_bytes() for p in (first, second)}
        assert len(contents) == 1
