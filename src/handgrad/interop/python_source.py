"""Export a trained network as a Python program that needs NumPy alone."""

import inspect
import keyword
import sys
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np

from handgrad.arrays import Shape
from handgrad.errors import ConfigError, RunError
from handgrad.interop import numpy_layers, numpy_program
from handgrad.interop.python_layers import INDENT, Function, Network
from handgrad.interop.standalone import Standalone, standalone
from handgrad.paths import path_of
from handgrad.training.atomic import write_file

IMPORTED = {*sys.stdlib_module_names, "numpy", "PIL"}
HEAD = '''"""{headline}

It needs {needs}. The .npz file of its name has the weights.

    python {example}

prints the class of each example and {output}. In Python, `logits(images)` and
`predict(images)` take an array of shape (count, *INPUT_SHAPE).
"""

{imports}

CLASS_NAMES = [
{names}]
INPUT_SHAPE = {shape}
INPUT_DTYPE = "{dtype}"
WEIGHTS = {{  # their shapes
{weights}}}

try:
    W = dict(np.load(Path(__file__).with_suffix(".npz")))
    for name, shape in WEIGHTS.items():
        if name not in W or W[name].shape != shape:
            raise ValueError(f"there is no {{name}} of shape {{shape}}")
except Exception as error:
    message = f"The weights cannot be read ({{error}}). Put them beside this program."
    if __name__ == "__main__":
        sys.exit(message)
    raise ValueError(message) from error

Array = np.ndarray
Pair = tuple[int, int]
Padding = tuple[int | Pair, int | Pair]
'''
NETWORK = '''def network(x: Array) -> Array:
    """The outputs of the last layer, (count, classes); W holds the weights."""
'''
LOGITS = '''def logits(images: Array) -> Array:
    """The outputs of the network, (count, classes)."""
    images = check(images)
{crop}    return network(images)
'''
LOGITS_WITH_FLIP = '''def logits(images: Array) -> Array:
    """The mean outputs of the images and their horizontal flips, (count, classes)."""
    images = check(images)
{crop}    return (network(images) + network(images[..., ::-1])) / 2
'''
CROP = "    images = center_crop(images, {fraction!r}, {shift})\n"
LOGITS_OF_PARTS = '''def logits(images: Array) -> Array:
    """The mean outputs of {what}, (count, classes)."""
    images = check(images)
    views = [center_crop(images, *part) for part in {crops!r}]
{flips}    return np.mean([network(view) for view in views], axis=0)
'''
FLIPS = "    views += [view[..., ::-1] for view in views]\n"
PREDICT = '''def predict(images: Array) -> Array:
    """{equation}, (count, classes)"""
    return {code}
'''
NO_PICTURES = "read_images = read_array  # this network takes no image files\n"
END = """if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except BrokenPipeError:  # the output was closed, for example by head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
"""


def to_python(
    subject: Any, path: str | Path, *, input_shape: Shape | None = None
) -> Path:
    """Write a network to `path` as a Python program on NumPy alone; return the path.

    `subject` is a fitted classifier, a `TrainedNetwork`, the path of a run or of a
    saved network, or a `Sequential` with its `input_shape`. The weights are written
    beside the program, to a .npz file of the same name. The program has a function for
    each kind of layer, with its equation; the functions `logits` and `predict` (the
    probabilities, if the network gives them) take arrays of images, and called with
    files it prints their classes.

    ConfigError for a layer that cannot be written, which it names, a path that is no
    .py file that can be imported, or a .npz file of other contents in the place of the
    weights; RunError if the files cannot be written.

    Shapes
        images  (count, channels, height, width), uint8; float32 for a network of
                float32 inputs, (count, features) for one of vectors

    Example
        to_python("runs/lenet-digits-1", "classify.py")
    """
    place = path_of("to_python", "path", path, RunError)
    for file, content in python_files(subject, place, input_shape).items():
        write_file(file, content)
    return place


def python_files(
    subject: Any, path: Path, input_shape: Shape | None = None
) -> dict[Path, bytes]:
    """The weights and the program of a network by path; see `to_python`."""
    _check_name(path)
    weights = path.with_suffix(".npz")
    if weights.is_file() and not (path.exists() and _has_weights(weights)):
        raise ConfigError(
            f"The weights of {path} go to {weights}, which exists and does not "
            "belong to an exported program. Move it, or give another name."
        )
    source = standalone("to_python", subject, input_shape)
    network = _network_of(source)
    file = BytesIO()
    np.savez(file, **network.weights)  # type: ignore[arg-type]
    program = _program(source, network)
    return {weights: file.getvalue(), path: program.encode()}


