import numpy as np
import pytest
import torch

from handgrad.models import softmax_regression

from .twins import assert_same_network


def test_is_the_network_of_the_textbook():
    twin = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, 5))
    model = softmax_regression(input_shape=(3, 2, 2), classes=5)
    assert_same_network(model, twin, (3, 2, 2))


def test_initial_weights_are_small():
    weight = softmax_regression().parameters()["linear_1.weight"].value
    assert weight.shape == (10, 784)
    assert np.std(weight) == pytest.approx(0.01, rel=0.05)
