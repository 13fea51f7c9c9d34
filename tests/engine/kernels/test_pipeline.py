"""The kernel does what `perform` does, tile by tile and to the bit."""

import numpy as np
import pytest

from handgrad import augmentation
from handgrad.augmentation.mixture import mix, mixed
from handgrad.augmentation.noise import normal_levels
from handgrad.augmentation.recorded_operations import Pipeline, perform
from handgrad.engine.kernels import pipeline
from handgrad.engine.kernels.gather import COUNT, INPUTS
from handgrad.engine.kernels.pipeline import operate, pipeline_kernel
from handgrad.engine.kernels.resample import resample_numbers
from handgrad.randomness import Key, random_bits

from .run import run_entry

TILE = 4
ROWS = np.array([3, 19, 0, 3, 7, 8], np.int64)
CHANGES = {
    "affine": [augmentation.RandomAffine(180.0, 0.9, 1.0, 0.9)],
    "resized crop": [augmentation.RandomResizedCrop(0.05)],
    "turns": [augmentation.RandomRotate90(), augmentation.RandomVerticalFlip()],
    "colours": [augmentation.ColorJitter(0.9, 0.9, 0.9, 0.5)],
    "factors": [augmentation.ColorJitter(0.5, 0.0, 0.0)],
    "grey": [augmentation.RandomGrayscale(0.5)],
    "noise": [augmentation.GaussianNoise(0.3)],
    "erasing": [augmentation.RandomErasing(0.9)],
    "all": [
        augmentation.RandomFlip(),
        augmentation.RandomAffine(),
        augmentation.RandomCrop(2),
        augmentation.ColorJitter(),
        augmentation.GaussianNoise(),
        augmentation.RandomErasing(),
        augmentation.RandomResizedCrop(),
    ],
}
SHAPES = [(3, 9, 9), (1, 7, 7), (2, 1, 1), (3, 20, 20)]


def images_of(shape, dtype):
    """Bytes, or float32 numbers of both signs."""
    bits = random_bits(Key(1), (20, *shape))
    if dtype == "uint8":
        return (bits % 256).astype(np.uint8)
    return (bits.astype(np.float32) - np.float32(2**31)) / np.float32(2**30)


def recorded_of(changes, images, rows=ROWS):
    pipeline, key = Pipeline(len(ROWS), images), Key(2).at(1, rows)
    for number, change in enumerate(changes):
        pipeline.add(change, key.child(str(number)))
    return pipeline.recorded()


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", CHANGES)
def test_a_tile_of_images(name, shape, dtype):
    """Beyond the batch's end, the first image again."""
    images = images_of(shape, dtype)
    recorded = recorded_of(CHANGES[name], images)
    assert_a_tile_is(images, recorded, perform(images[ROWS], recorded))


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("changes", [[], CHANGES["affine"], CHANGES["all"]], ids=len)
@pytest.mark.parametrize("mixer", [augmentation.Mixup(1), augmentation.CutMix()])
def test_a_tile_of_mixed_images(mixer, changes, shape, dtype):
    images = images_of(shape, dtype)
    own = recorded_of(changes, images)
    mixture = mixer.mixture(Key(3).at(1, ROWS), len(ROWS), 20, shape)
    other = recorded_of(changes, images, mixture.rows)
    expected = mix(
        perform(images[ROWS], own), perform(images[mixture.rows], other), mixture
    )
    both = mixed(own, mixture._replace(recorded=other))
    assert_a_tile_is(images, both, expected)


def test_mixing_in_python():
    """The same function without compilation, from an image and into it."""
    image, other = images_of((3, 5, 4), "uint8")[:2].reshape(2, -1)
    outputs = np.zeros_like(image)
    arguments = np.float32(0.25), np.array([1, 3, 2, 4])
    pipeline.mix.py_func(image, other, *arguments, outputs, (3, 5, 4))
    pipeline.mix(image, other, *arguments, image, (3, 5, 4))
    np.testing.assert_array_equal(outputs, image)


def assert_a_tile_is(images, recorded, expected):
    """The kernel's images of both tiles, in a program with room for more operations."""
    shape, dtype = images.shape[1:], str(images.dtype)
    table, steps = recorded.table, recorded.steps
    addresses = (images.ctypes.data, 0, ROWS.ctypes.data, 0, len(ROWS))
    block = np.zeros(INPUTS, np.int64)
    block[:7] = *addresses, table.ctypes.data, table.shape[1]
    words = np.array([len(steps), *steps.reshape(-1), 99, 99], np.int64)
    pictures, spare = np.zeros((TILE, *shape), dtype), np.zeros((2, *shape), dtype)
    work = np.zeros(resample_numbers(*shape), np.float32)
    for tile in (0, 1):
        arrays = (block, words, normal_levels(), pictures, work, spare)
        run_entry(pipeline_kernel(dtype), *arrays, len(words), *shape, TILE, tile=tile)
        numbers = range(tile * TILE, (tile + 1) * TILE)
        numbers = [number if number < len(ROWS) else 0 for number in numbers]
        np.testing.assert_array_equal(pictures, expected[numbers])


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_without_operations_nothing_is_touched(dtype):
    block = np.zeros(INPUTS, np.int64)
    block[COUNT] = len(ROWS)
    pictures, spare = np.full((TILE, 2, 3, 3), 7, dtype), np.zeros((2, 2, 3, 3), dtype)
    work = np.zeros(resample_numbers(2, 3, 3), np.float32)
    words = np.zeros(1, np.int64)
    arrays = (block, words, normal_levels(), pictures, work, spare)
    run_entry(pipeline_kernel(dtype), *arrays, 1, 2, 3, 3, TILE)
    np.testing.assert_array_equal(pictures, 7)


@pytest.mark.parametrize("name", CHANGES)
def test_one_image_in_python(name):
    """The same functions without compilation."""
    images = images_of((3, 5, 5), "uint8")
    recorded = recorded_of(CHANGES[name], images)
    image = images[ROWS[1]].reshape(-1)
    tables = normal_levels(), np.zeros(resample_numbers(3, 5, 5), np.float32)
    for number, (operation, _) in enumerate(recorded.steps.tolist()):
        words = np.ascontiguousarray(recorded.columns(number)[1])
        outputs = np.zeros_like(image)
        operate.py_func(
            operation, image, words, words.view(np.float64), tables, outputs,
            (3, 5, 5),
        )  # fmt: skip
        image = outputs
    expected = perform(images[ROWS], recorded)[1]
    np.testing.assert_array_equal(image.reshape(3, 5, 5), expected)
