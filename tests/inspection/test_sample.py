import numpy as np
import pytest

from handgrad.classifier import Classifier
from handgrad.datasets.normalization import half
from handgrad.errors import ConfigError, HandgradError, ShapeError
from handgrad.inspection.sample import image_of, only, sample_of, up_to
from handgrad.inspection.subject import Subject, subject_of
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.models import softmax_regression

from .fitted import fitted

IMAGES = np.arange(5 * 12, dtype=np.uint8).reshape(5, 1, 3, 4)


@pytest.fixture
def subject():
    return subject_of(fitted(class_names=("cat", "dog", "hen")))


def test_all_given_images_are_used_and_normalised(subject):
    sample = sample_of(subject, IMAGES, ["cat", "hen", "dog", "cat", "cat"], count=2)
    np.testing.assert_array_equal(sample.images, IMAGES)
    np.testing.assert_array_equal(sample.targets, [0, 2, 1, 0, 0])
    np.testing.assert_array_equal(sample.inputs, half(1).apply(IMAGES))
    assert sample.inputs.dtype == np.float64
    assert (sample.what, sample.image_shape) == ("the 5 given images", (1, 3, 4))


def test_labels_are_optional_until_they_are_needed(subject):
    sample = sample_of(subject, IMAGES)
    with pytest.raises(ConfigError, match="images and their labels, got images only"):
        _ = sample.targets


def test_numbers_of_labels_and_images_must_match(subject):
    with pytest.raises(ShapeError, match="2 labels for 5 images"):
        sample_of(subject, IMAGES, [0, 1])


def test_without_images_there_must_be_a_run(subject):
    bare = subject_of(subject.network)
    with pytest.raises(ConfigError, match="Give images and their labels"):
        sample_of(bare)
    with pytest.raises(ConfigError, match="got both"):
        sample_of(subject, IMAGES, split="test")


def test_images_of_a_run_come_with_its_name(run):
    subject = subject_of(run)
    sample = sample_of(subject, count=7)
    assert sample.what == f"the first 7 test images of {run}"
    assert sample.split == "test"
    assert len(sample.targets) == len(sample.images) == 7
    assert len(sample_of(subject, split="validation").images) == 100
    with pytest.raises(ConfigError, match="Did you mean 'train'"):
        sample_of(subject, split="trian")
    with pytest.raises(HandgradError, match="count"):
        sample_of(subject, count=0)


def test_images_of_another_data_set_come_with_its_name(run, tmp_path):
    subject, other = subject_of(run), str(tmp_path / "others.npz")
    images = np.zeros((20, 8, 8), dtype=np.uint8)
    np.savez(other, images=images, labels=np.arange(20) % 10)
    assert sample_of(subject, dataset=other).what == f"all 20 images of {other}"
    sample = sample_of(subject, count=3, split="train", dataset=other)
    assert sample.what == f"the first 3 train images of {other}"
    assert sample.split == f"{other} train"
    own = sample_of(subject, count=3, split="train", dataset="digits")
    assert own.split == "train"
    assert own.what == f"the first 3 train images of {run}"


def test_one_image_is_given_by_itself_or_by_number(subject, run):
    alone = image_of(subject, IMAGES[3], "dog", None)
    by_number = image_of(subject, IMAGES, [0, 1, 2, 1, 0], 3)
    for sample in (alone, by_number):
        np.testing.assert_array_equal(sample.images, IMAGES[3:4])
        np.testing.assert_array_equal(sample.targets, [1])
    with pytest.raises(ShapeError, match="Give one without the batch axis"):
        image_of(subject, IMAGES, None, None)
    first = sample_of(subject_of(run), count=3)
    third = image_of(subject_of(run), None, None, 2)
    np.testing.assert_array_equal(third.images[0], first.images[2])
    np.testing.assert_array_equal(third.targets, first.targets[2:])


def test_an_image_number_out_of_range_is_refused(subject):
    assert (up_to(None), up_to(4)) == (1, 5)
    with pytest.raises(ConfigError, match="from 0 up"):
        up_to(-1)
    sample = sample_of(subject, IMAGES)
    assert only(sample, 4).labels is None
    with pytest.raises(ConfigError, match="There are 5 images"):
        only(sample, 5)


def test_a_bare_network_takes_its_inputs_and_class_numbers():
    network = softmax_regression(input_shape=(1, 3, 4), classes=3)
    subject = Subject("It", network, SoftmaxCrossEntropy())
    sample = sample_of(subject, IMAGES / 7.0, [2, 0, 1, 1, 1])
    np.testing.assert_array_equal(sample.inputs, IMAGES / 7.0)
    assert sample.class_names == ("0", "1", "2")


def test_a_classifier_fitted_on_arrays_needs_images_unless_it_kept_them(tmp_path):
    clf = Classifier("softmax_regression", epochs=1, engine="plain", validation=2)
    labels = ["a", "b", "a", "b", "b"]
    with pytest.raises(ConfigError, match="Give images and their labels"):
        sample_of(subject_of(clf.fit(IMAGES, labels)))
    clf.set_params(run=str(tmp_path / "run")).fit(IMAGES, labels)
    sample = sample_of(subject_of(tmp_path / "run"), split="train")
    assert sample.images.shape == (3, 1, 3, 4)
    assert sample.class_names == ("a", "b")
