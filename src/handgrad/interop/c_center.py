"""The central parts of an image in C."""

import numpy as np

from handgrad.interop.c_functions import TYPES
from handgrad.interop.c_layers import number
from handgrad.interop.standalone import Standalone

PARTS = """\
    /* the mean of {what} */
    static {type} center[INPUTS];
    static float found[CLASSES];
    for (int k = 0; k < CLASSES; k++)
        logits[k] = 0;
    for (int n = 0; n < {views}; n++) {{
        center_crop(image, parts[n / {each}], center);
        network(center, n % {each}, found);
        for (int k = 0; k < CLASSES; k++)
            logits[k] += found[k] / {views};
    }}
"""
CENTER_CROP = """\
/* Parts of the sides of an image that are seen, and the first row and column. */
static const float parts[][3] = {{{parts}}};

/* The place of a row or column of an image that is reflected at its borders. */
static int fold(int place, int size)
{{
    place = (place % (2 * size) + 2 * size) % (2 * size);
    return place < size ? place : 2 * size - 1 - place;
}}

/* The central part of an image, resized to the whole size: outputs at p =
   image at centre + fraction * (p - centre) + shift, by bilinear interpolation. */
static void center_crop(const {type} *image, const float *part, {type} *outputs)
{{
    for (int y = 0; y < {height}; y++)
        for (int x = 0; x < {width}; x++) {{
            const float v = part[0] * y + part[1], u = part[0] * x + part[2];
            const int i = (int)v - (v < (int)v), j = (int)u - (u < (int)u);
            const int upper = fold(i, {height}) * {width};
            const int lower = fold(i + 1, {height}) * {width};
            const int left = fold(j, {width}), right = fold(j + 1, {width});
            const float b = v - i, a = u - j;
            for (int c = 0; c < {channels}; c++) {{
                const {type} *from = image + c * {pixels};
                const float before = (1 - a) * from[upper + left]
                                     + a * from[upper + right];
                const float after = (1 - a) * from[lower + left]
                                    + a * from[lower + right];
                outputs[c * {pixels} + y * {width} + x]
                    = ({type})((1 - b) * before + b * after{rounding});
            }}
        }}
}}
"""


def center_crop_function(source: Standalone) -> str:
    """The function `center_crop`, and the parts that a source sees."""
    channels, height, width = source.input_shape
    parts = (
        (part, _first(part, height, shift), _first(part, width, shift))
        for part, shift in source.crops
    )
    is_bytes = source.input_dtype == "uint8"
    return CENTER_CROP.format(
        type=TYPES[source.input_dtype],
        channels=channels,
        height=height,
        width=width,
        pixels=height * width,
        parts=", ".join(f"{{{', '.join(map(number, part))}}}" for part in parts),
        rounding=" + 0.5f" if is_bytes else "",
    )


def _first(part: float, size: int, shift: int) -> float:
    """The first row or column of a part."""
    return float(np.float32((1 - part) * (size - 1) / 2) + np.float32(shift))


def mean_of_parts(source: Standalone) -> str:
    """The statements that average the logits of the parts, and of their flips."""
    each, flips = (2, " and their flips") if source.with_flip else (1, "")
    return PARTS.format(
        what=f"parts of the image{flips}",
        type=TYPES[source.input_dtype],
        views=each * len(source.crops),
        each=each,
    )
