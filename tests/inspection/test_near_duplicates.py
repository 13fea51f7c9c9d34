"""Near-duplicates: copies are found, different images are not."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_images

from handgrad.inspection import near_duplicates as module
from handgrad.inspection.near_duplicates import near_duplicates, thumbnails, uniform


@pytest.fixture(scope="module")
def photographs():
    """Forty crops of two photographs, (40, 3, 64, 64)."""
    whole = load_sample_images().images
    draw = np.random.default_rng(0)
    crops = []
    for number in range(40):
        image = whole[number % 2]
        top, left = (int(draw.integers(0, n - 160)) for n in image.shape[:2])
        crop = Image.fromarray(image[top : top + 160, left : left + 160])
        crops.append(np.asarray(crop.resize((64, 64))).transpose(2, 0, 1))
    return np.stack(crops)


def compressed(image):
    stream = BytesIO()
    Image.fromarray(image.transpose(1, 2, 0)).save(stream, "JPEG", quality=75)
    return np.asarray(Image.open(stream)).transpose(2, 0, 1)


def halved(image):
    small = Image.fromarray(image.transpose(1, 2, 0)).resize((32, 32))
    return np.asarray(small.resize((64, 64))).transpose(2, 0, 1)


COPIES = {
    "equal": np.copy,
    "compressed": compressed,
    "halved": halved,
    "darker": lambda image: (image * 0.7).astype(np.uint8),
}


@pytest.mark.parametrize("kind", COPIES)
def test_copies_are_found(photographs, kind):
    copies = np.stack([COPIES[kind](image) for image in photographs[:10]])
    found = near_duplicates(np.concatenate([photographs, copies]))
    assert {(one.first, one.second) for one in found} == {
        (k, 40 + k) for k in range(10)
    }
    assert all(one.is_exact == (kind == "equal") for one in found)
    assert all(0.99 <= one.similarity <= 1.0001 for one in found)


def test_colours_matter(photographs):
    swapped = photographs[:5, [2, 1, 0]]
    assert near_duplicates(np.concatenate([photographs, swapped])) == []


def test_blocks_do_not_matter(photographs, monkeypatch):
    images = np.concatenate([photographs, photographs[7:12]])
    whole = near_duplicates(images)
    monkeypatch.setattr(module, "BLOCK", 7)
    assert [one[:2] for one in near_duplicates(images)] == [one[:2] for one in whole]


def test_the_similarity_is_a_correlation(photographs):
    images = np.stack([photographs[0], compressed(photographs[0])])
    (found,) = near_duplicates(images, 0.9)
    small = thumbnails(images).reshape(2, -1)
    assert found.similarity == pytest.approx(np.corrcoef(small)[0, 1], abs=1e-5)


def test_uniform_images_are_no_duplicates():
    images = np.full((4, 1, 8, 8), 200, dtype=np.uint8)
    images[1, 0, 0, 0] = 203
    images[2, 0, 0, 0] = 204
    assert uniform(images).tolist() == [True, True, False, True]
    assert near_duplicates(images) == []
    assert uniform(images[2:].astype(np.float32) / 255).tolist() == [False, True]


@pytest.mark.parametrize("size", [(8, 8), (28, 28), (64, 48), (17, 33)])
def test_thumbnails_are_means_over_areas(size):
    """Each pixel repeated 16 times is averaged over whole pixels."""
    images = np.random.default_rng(1).integers(0, 256, (3, 2, *size), dtype=np.uint8)
    rows, columns = (min(16, length) for length in size)
    fine = images.repeat(rows, axis=2).repeat(columns, axis=3).astype(np.float64)
    cells = fine.reshape(3, 2, rows, size[0], columns, size[1])
    np.testing.assert_allclose(thumbnails(images), cells.mean(axis=(3, 5)), rtol=1e-5)


def test_few_images():
    assert near_duplicates(np.zeros((0, 1, 8, 8), dtype=np.uint8)) == []
    assert near_duplicates(np.arange(64, dtype=np.uint8).reshape(1, 1, 8, 8)) == []
