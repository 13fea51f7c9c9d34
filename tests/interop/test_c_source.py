"""A written C file predicts as the network does."""

import shutil
import subprocess

import numpy as np
import pytest

import handgrad as hg
from handgrad import layers
from handgrad.errors import ConfigError
from handgrad.interop import to_c
from handgrad.interop.c_functions import FUNCTIONS, NORMALIZE, WINDOWS
from handgrad.interop.c_source import LIMIT, c_file, c_string
from handgrad.randomness import Key
from handgrad.training import load
from interop.programs import AVERAGED, FLAGS, assert_close, c_predictions
from interop.test_python_source import HOSTILE, images, run  # noqa: F401 (fixtures)

needs_compiler = pytest.mark.skipif(
    shutil.which("gcc") is None, reason="needs the compiler gcc"
)


@needs_compiler
def test_pixels_to_probabilities(run, images, tmp_path):  # noqa: F811
    network = load(run)
    expected = network.predict_probabilities(images)
    found = c_predictions(run, tmp_path, images)[:, :10]
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert (found.argmax(axis=1) == network.predict(images)).all()


@needs_compiler
@pytest.mark.parametrize("averaged", AVERAGED, ids=str)
def test_calibration_crops_and_flips_are_part_of_it(averaged, run, images, tmp_path):  # noqa: F811
    network = load(run)
    network.set_temperature(2.5)
    prediction = network.config.prediction.model_copy(update=averaged)
    network.config = network.config.model_copy(update={"prediction": prediction})
    expected = network.predict_probabilities(images)
    found = c_predictions(network, tmp_path, images)[:, :10]
    np.testing.assert_allclose(found, expected, atol=1e-4)


@needs_compiler
@pytest.mark.parametrize("shape", [(10,), (6, 5)])
def test_float_inputs_and_vectors(shape, tmp_path):
    draw = np.random.default_rng(0)
    examples = draw.normal(5, 3, (60, *shape)).astype(np.float32)
    clf = hg.Classifier("mlp", epochs=2, engine="plain", loss="multiclass_svm")
    clf.fit(examples, draw.integers(0, 3, 60))
    assert_close(c_predictions(clf, tmp_path, examples)[:, :3], clf.logits(examples))


@needs_compiler
def test_its_program_prints_any_class_names(run, images, tmp_path):  # noqa: F811
    network = load(run)
    network.class_names = HOSTILE
    path, program = to_c(network, tmp_path / "a.c"), tmp_path / "a"
    words = [
        "gcc",
        *FLAGS,
        "-Wtrigraphs",
        "-DHANDGRAD_MAIN",
        path,
        "-lm",
        "-o",
        program,
    ]
    subprocess.run(words, check=True)
    done = subprocess.run([program], input=images.tobytes(), capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    shown = [hg.text.one_line(HOSTILE[k]) for k in network.predict(images)]
    lines = done.stdout.decode().splitlines()
    assert [line.rpartition("\t")[0] for line in lines] == shown
    short = subprocess.run([program], input=images.tobytes()[:-1], capture_output=True)
    assert short.returncode == 2
    assert (
        short.stderr == b"The last example of standard input has 783 of 784 values.\n"
    )
    raw = tmp_path / "images.raw"
    raw.write_bytes(images.tobytes())
    two = subprocess.run(
        [program, raw, raw], stdin=subprocess.PIPE, capture_output=True
    )
    assert (two.returncode, two.stdout) == (0, 2 * done.stdout)
    for place, why in {"none": "No such file", tmp_path: "Is a directory"}.items():
        wrong = subprocess.run([program, place], capture_output=True, text=True)
        assert (wrong.returncode, wrong.stdout) == (2, "")
        assert wrong.stderr.startswith(f"{place}: {why}")


@pytest.mark.parametrize(
    ("text", "constant"),
    [
        ("cat", '"cat"'),
        ('a"b\\c', r'"a\042b\134c"'),
        ("??/", r'"\077\077/"'),
        ("*/", '"*/"'),
        ("\u00e91", r'"\303\2511"'),
        ("a\nb", r'"a\134nb"'),
    ],
)
def test_class_names_are_constants(text, constant):
    assert c_string(text) == constant


@needs_compiler
def test_its_program_refuses_numbers_that_are_not_finite(tmp_path):
    examples = np.random.default_rng(0).normal(size=(30, 5)).astype(np.float32)
    clf = hg.Classifier("mlp", epochs=1, engine="plain")
    clf.fit(examples, np.arange(30) % 3)
    path, program = to_c(clf, tmp_path / "a.c"), tmp_path / "a"
    subprocess.run(
        ["gcc", *FLAGS, "-DHANDGRAD_MAIN", path, "-lm", "-o", program], check=True
    )
    examples[2, 4] = np.nan
    done = subprocess.run([program], input=examples.tobytes(), capture_output=True)
    assert (done.returncode, done.stdout.count(b"\n")) == (2, 2)
    assert done.stderr == b"standard input holds a value that is not finite.\n"


def test_large_networks_are_refused(tmp_path):
    wide = layers.Sequential([layers.Linear(1000, 1000, key=Key(0))])
    with pytest.raises(ConfigError, match=r"1,000,000 weights, but .* has 1,001,000"):
        to_c(wide, tmp_path / "a.c", input_shape=(1000,))
    assert LIMIT == 1_000_000
    assert not list(tmp_path.iterdir())


def test_other_names_are_refused(run, tmp_path):  # noqa: F811
    with pytest.raises(ConfigError, match=r"name that ends in \.c, got 'a\.py'"):
        to_c(run, tmp_path / "a.py")


def test_only_what_the_network_needs_is_written(run, tmp_path):  # noqa: F811
    text = c_file(run, tmp_path / "a.c").decode()
    used = {name for name in FUNCTIONS if f"void {name}(" in text}
    assert used == {"linear", "softmax"}
    assert WINDOWS not in text
    assert NORMALIZE["uint8"] in text
