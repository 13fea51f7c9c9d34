"""Networks to write as source code, and the programs that come of it, called here."""

import ctypes
import runpy
import subprocess

import numpy as np

from handgrad.interop import to_c, to_python

AVERAGED = [  # settings of prediction
    {"with_flip": True, "center_crop": 0.875},
    {"with_flip": True, "center_crop": (1.0, 0.8)},
    {"center_crop": (0.9, 0.5, 0.7)},
    {"with_flip": True, "shift": 1},
    {"center_crop": (1.0, 0.6), "shift": 2},
]
FLAGS = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Wshadow", "-Werror", "-O1"]
# Of engine.networks: together they have every layer, with options other than default.
SAMPLE = [
    "strides and pairs",
    "overlapping pooling",
    "global pooling",
    "batch norm of pictures",
    "batch norm of rows",
    "residual",
    "softmax between",
    "every activation",
    "dropouts",
]


def with_statistics(network):
    """Running statistics as after training, and biases that are not zero."""
    draw = np.random.default_rng(5)
    for name, held in {**network.parameters(), **network.buffers()}.items():
        if name.endswith("running_var"):
            held.value = draw.uniform(0.5, 2, held.value.shape).astype(np.float32)
        elif name.endswith(("bias", "running_mean")):
            held.value = draw.normal(0, 0.3, held.value.shape).astype(np.float32)
    return network


def python_logits(subject, folder, images, **options):
    """The logits of a written Python program."""
    path = to_python(subject, folder / "program.py", **options)
    return runpy.run_path(str(path))["logits"](images)


def c_predictions(subject, folder, images, **options):
    """What a written C file predicts of each image, after a compilation."""
    predict = compiled(to_c(subject, folder / "program.c", **options))
    outputs = []
    for image in np.ascontiguousarray(images):
        found = (ctypes.c_float * 100)()
        predict(image.ctypes.data_as(ctypes.c_void_p), found)
        outputs.append(list(found))
    return np.array(outputs, dtype=np.float32)


def compiled(path):
    """The function `predict` of a C file."""
    library = path.with_suffix(".so")
    shared = ["-shared", "-fPIC", path, "-o", library, "-lm"]
    subprocess.run(["gcc", *FLAGS, *shared], check=True)
    return ctypes.CDLL(library).predict


def assert_close(found, expected):
    """The same within 1e-4 of the largest value."""
    scale = max(1e-6, abs(expected).max())
    np.testing.assert_allclose(found, expected, atol=1e-4 * scale)
