import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handgrad.augmentation import flip_average, logits_with_flip

from .laws import images_of

WEIGHTS = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)


def answers(images):
    """A linear network that looks at the columns of an image, so left is not right."""
    columns = images.sum(axis=(1, 2)).astype(np.float32)
    return columns @ WEIGHTS


def by_definition(images):
    """Image after image, pixel after pixel."""
    mirrored = np.empty_like(images)
    for n, c, y, x in np.ndindex(images.shape):
        mirrored[n, c, y, x] = images[n, c, y, images.shape[3] - 1 - x]
    return (answers(images).astype(np.float64) + answers(mirrored)) / 2


@given(count=st.integers(0, 9), part=st.integers(1, 10))
def test_it_is_the_mean_of_an_image_and_its_mirror_image(count, part):
    images = images_of(count)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flip_average, "PART", part)
        found = logits_with_flip(answers, images)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, by_definition(images), rtol=1e-6, atol=1e-5)


def test_a_mirrored_image_gets_the_same_answer_to_the_bit():
    images = images_of(20)
    mirrored = np.ascontiguousarray(images[..., ::-1])
    np.testing.assert_array_equal(
        logits_with_flip(answers, images), logits_with_flip(answers, mirrored)
    )
    assert not np.array_equal(answers(images), answers(mirrored))


def test_neither_the_images_nor_the_first_answer_are_changed():
    images = images_of(5)
    before, kept = images.copy(), answers(images)
    held = kept.copy()
    logits_with_flip(lambda seen: kept if seen is images else answers(seen), images)
    np.testing.assert_array_equal(images, before)
    np.testing.assert_array_equal(kept, held)
