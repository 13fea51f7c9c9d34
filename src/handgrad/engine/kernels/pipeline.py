"""Augmentation by recorded operations: a tile's images, image by image.

Each operation stands for a function of `handgrad.augmentation`, with the same order of
float32 operations, so the bits are the same. Images are (channels, height, width); an
operation reads one buffer and writes another.
"""

import numpy as np
from numba import carray, types
from numba.extending import overload

from handgrad.augmentation.noise import LEVELS
from handgrad.augmentation.pixel_values import LUMINANCE
from handgrad.augmentation.recorded_operations import (
    MIX,
    NOISE,
    RECOLOUR,
    RESAMPLE,
    VIEW,
)
from handgrad.engine.kernels.declaration import (
    FLOATS,
    LONGS,
    TILE,
    Sizes,
    reads,
    scratch,
    times,
    writes,
)
from handgrad.engine.kernels.dropout import philox_words
from handgrad.engine.kernels.entry import (
    Kernel,
    kernel,
    kernel_entry,
    kernel_family,
)
from handgrad.engine.kernels.gather import (
    COUNT,
    INPUTS,
    NUMBERS,
    TILE_NUMBERS,
    VIEWS,
    element_of,
)
from handgrad.engine.kernels.machine import double_pointer, long_pointer
from handgrad.engine.kernels.resample import (
    as_pixel,
    resample_at,
    resample_numbers,
    rounded,
)
from handgrad.engine.kernels.views import batch_images, look_at

f32, f64, u32, u64 = np.float32, np.float64, np.uint32, np.uint64
ZERO, ONE = f32(0), f32(1)
MIXTURE = 6  # numbers of a mixture: a row, a share, four corners
RED, GREEN, BLUE = LUMINANCE


def sum_of(values):
    """The sum in float64, one value after another."""
    total = 0.0
    for value in values:
        total += f64(value)
    return total


@overload(sum_of)
def _sum_of(values):
    """The same for compiled code; sums of bytes are exact in any order."""
    if values.dtype is not types.uint8:
        return sum_of

    def sum_of_bytes(values):
        total = 0
        for value in values:
            total += np.int64(value)
        return f64(total)

    return sum_of_bytes


@kernel
def mean_grey(image, channels, size):
    """The mean luminance, summed in float64.

    Stands for
        augmentation.pixel_values.mean_grey
    """
    grey = 0.0
    for channel in range(channels):
        total = sum_of(image[channel * size : (channel + 1) * size])
        share = 1 / channels
        if channels == 3:
            share = RED if channel == 0 else GREEN if channel == 1 else BLUE
        grey += share * total
    return grey / size


@kernel
def recolour(image, numbers, outputs, shape):
    """A linear map of the channels of each pixel, plus a share of the mean grey.

    Stands for
        augmentation.recolour
    """
    channels, height, width = shape
    size = height * width
    offset = ZERO
    if numbers[0] != 0:
        offset = f32(f64(f32(numbers[0])) * mean_grey(image, channels, size))
    if channels != 3:
        factor = f32(numbers[1])
        for pixel in range(channels * size):
            value = factor * f32(image[pixel]) + offset
            outputs[pixel] = as_pixel(value, outputs)
        return
    red, green = image[:size], image[size : 2 * size]
    blue = image[2 * size : 3 * size]
    for channel in range(3):
        first, second = f32(numbers[1 + 3 * channel]), f32(numbers[2 + 3 * channel])
        third = f32(numbers[3 + 3 * channel])
        target = outputs[channel * size : (channel + 1) * size]
        for pixel in range(size):
            total = first * f32(red[pixel]) + second * f32(green[pixel])
            total = total + third * f32(blue[pixel])
            target[pixel] = as_pixel(total + offset, outputs)


