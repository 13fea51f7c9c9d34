import numpy as np
import pytest

from handgrad.errors import ShapeError
from handgrad.inspection.feature_maps import feature_maps
from handgrad.layers import Linear, ReLU, Sequential
from handgrad.models import lenet
from handgrad.randomness import Key, normal

from .fitted import fitted


def test_every_layer_has_a_row_and_the_last_gives_the_logits():
    model, image = lenet(activation="relu"), normal(Key(0), (1, 28, 28))
    maps = feature_maps(model, image)
    assert [found.layer for found in maps] == list(model.layers)
    assert maps[0].outputs.shape == (6, 28, 28)
    np.testing.assert_array_equal(maps[-1].outputs, model.forward(image[None])[0][0])


def test_zeros_and_zero_maps_are_counted():
    image = np.array([[[-1.0, -2.0]], [[3.0, -1.0]]])
    (found,) = feature_maps(Sequential([ReLU()]), image)
    assert (found.zero, found.silent) == (0.75, 1)


def test_a_batch_is_refused():
    with pytest.raises(ShapeError, match="without the batch axis"):
        feature_maps(lenet(), np.zeros((2, 1, 28, 28)))


def test_a_classifier_normalises_and_names_the_classes():
    images = np.arange(24, dtype=np.uint8).reshape(2, 1, 3, 4)
    trained = fitted(class_names=("cat", "dog", "hen"))
    found = feature_maps(trained, images[1], "dog")
    np.testing.assert_allclose(
        found[-1].outputs, trained.logits(images)[1], rtol=1e-5, atol=1e-6
    )
    answer = trained.class_names[trained.logits(images)[1].argmax()]
    assert found.table().below == (f"True class: dog; predicted: {answer}.",)
    unlabelled = feature_maps(trained, images[1])
    assert unlabelled.table().below == (f"Predicted class: {answer}.",)
    by_number = feature_maps(trained, images, image=1)
    np.testing.assert_array_equal(by_number[-1].outputs, found[-1].outputs)
    assert by_number.as_dict()["image"] == 1


def test_an_image_of_a_run_has_its_class(run):
    assert feature_maps(run, image=3).table().below[0].startswith("True class: ")


def test_vector_inputs_are_supported():
    found = feature_maps(Sequential([Linear(4, 3)]), np.arange(4.0))
    assert len(found.figure().axes[0].images) == 2 * 16
