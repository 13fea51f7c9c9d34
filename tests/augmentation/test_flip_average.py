import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handgrad.augmentation import flip_average, logits_with_flip

from .laws import images_of

WEIGHTS = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)


def answers(images):
    """A linear network of the columns of an image, which a flip changes."""
    columns = images.sum(axis=(1, 2)).astype(np.float32)
    return columns @ WEIGHTS


def by_definition(images):
    """The definition, pixel by pixel."""
    mirrored = np.empty_like(images)
    for n, c, y, x in np.ndindex(images.shape):
        mirrored[n, c, y, x] = images[n, c, y, images.shape[3] - 1 - x]
    return (answers(images).astype(np.float64) + answers(mirrored)) / 2


@given(count=st.integers(0, 9), part=st.integers(1, 10))
def test_is_the_mean_of_the_image_and_its_flip(count, part):
    images = images_of(count)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flip_average, "PART", part)
        found = logits_with_flip(answers, images)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, by_definition(images), rtol=1e-6, atol=1e-5)


def test_a_flipped_image_gives_identical_logits():
    images = images_of(20)
    mirrored = np.ascontiguousarray(images[..., ::-1])
    np.testing.assert_array_equal(
        logits_with_flip(answers, images), logits_with_flip(answers, mirrored)
    )
    assert not np.array_equal(answers(images), answers(mirrored))


def test_images_and_the_first_logits_are_not_modified():
    images = images_of(5)
    before, kept = images.copy(), answers(images)
    held = kept.copy()
    logits_with_flip(lambda seen: kept if seen is images else answers(seen), images)
    np.testing.assert_array_equal(images, before)
    np.testing.assert_array_equal(kept, held)
