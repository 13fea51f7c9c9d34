import numpy as np
import pytest

from handgrad.layers import Linear
from handgrad.optimizers import SGD
from handgrad.studies.inspections import inspect
from handgrad.studies.inspections.known_values import known_linear
from handgrad.studies.library import find


def options_of(row):
    table = dict(find("blg506e").experiments[row].inspection)
    return table.pop("name"), table


def test_the_known_values_are_reproduced_to_the_digits_of_the_report():
    found = inspect(*options_of("d1"), seed=0)
    assert found["linear_outputs"] == pytest.approx(3.683e-8, abs=1e-11)
    assert found["relu_outputs"] == pytest.approx(4.5454e-9, abs=1e-12)
    assert found["svm_loss"] == pytest.approx(9, abs=0.01)
    assert found["softmax_loss"] == pytest.approx(np.log(10), abs=1e-3)
    errors = [value for name, value in found.items() if "_d_" in name]
    assert len(errors) == 10
    assert 0 < max(errors) < 1e-7


def test_evenly_spaced_numbers_through_a_layer_by_hand():
    first = sum(
        (-0.1 + 0.6 * place / 239) * (-0.2 + 0.5 * 3 * place / 359)
        for place in range(120)
    )
    assert known_linear()[0, 0] == pytest.approx(first - 0.3, rel=1e-12)


def test_a_wrong_gradient_is_detected(monkeypatch):
    right = Linear.backward

    def wrong(self, d_outputs, inputs, /):
        d_inputs, gradients = right(self, d_outputs, inputs)
        return d_inputs, {**gradients, "bias": 1.0001 * gradients["bias"]}

    monkeypatch.setattr(Linear, "backward", wrong)
    found = inspect(*options_of("d1"), seed=0)
    assert found["linear_d_bias"] > 1e-5 > found["linear_d_weight"]


def test_momentum_is_reproduced_to_the_digits_of_the_report():
    found = inspect(*options_of("d5-rules"), seed=0)
    assert found["momentum_weight"] == pytest.approx(1.6802e-9, abs=1e-12)
    assert found["momentum_velocity"] == pytest.approx(2.9254e-9, abs=1e-12)
    assert found["rmsprop_weight"] < 1e-15
    assert found["adam_weight"] < 1e-15


def test_a_wrong_update_rule_is_detected(monkeypatch):
    monkeypatch.setattr(SGD, "__init__", nesterov_instead(SGD.__init__))
    assert inspect(*options_of("d5-rules"), seed=0)["momentum_weight"] > 1e-3


def nesterov_instead(init):
    def made(self, rate, *, momentum):
        init(self, rate, momentum=momentum, nesterov=True)

    return made
