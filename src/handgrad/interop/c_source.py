"""Export a small trained network as one C file without dependencies."""

from collections.abc import Iterator
from math import prod
from pathlib import Path
from textwrap import fill
from typing import Any

from handgrad.arrays import Shape
from handgrad.errors import ConfigError, RunError
from handgrad.interop.c_center import center_crop_function, mean_of_parts
from handgrad.interop.c_functions import FUNCTIONS, NORMALIZE, TYPES, WINDOWS
from handgrad.interop.c_layers import Network, array, number
from handgrad.interop.standalone import Standalone, standalone, weight_count
from handgrad.paths import path_of
from handgrad.text import one_line
from handgrad.training.atomic import write_file

LIMIT = 1_000_000  # weights; of more, a compiler would need minutes and gigabytes
WIDTH = 88
WITH_WINDOWS = {"conv2d", "max_pool2d", "average_pool2d"}
HEAD = """\
/* {headline}

   C99; it needs the mathematical library alone. Declare predict in your own program:

       void predict(const {kind} *image, float *{output});

   It keeps intermediate values in static arrays: call it from one thread at a time.
   Or compile this file as a program that reads examples of {inputs} {type} each from
   the files it is called with, or from standard input, and prints the class of each,
   with the largest of its {output}:

       cc -O2 -DHANDGRAD_MAIN FILE.c -lm -o classify */

#include <math.h>

#define INPUTS {inputs} /* of shape {shape} */
#define CLASSES {classes}

const char *const class_names[CLASSES] = {{
{names}}};
"""
NETWORK = """\
/* The outputs of the last layer, of the image or of its horizontal flip. */
static void network(const {type} *image, int flip, float *logits)
{{
{buffers}
{lines}
    for (int k = 0; k < CLASSES; k++)
        logits[k] = v{last}[k];
}}
"""
PREDICT = """\
/* {what} */
void predict(const {type} *image, float *{outputs})
{{
    static float logits[CLASSES];
{lines}}}
"""
WHOLE = "    network(image, 0, logits);\n"
FLIP = """\
    /* the mean of the image and its horizontal flip */
    static float flipped[CLASSES];
    network(image, 1, flipped);
    for (int k = 0; k < CLASSES; k++)
        logits[k] = (logits[k] + flipped[k]) / 2;
"""
TEMPERATURE = """\
    for (int k = 0; k < CLASSES; k++)
        logits[k] /= {temperature};
"""
SOFTMAX = "    softmax(logits, 1, CLASSES, probabilities);\n"
SCORES = """\
    for (int k = 0; k < CLASSES; k++)
        scores[k] = logits[k];
"""
FINITE = """\
        for (int k = 0; k < INPUTS; k++)
            if (!isfinite(image[k])) {
                fprintf(stderr, "%s holds a value that is not finite.\\n", name);
                return 2;
            }
"""
MAIN = """\
#ifdef HANDGRAD_MAIN
#include <stdio.h>

/* Print the class of each example of a file; 0 if all could be read. */
static int classify(FILE *file, const char *name)
{{
    static {type} image[INPUTS];
    float outputs[CLASSES];
    size_t count;
    while ((count = fread(image, sizeof image[0], INPUTS, file)) == INPUTS) {{
        int best = 0;
{check}        predict(image, outputs);
        for (int k = 1; k < CLASSES; k++)
            if (outputs[k] > outputs[best])
                best = k;
        printf("%s\\t%.4f\\n", class_names[best], outputs[best]);
    }}
    if (ferror(file))
        perror(name);
    else if (count > 0)
        fprintf(stderr, "The last example of %s has %lu of %d values.\\n",
                name, (unsigned long)count, INPUTS);
    return count > 0 || ferror(file) ? 2 : 0;
}}

int main(int argc, char **argv)
{{
    int status = argc > 1 ? 0 : classify(stdin, "standard input");
    for (int k = 1; k < argc && status == 0; k++) {{
        FILE *file = fopen(argv[k], "rb");
        if (file == NULL) {{
            perror(argv[k]);
            return 2;
        }}
        status = classify(file, argv[k]);
        fclose(file);
    }}
    return status;
}}
#endif
"""


