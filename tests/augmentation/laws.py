"""Laws that hold for every augmentation."""

import numpy as np

from handgrad.randomness import Key


def images_of(count, shape=(3, 8, 6), seed=0):
    """Random images without zeros, so that zeros come from the augmentation."""
    return np.random.default_rng(seed).integers(1, 256, (count, *shape), np.uint8)


def key_of(count, seed=0, step=1):
    """The key of a batch whose examples are not simply 0, 1, 2, ..."""
    return Key(seed).child("augmentation").at(step, np.arange(count) * 7 + 3)


def assert_follows_the_laws(augmentation, shape=(3, 8, 6)):
    """Same shape and dtype, inputs not modified, draws depend on the examples."""
    images, key = images_of(40, shape), key_of(40)
    before = images.copy()
    outputs = augmentation.apply(images, key)
    np.testing.assert_array_equal(images, before)
    assert outputs.shape == images.shape
    assert outputs.dtype == np.uint8
    assert not np.shares_memory(outputs, images)
    np.testing.assert_array_equal(augmentation.apply(images, key), outputs)
    images.flags.writeable = False  # a memory-mapped data set cannot be written to
    order = np.random.default_rng(1).permutation(40)[:25]
    moved = augmentation.apply(images[order], key.at(key.step, key.examples[order]))
    np.testing.assert_array_equal(moved, outputs[order])
    one = augmentation.apply(images[3:4], key.at(key.step, key.examples[3:4]))
    np.testing.assert_array_equal(one, outputs[3:4])
    for other in (key_of(40, seed=1), key_of(40, step=2), key.child("2")):
        assert not np.array_equal(augmentation.apply(images, other), outputs)
