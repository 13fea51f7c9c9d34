"""The central parts of images in C, bit for bit; test_c_source has them in files."""

import ctypes
import shutil

import numpy as np
import pytest

from augmentation.laws import images_of
from handgrad.augmentation import center_crop
from handgrad.interop.c_center import center_crop_function, mean_of_parts
from handgrad.interop.standalone import Standalone
from handgrad.models import softmax_regression
from interop.programs import compiled

PARTS = ((0.875, 0), (1.0, 0), (0.3, 0), (0.8, 1), (0.8, -1), (1.0, 3), (1.0, -40))
WRAPPER = """
void predict(const {type} *image, int part, {type} *outputs)
{{
    center_crop(image, parts[part], outputs);
}}
"""


def source_of(images, **settings):
    shape, one = images.shape[1:], np.ones((len(images[0]), 1, 1), np.float32)
    network = softmax_regression(input_shape=shape, classes=2)
    names, dtype = ("a", "b"), str(images.dtype)
    chosen = {"with_flip": False, "temperature": None, "crops": PARTS} | settings
    return Standalone(network, shape, dtype, names, one, one, **chosen)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_equals_the_crop_of_predictions(dtype, tmp_path):
    images = images_of(2).astype(dtype)
    kind = {"uint8": "unsigned char", "float32": "float"}[dtype]
    path = tmp_path / "crop.c"
    path.write_text(center_crop_function(source_of(images)) + WRAPPER.format(type=kind))
    crop, found = compiled(path), np.empty_like(images[0])
    for part, view in enumerate(PARTS):
        expected = center_crop(images, *view)
        for image, one in zip(images, expected, strict=True):
            ends = (each.ctypes.data_as(ctypes.c_void_p) for each in (image, found))
            crop(next(ends), part, next(ends))
            np.testing.assert_array_equal(found, one)


def test_every_part_and_its_flip_counts_once():
    images = images_of(1)
    with_flip = mean_of_parts(source_of(images, with_flip=True))
    assert "n < 14" in with_flip
    assert "found[k] / 14" in with_flip
    assert "and their flips" in with_flip
    assert "n < 7" in mean_of_parts(source_of(images))