def to_c(subject: Any, path: str | Path, *, input_shape: Shape | None = None) -> Path:
    """Write a small network to `path` as one C99 file; return the path.

    `subject` is a fitted classifier, a `TrainedNetwork`, the path of a run or of a
    saved network, or a `Sequential` with its `input_shape`. The file holds the weights
    and a function per kind of layer, with its equation. Its function `predict(image,
    probabilities)` takes one image and needs nothing but the mathematical library;
    compiled with -DHANDGRAD_MAIN it is a program that reads files of raw images.

    ConfigError for a layer that cannot be written, which it names, for more than a
    million weights, or a path that is no .c file; RunError if it cannot be written.

    Shapes
        image          (channels, height, width), uint8; float32 for a network of
                       float32 inputs, (features,) for one of vectors
        probabilities  (classes,), float32; the logits of a network without
                       probabilities

    Example
        to_c("runs/lenet-digits-1", "digits.c")
    """
    place = path_of("to_c", "path", path, RunError)
    write_file(place, c_file(subject, place, input_shape))
    return place


def c_file(subject: Any, path: Path, input_shape: Shape | None = None) -> bytes:
    """The content of the C file of a network; see `to_c`."""
    name = path.name
    if path.suffix != ".c":
        raise ConfigError(
            f"A C file takes a name that ends in .c, got {name!r}. Call it "
            "'classify.c'."
        )
    source = standalone("to_c", subject, input_shape)
    weights = weight_count(source.network)
    if weights > LIMIT:
        raise ConfigError(
            f"A C file takes at most {LIMIT:,} weights, but the network has "
            f"{weights:,}. Train a smaller one, or export it as Python or ONNX."
        )
    return "\n".join(_parts(source)).encode()


def _parts(source: Standalone) -> Iterator[str]:
    """The parts of the file, from its head to its main function."""
    network = Network(source.input_shape)
    network.add(source.network, "")
    functions = dict.fromkeys(network.functions)
    if source.temperature is not None:
        functions["softmax"] = None
    yield _head(source)
    weights = {"input_scale": source.scale, "input_shift": source.shift}
    for name, values in (weights | network.weights).items():
        yield array(name, values)
    if WITH_WINDOWS & functions.keys():
        yield WINDOWS
    yield NORMALIZE[source.input_dtype]
    yield from (FUNCTIONS[name] for name in functions)
    yield _network(source, network)
    if source.crops:
        yield center_crop_function(source)
    yield _predict(source)
    check = "" if source.input_dtype == "uint8" else FINITE
    yield MAIN.format(type=TYPES[source.input_dtype], check=check)


def _head(source: Standalone) -> str:
    names = "".join(f"    {c_string(name)},\n" for name in source.class_names)
    has_probabilities = source.temperature is not None
    return HEAD.format(
        headline=source.headline,
        inputs=prod(source.input_shape),
        shape=" x ".join(map(str, source.input_shape)),
        type="bytes" if source.input_dtype == "uint8" else "floats",
        kind=TYPES[source.input_dtype],
        output="probabilities" if has_probabilities else "scores",
        classes=len(source.class_names),
        names=names,
    )


def _network(source: Standalone, network: Network) -> str:
    shape = source.input_shape
    channels = source.scale.size  # one for all features of a vector of bytes
    sizes = shape[1:] if len(shape) == 3 else (1, prod(shape) // channels)
    given = ", ".join(map(str, (channels, *sizes)))
    sizes_of = enumerate(network.buffers)
    normalized = f"normalize(image, input_scale, input_shift, {given}, flip, v0);"
    lines = ("/* normalization */", normalized, *network.lines)
    return NETWORK.format(
        type=TYPES[source.input_dtype],
        buffers="\n".join(f"    static float v{n}[{size}];" for n, size in sizes_of),
        lines="\n".join(map(_statement, lines)),
        last=network.values,
    )


def _statement(line: str) -> str:
    """A line of a function, wrapped where it is long."""
    return fill(line, WIDTH, initial_indent=" " * 4, subsequent_indent=" " * 8)


def _predict(source: Standalone) -> str:
    has_probabilities = source.temperature is not None
    lines = [WHOLE, FLIP] if source.with_flip else [WHOLE]
    if source.crops:
        lines = [mean_of_parts(source)]
    if source.temperature not in (None, 1):
        lines.append(TEMPERATURE.format(temperature=number(source.temperature)))
    lines.append(SOFTMAX if has_probabilities else SCORES)
    what = "The probability of each class: softmax(logits)."
    return PREDICT.format(
        what=what if has_probabilities else "The score of each class: the logits.",
        type=TYPES[source.input_dtype],
        outputs="probabilities" if has_probabilities else "scores",
        lines="".join(lines),
    )


def c_string(text: str) -> str:
    """A string constant of C, in UTF-8; control characters are written out."""
    return f'"{"".join(map(_escaped, one_line(text).encode()))}"'


def _escaped(byte: int) -> str:
    """A byte of a string constant: itself, or its octal number."""
    is_plain = 0x20 <= byte < 0x7F and chr(byte) not in '"\\?'  # ??/ is a trigraph
    return chr(byte) if is_plain else f"\\{byte:03o}"
