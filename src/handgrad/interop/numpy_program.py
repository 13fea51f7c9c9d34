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


def check(examples: Array) -> Array:
    """The examples as arrays of INPUT_DTYPE; ValueError if the network takes others."""
    examples = np.asarray(examples)
    if examples.shape[1:] != INPUT_SHAPE or len(examples) == 0:
        shape = ", ".join(map(str, ("count", *INPUT_SHAPE)))
        raise ValueError(
            f"The network takes arrays of shape ({shape}), with a count of at least 1, "
            f"got {examples.shape}. Give one example as examples[None]."
        )
    if INPUT_DTYPE == "uint8" != examples.dtype or examples.dtype.kind not in "buif":
        raise ValueError(
            f"The network takes {INPUT_DTYPE}, got {examples.dtype}. Convert the array."
        )
    if examples.dtype.kind == "f" and not np.isfinite(examples).all():
        raise ValueError("The network takes finite numbers, got others. Replace them.")
    return examples.astype(INPUT_DTYPE)


def read_array(path: str) -> Array:
    """The examples of a .npy file, (count, *INPUT_SHAPE); one may lack the count."""
    if not path.endswith(".npy"):
        raise ValueError("This network takes .npy files. Give one.")
    array = np.atleast_1d(np.load(path))
    layouts = (array, array[None], array[:, None], array[None, None])
    fitting = (each for each in layouts if each.shape[1:] == INPUT_SHAPE)
    return check(next(fitting, array))


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

    if image.width * height > image.height * width:
        size = (width, max(1, round(image.height * width / image.width)))
    else:
        size = (max(1, round(image.width * height / image.height)), height)
    image = image.resize(size, Image.Resampling.BILINEAR)
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


def draft(image: Any, side: int) -> None:
    """Set a JPEG to be decoded at 1/2, 1/4 or 1/8 of its size, as in training."""
    width, height = image.size
    for part in (2, 4, 8):
        if image.width * image.height > 16_000_000:
            image.draft(None, (-(-width // part), -(-height // part)))
    pixels = min(image.size) if fit.__name__ == "crop" else max(image.size)
    for part in (8, 4, 2):
        shift = side * max(-length % part / length for length in image.size)
        if fit.__name__ != "stretch" and pixels >= 2 * part * side and shift <= 1 / 8:
            image.draft(None, (image.width // part or 1, image.height // part or 1))
            return


def read_images(path: str) -> Array:
    """The images of a .npy file, or the one of an image file."""
    if path.endswith(".npy"):
        return read_array(path)
    try:
        from PIL import Image, ImageOps
    except ImportError:
        raise ValueError("Image files need Pillow: pip install pillow.") from None

    channels, height, width = INPUT_SHAPE
    image: Any = Image.open(path)
    draft(image, max(height, width))
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith(("I", "F")):
        raise ValueError("It has more than 8 bits per channel. Convert it to 8.")
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
        except ValueError as error:
            sys.exit(f"{path}: {error}")
        except Exception as error:  # decoders raise nearly every kind of exception
            sys.exit(f"{path} cannot be read: {error}. Give an image or a .npy file.")
        for number in range(len(examples)):
            (outputs,) = predict(examples[number : number + 1])
            best = int(outputs.argmax())
            name = CLASS_NAMES[best]
            shown = name if name.isprintable() else ascii(name)
            place = path if len(examples) == 1 else f"{path}:{number}"
            print(f"{place}\t{shown}\t{outputs[best]:.4f}", flush=True)