@kernel
def add_noise(image, words, deviation, levels, outputs, size):
    """Normal noise: 12 bits of each half of a random word give one value.

    Stands for
        augmentation.noise.add_noise
    """
    k0, k1, step, example = u64(words[0]), u64(words[1]), u64(words[2]), u64(words[3])
    for block in range(-(-size // 8)):
        draws = philox_words(u64(block), example, step, k0, k1)
        for part in range(min(8, size - 8 * block)):
            draw = draws[part // 2] >> u64(16 * (part % 2))
            place = 8 * block + part
            noise = deviation * levels[np.int64((draw & u64(0xFFFF)) >> u64(4))]
            outputs[place] = as_pixel(f32(image[place]) + noise, outputs)


@kernel
def operate(operation, image, words, numbers, tables, outputs, shape):
    """One operation on one image; `words` and `numbers` are the same bytes.

    `tables` are the levels of noise, and what `resample_at` works with.
    """
    levels, work = tables
    if operation == VIEW:
        look_at(image, words, outputs, shape)
    elif operation == RESAMPLE:
        resample_at(image, numbers, outputs, shape, work)
    elif operation == RECOLOUR:
        recolour(image, numbers, outputs, shape)
    elif operation == NOISE:
        size = shape[0] * shape[1] * shape[2]
        add_noise(image, words, f32(numbers[4]), levels, outputs, size)


@kernel
def mix(image, other, share, corners, outputs, shape):
    """Blend an image with another, which alone is seen in a rectangle.

    Stands for
        augmentation.mixture.mix
    """
    channels, height, width = shape
    if share == ONE:
        for pixel in range(channels * height * width):
            outputs[pixel] = image[pixel]
    else:
        rest = ONE - share
        for pixel in range(channels * height * width):
            value = share * f32(image[pixel]) + rest * f32(other[pixel])
            outputs[pixel] = rounded(value, outputs)
    for channel in range(channels):
        for line in range(corners[0], corners[1]):
            place = (channel * height + line) * width
            seen = slice(place + corners[2], place + corners[3])
            outputs[seen] = other[seen]


@kernel
def changed(image, steps, ends, words, numbers, tables, buffers, shape):
    """An image after its operations: itself, or the first of two buffers.

    `ends` are the number of operations, and of their columns.
    """
    operations, columns = ends
    for number in range(operations):
        first = steps[2 * number + 2]
        last = steps[2 * number + 4] if number + 1 < operations else columns
        target = buffers[(operations - number - 1) % 2]  # the last one is the first
        part = slice(first, last)
        operate(
            steps[2 * number + 1],
            image,
            words[part],
            numbers[part],
            tables,
            target,
            shape,
        )
        image = target
    return image


@kernel_family
def pipeline_kernel(dtype: str) -> Kernel:
    """All images of a tile after their operations, where a batch has any.

    Stands for
        augmentation.recorded_operations.perform

    Cost
        each operation reads and writes an image, of which all but the first read and
        the last write stay in the core's own cache; a mixed image takes twice as much

    Layout
        steps are the number of operations, then of each its kind and first column in
        the table; after the columns of MIX, the last, are those of the second image,
        which has the same operations
    """

    @kernel_entry(bytes_moved=times(2 * np.dtype(dtype).itemsize, *TILE_NUMBERS))
    def pipeline(
        block: reads(LONGS, INPUTS),
        steps: reads(LONGS, times("words")),
        levels: reads(FLOATS, LEVELS),
        pictures: writes(element_of(dtype), times(*TILE_NUMBERS)),
        work: scratch(FLOATS, resample_numbers),
        spare: scratch(element_of(dtype), times(2, "channels", "height", "width")),
        sizes: Sizes("words channels height width lanes"),
        tile: TILE,
    ):
        if block[VIEWS] == 0:
            return
        shape, lanes = sizes[1:4], sizes[4]
        size = shape[0] * shape[1] * shape[2]
        images, rows = batch_images(block, pictures)
        count, columns, operations = block[COUNT], block[NUMBERS], steps[0]
        table = carray(long_pointer(block[VIEWS]), (count, columns))
        numbers = carray(double_pointer(block[VIEWS]), (count, columns))
        is_mixed = operations > 0 and steps[2 * operations - 1] == MIX
        tables = levels, work
        first = steps[2 * operations] if is_mixed else columns
        ends = operations - 1 if is_mixed else operations, first
        for lane in range(lanes):
            example = tile * lanes + lane
            example = example if example < count else 0
            image = images[rows[example] * size : (rows[example] + 1) * size]
            own = pictures[lane * size : (lane + 1) * size]
            words, reals = table[example], numbers[example]
            buffers = own, spare[:size]
            image = changed(image, steps, ends, words, reals, tables, buffers, shape)
            if not is_mixed:
                continue
            share, corners = f32(reals[first + 1]), words[first + 2 : first + MIXTURE]
            other = images[words[first] * size : (words[first] + 1) * size]
            if share < ONE or corners[0] < corners[1]:
                words, reals = words[first + MIXTURE :], reals[first + MIXTURE :]
                buffers = spare[:size], spare[size:]
                other = changed(
                    other, steps, ends, words, reals, tables, buffers, shape
                )
            mix(image, other, share, corners, own, shape)

    return pipeline
