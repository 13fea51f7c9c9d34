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
fit: Any  # one of crop, pad and stretch


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


def crop(image: Any, width: int, height: int) -> Any:
    """The largest part in the centre that has the network's aspect ratio, resized."""
    from PIL import Image

    part_width = min(image.width, image.height * width / height)
    part_height = min(image.height, image.width * height / width)
    left, top = (image.width - part_width) / 2, (image.height - part_height) / 2
    part = (left, top, left + part_width, top + part_height)
    return image.resize((width, height), Image.Resampling.BILINEAR, part)


def pad(image: Any, width: int, height: int) -> Any:
    """The whole image in the centre, on the mean colour of its outermost pixels."""
    from PIL import Image

    scale = min(width / image.width, height / image.height)
    size = (round(image.width * scale), round(image.height * scale))
    image = image.resize((max(1, size[0]), max(1, size[1])), Image.Resampling.BILINEAR)
    pixels = np.asarray(image)
    is_border = np.ones(pixels.shape[:2], dtype=bool)
    is_border[1:-1, 1:-1] = False
    colour = np.rint(pixels[is_border].mean(axis=0)).astype(int).tolist()
    fill = tuple(colour) if isinstance(colour, list) else colour
    whole = Image.new(image.mode, (width, height), fill)
    whole.paste(image, ((width - image.width) // 2, (height - image.height) // 2))
    return whole


def stretch(image: Any, width: int, height: int) -> Any:
    """The whole image, each side resized independently."""
    from PIL import Image

    return image.resize((width, height), Image.Resampling.BILINEAR)


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
    if image.size != (width, height):
        image = fit(image, width, height)
    pixels = np.asarray(image).reshape(height, width, channels)
    return pixels.transpose(2, 0, 1)[None]


def main(paths: list[str]) -> None:
    """Print the class of each example and its probability or score."""
    if not paths or "--help" in paths:
        sys.exit(__doc__)
    for path in paths:
        try:
            examples = read_images(path)
        except (OSError, ValueError) as error:
            sys.exit(f"{path} cannot be read: {error}. Give a picture or a .npy file.")
        for number in range(len(examples)):
            (outputs,) = predict(examples[number : number + 1])
            best = int(outputs.argmax())
            name = CLASS_NAMES[best]
            shown = name if name.isprintable() else ascii(name)
            place = path if len(examples) == 1 else f"{path}:{number}"
            print(f"{place}\t{shown}\t{outputs[best]:.4f}")
