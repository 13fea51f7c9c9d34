"""The central parts of an image in C."""

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

/* The central part of an image, resized to the whole size: outputs at p =
   image at centre + fraction * (p - centre), by bilinear interpolation. */
static void center_crop(const {type} *image, const float *part, {type} *outputs)
{{
    for (int y = 0; y < {height}; y++)
        for (int x = 0; x < {width}; x++) {{
            const float v = part[0] * y + part[1], u = part[0] * x + part[2];
            const int i = (int)v, j = (int)u;
            const int below = (i + 1 < {height} ? i + 1 : i) * {width};
            const int right = j + 1 < {width} ? j + 1 : j;
            const float b = v - i, a = u - j;
            for (int c = 0; c < {channels}; c++) {{
                const {type} *from = image + c * {pixels};
                const float upper = (1 - a) * from[i * {width} + j]
                                    + a * from[i * {width} + right];
                const float lower = (1 - a) * from[below + j] + a * from[below + right];
                outputs[c * {pixels} + y * {width} + x]
                    = ({type})((1 - b) * upper + b * lower{rounding});
            }}
        }}
}}
"""


def center_crop_function(source: Standalone) -> str:
    """The function `center_crop`, and the parts that a source sees."""
    channels, height, width = source.input_shape
    parts = (
        (part, *((1 - part) * (size - 1) / 2 for size in (height, width)))
        for part in source.crops
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


def mean_of_parts(source: Standalone) -> str:
    """The statements that average the logits of the parts, and of their flips."""
    each, flips = (2, " and their flips") if source.with_flip else (1, "")
    return PARTS.format(
        what=f"parts of the image{flips}",
        type=TYPES[source.input_dtype],
        views=each * len(source.crops),
        each=each,
    )
