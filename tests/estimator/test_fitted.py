"""The properties of a fitted classifier are those of its history and network."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

import handgrad as hg


def test_a_fitted_classifier():
    images = np.random.default_rng(0).integers(0, 256, (30, 6, 6), dtype=np.uint8)
    clf = hg.Classifier("mlp", epochs=3, engine="plain").fit(images, ["a", "b"] * 15)
    assert clf.n_iter_ == len(clf.loss_curve_) == 3
    assert clf.loss_curve_ == [record.train_loss for record in clf.history_]
    assert clf.class_names == ("a", "b")
    assert clf.input_shape == (1, 6, 6)


@pytest.mark.parametrize(
    "name", ["n_iter_", "loss_curve_", "class_names", "input_shape"]
)
def test_before_fit_there_is_nothing(name):
    clf = hg.Classifier()
    assert not hasattr(clf, name)
    with pytest.raises(NotFittedError, match="Call 'fit'"):
        getattr(clf, name)
    with pytest.raises(NotFittedError):
        check_is_fitted(clf, name)


@pytest.mark.parametrize("name", ["evaluate", "calibrate"])
def test_only_a_fitted_classifier_is_measured_and_calibrated(name):
    with pytest.raises(NotFittedError, match="Call 'fit'"):
        getattr(hg.Classifier(), name)(np.zeros((2, 4)), [0, 1])
