"""What a written program does around its network: what `to_python` copies into it.

The names without a value are defined in each program.
"""

import sys
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = Any  # np.ndarray in the programs

CLASS_NAMES: list[str]
INPUT_SHAPE: tuple[int, ...]
INPUT_DTYPE: str
predict: Any


def read_array(path: str) -> Array:
    """The examples of a .npy file, (count, *INPUT_SHAPE); one may lack the count."""
    if not path.endswith(".npy"):
        sys.exit(f"{path} is not a .npy file, which this network needs.")
    array = np.atleast_1d(np.load(path))
    for examples in (array, array[None], array[:, None], array[None, None]):
        if examples.shape[1:] == INPUT_SHAPE:
            if INPUT_DTYPE == "uint8" != examples.dtype:
                sys.exit(f"{path} holds {examples.dtype}, but the network takes uint8.")
            return examples.astype(INPUT_DTYPE)
    sys.exit(f"{path} has shape {array.shape}; expected (count, *{INPUT_SHAPE}).")


def read_images(path: str) -> Array:
    """The images of a .npy file, or the one of a picture file."""
    if path.endswith(".npy"):
        return read_array(path)
    from PIL import Image, ImageOps

    channels, height, width = INPUT_SHAPE
    image = ImageOps.exif_transpose(Image.open(path))
    if image.mode.startswith(("I", "F")):
        sys.exit(f"{path} has more than 8 bits per channel. Convert it to 8.")
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
    image = image.convert("L" if channels == 1 else "RGB")
    image = image.resize((width, height), Image.Resampling.BILINEAR)
    pixels = np.asarray(image).reshape(height, width, channels)
    return pixels.transpose(2, 0, 1)[None]


def main(paths: list[str]) -> None:
    """Print the class of each example and its probability or score."""
    if not paths:
        sys.exit(__doc__)
    for path in paths:
        examples = read_images(path)
        for number in range(len(examples)):
            (outputs,) = predict(examples[number : number + 1])
            best = int(outputs.argmax())
            name = CLASS_NAMES[best]
            shown = name if name.isprintable() else ascii(name)
            place = path if len(examples) == 1 else f"{path}:{number}"
            print(f"{place}\t{shown}\t{outputs[best]:.4f}")
