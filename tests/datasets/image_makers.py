"""Small image files for tests."""

from io import BytesIO

import numpy as np
from PIL import Image


def image_bytes(size=(8, 6), mode="RGB", seed=0, form="PNG", **options):
    """The content of a file of random pixels; size is (height, width)."""
    channels = {"L": (), "RGB": (3,)}[mode]
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, *channels), np.uint8)
    return as_file(Image.fromarray(pixels), form, **options)


def as_file(image, form="PNG", **options):
    """A Pillow image as the content of a file."""
    stream = BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def make_folder(root, names, **options):
    """Write a folder with a different image for each name."""
    for seed, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(image_bytes(seed=seed, **options))
    return root


def picture_of(pixels, kind="PNG", **options):
    """The content of an image file of these pixels."""
    return as_file(Image.fromarray(np.asarray(pixels, np.uint8)), kind, **options)
