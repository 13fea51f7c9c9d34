import numpy as np
import pytest

from handgrad.errors import ConfigError, HandgradError, ShapeError
from handgrad.inspection import (
    gradient_flow,
    jacobians,
    learning_rate_finder,
    saturation,
)
from handgrad.inspection.data_sample import array_sample, data_sample, dataset_sample

IMAGES = np.arange(6 * 12, dtype=np.uint8).reshape(6, 3, 4)
LABELS = ["hen", "cat", "dog", "cat", "hen", "hen"]


def test_images_of_a_data_set_are_normalised_by_all_of_its_images():
    sample = dataset_sample(None, 5)
    assert sample.images.shape == (5, 1, 28, 28)
    assert sample.inputs.dtype == np.float64
    assert sample.what == "the first 5 training images of digits"
    assert np.unique(sample.inputs).size == np.unique(sample.images).size
    with pytest.raises(HandgradError, match="count"):
        dataset_sample(None, 0)


def test_arrays_determine_classes_and_normalization():
    sample = array_sample(IMAGES, LABELS)
    assert sample.image_shape == (1, 3, 4)
    assert sample.class_names == ("cat", "dog", "hen")
    np.testing.assert_array_equal(sample.targets, [2, 0, 1, 0, 2, 2])
    assert sample.inputs.mean() == pytest.approx(0, abs=1e-6)
    assert sample.inputs.std() == pytest.approx(1, rel=1e-6)
    assert len(array_sample(IMAGES).class_names) == 10


def test_arrays_may_be_vectors_or_have_their_channels_last():
    vectors = array_sample(IMAGES.reshape(6, 12) / 7)
    assert (vectors.images.dtype, vectors.image_shape) == (np.float32, (12,))
    np.testing.assert_allclose(vectors.inputs.mean(axis=0), 0, atol=1e-6)
    assert array_sample(np.zeros((2, 4, 5, 3), np.uint8)).image_shape == (3, 4, 5)


def test_what_does_not_belong_together_is_refused():
    with pytest.raises(ConfigError, match="without a run"):
        data_sample(None, None, 3, split="test")
    with pytest.raises(ConfigError, match="got both"):
        data_sample(IMAGES, LABELS, 3, dataset="digits")
    with pytest.raises(ShapeError, match="2 labels for 6 images"):
        array_sample(IMAGES, LABELS[:2])
    with pytest.raises(ShapeError, match="Examples must be vectors"):
        array_sample(IMAGES[0, 0])


def test_no_inspection_without_a_subject_ignores_the_images():
    assert "6 given images" in str(gradient_flow(None, IMAGES, LABELS, depths=[1]))
    assert "6 given images" in str(saturation(None, IMAGES, scales=[1.0]))
    assert jacobians(None, IMAGES[:1])[5].shape == (64, 64, 12)
    assert jacobians(None, IMAGES, image=5)[5].shape == (64, 64, 12)
    found = learning_rate_finder("mlp", IMAGES, LABELS, steps=10, batch_size=3)
    assert "6 given images" in str(found)


def test_unknown_arguments_are_refused():
    for call in (gradient_flow, saturation, jacobians):
        with pytest.raises(ConfigError, match=r"'splt'.*Did you mean 'split'"):
            call(splt="test")


def test_images_of_a_data_set_are_resized():
    assert data_sample(None, None, 3, image_size=(9, 7)).image_shape == (1, 9, 7)
    assert data_sample(None, None, 3).image_shape == (1, 28, 28)