def _check_name(path: Path) -> None:
    """ConfigError for a name that cannot be imported, or that hides a module."""
    name, stem = path.name, path.stem
    can_be_imported = stem.isidentifier() and not keyword.iskeyword(stem)
    if path.suffix != ".py" or not can_be_imported or stem in IMPORTED:
        raise ConfigError(
            "A Python program takes a name that ends in .py, that Python can import "
            f"and that hides no module, got {name!r}. Call it 'classify.py'."
        )


def _has_weights(path: Path) -> bool:
    """Whether a file has the arrays that every program has."""
    try:
        with ZipFile(path) as file:
            return {"scale.npy", "shift.npy"} <= set(file.namelist())
    except (OSError, BadZipFile):
        return False


def _network_of(source: Standalone) -> Network:
    """The layers of a network, after its normalization."""
    network = Network(source.input_shape)
    network.weights = {"scale": source.scale, "shift": source.shift}
    is_bytes = source.input_dtype == "uint8"
    normalize = numpy_layers.normalize_bytes if is_bytes else numpy_layers.normalize
    network.call(normalize, 'W["scale"]', 'W["shift"]')
    network.add(source.network, "")
    if source.temperature is not None:
        network.use(numpy_layers.softmax)
    return network


def _program(source: Standalone, network: Network) -> str:
    """The text of the whole program."""
    shape, is_bytes = source.input_shape, source.input_dtype == "uint8"
    takes_pictures = is_bytes and len(shape) == 3 and shape[0] in (1, 3)
    lines = [f"{INDENT}{line}\n" for line in (*network.lines, "return x")]
    fit = getattr(numpy_program, source.fit)
    read_pictures = (
        f"{_text_of(fit)}\n\nfit = {source.fit}  # how training resized images\n\n\n"
        f"{_text_of(numpy_program.draft)}\n\n{_text_of(numpy_program.read_images)}"
    )
    parts = [
        _head(source, network, takes_pictures=takes_pictures),
        *map(_text_of, network.functions),
        NETWORK + "".join(lines),
        *([_text_of(numpy_layers.center_crop)] if source.crops else []),
        _text_of(numpy_program.check),
        _logits(source),
        _predict(source.temperature),
        _text_of(numpy_program.read_array),
        read_pictures if takes_pictures else NO_PICTURES,
        _text_of(numpy_program.main),
        END,
    ]
    return "\n\n".join(parts)


def _head(source: Standalone, network: Network, *, takes_pictures: bool) -> str:
    """The docstring, the imports and the constants."""
    text = "".join(map(_text_of, network.functions))
    imports = ["import math"] if "math." in text else []
    imports += ["import os", "import sys", "from pathlib import Path"]
    imports += ["from typing import Any"] if takes_pictures else []
    imports += ["", "import numpy as np"]
    if "sliding_window_view" in text:
        imports.append("from numpy.lib.stride_tricks import sliding_window_view")
    has_probabilities = source.temperature is not None
    return HEAD.format(
        headline=source.headline,
        needs="NumPy, and Pillow for image files" if takes_pictures else "NumPy alone",
        example="FILE.py picture.png images.npy"
        if takes_pictures
        else "FILE.py examples.npy",
        output="its probability" if has_probabilities else "its score",
        imports="\n".join(imports),
        names="".join(f"{INDENT}{name!r},\n" for name in source.class_names),
        shape=source.input_shape,
        weights="".join(
            f"{INDENT}{name!r}: {array.shape},\n"
            for name, array in network.weights.items()
        ),
        dtype=source.input_dtype,
    )


def _logits(source: Standalone) -> str:
    """The function from images to logits."""
    if len(source.crops) > 1:
        what = "parts of each image" + " and their flips" * source.with_flip
        flips = FLIPS if source.with_flip else ""
        return LOGITS_OF_PARTS.format(what=what, crops=source.crops, flips=flips)
    text = LOGITS_WITH_FLIP if source.with_flip else LOGITS
    return text.format(
        crop="".join(CROP.format(fraction=f, shift=s) for f, s in source.crops)
    )


def _predict(temperature: float | None) -> str:
    """The function from images to what is printed of them."""
    if temperature is None:
        return PREDICT.format(equation="The logits", code="logits(images)")
    if temperature == 1:
        code = "softmax(logits(images))"
        return PREDICT.format(equation="softmax(logits)", code=code)
    code = f"softmax(logits(images) / {temperature!r})"
    return PREDICT.format(equation="softmax(logits / temperature)", code=code)


def _text_of(function: Function) -> str:
    return inspect.getsource(inspect.unwrap(function))
