import numpy as np
import pytest

from handgrad import models
from handgrad.datasets.normalization import unit
from handgrad.engine import plain
from handgrad.engine.choose import make_engine
from handgrad.engine.memory_plan import Memory
from handgrad.engine.planned_bytes import (
    PlannedBytes,
    parameter_count,
    prediction_roles,
    training_roles,
    unused_bytes,
)
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.optimizers import SGD, Adam

SHAPE = (1, 4, 4)
OUTPUTS = 5 + 5 + 3  # linear, ReLU, linear; flattening makes no copy
PARAMETERS = 16 * 5 + 5 + 5 * 3 + 3


def small_network():
    return models.mlp(input_shape=SHAPE, hidden_sizes=[5], classes=3)


def engine_of(name, model, optimizer, **options):
    loss = SoftmaxCrossEntropy()
    shape = options.pop("input_shape", SHAPE)
    return make_engine(
        name, model, loss, optimizer, unit(1), input_shape=shape, **options
    )


@pytest.mark.parametrize(("optimizer", "states"), [(SGD(0.1), 0), (Adam(0.1), 2)])
def test_the_roles_of_training_follow_from_shapes(optimizer, states):
    assert training_roles(small_network(), optimizer, SHAPE, 7) == {
        "parameters": 4 * PARAMETERS,
        "gradients": 4 * PARAMETERS,
        "optimizer": 4 * states * PARAMETERS,
        "input": 4 * 7 * 16,
        "activations": 4 * 7 * OUTPUTS,
    }


def test_a_prediction_holds_two_layers_at_once():
    assert parameter_count(small_network()) == PARAMETERS
    assert prediction_roles(small_network(), SHAPE, 7) == {
        "parameters": 4 * PARAMETERS,
        "input": 4 * 7 * 16,
        "activations": 4 * 7 * (5 + 5),
    }


def test_a_step_frees_all_but_parameters_and_states_or_nothing():
    roles = {"parameters": 3, "optimizer": 6, "activations": 20}
    assert PlannedBytes(roles, is_kept=False).total == 29
    assert PlannedBytes(roles, is_kept=False).between_steps == 9
    assert PlannedBytes(roles, is_kept=True).between_steps == 29


@pytest.mark.parametrize("name", ["plain", "cpu"])
@pytest.mark.parametrize(
    ("optimizer", "states"), [(SGD(0.1, momentum=0.9), 1), (Adam(0.1), 2)]
)
def test_each_engine_plans_parameters_and_states(name, optimizer, states):
    shape = (3, 32, 32)
    model = models.mlp(input_shape=shape, hidden_sizes=[16])
    loss = SoftmaxCrossEntropy()
    engine = make_engine(
        name, model, loss, optimizer, unit(3), input_shape=shape, batch_size=64
    )
    roles = engine.planned_bytes(64).roles
    weights = 4 * (3072 * 16 + 16 * 10)
    assert weights < roles["parameters"] < 1.01 * weights + 1000
    assert roles["optimizer"] == states * roles["parameters"]
    inputs_and_outputs = roles.get("input", 0) + roles["activations"]
    assert inputs_and_outputs >= 4 * 64 * (3072 + 16)
    assert all(size >= 0 for size in roles.values())


def test_a_plan_compiles_nothing_and_a_prediction_adds_to_it():
    shape = (1, 28, 28)
    model = models.mlp(input_shape=shape, hidden_sizes=[1000])
    engine = engine_of("cpu", model, SGD(0.1), batch_size=8, input_shape=shape)
    alone = engine.planned_bytes(8)
    assert engine._prediction is None
    assert engine.planned_bytes(8, 500).total > engine.planned_bytes(8, 1).total
    assert engine.planned_bytes(8, 1).total > alone.total
    assert engine.training.program._steps is None
    assert engine.prediction.program._steps is None


class Counted(SGD):
    """An optimizer that the CPU engine does not know, with a state of its own."""

    def initial_state(self, parameter):
        return {"count": np.zeros(parameter.shape, np.float32)}


def test_states_of_an_unknown_optimizer_count():
    engine = engine_of("cpu", small_network(), Counted(0.1), batch_size=8)
    assert engine.planned_bytes(8).roles["optimizer"] == 4 * PARAMETERS


def test_no_trial_is_run_that_may_exceed_the_free_memory(monkeypatch):
    engine = engine_of("plain", small_network(), SGD(0.1))
    copies = 2 * 4 * PARAMETERS  # the new parameters, and a copy to go back to
    roles = training_roles(small_network(), SGD(0.1), SHAPE, 32)
    trial = sum(roles.values()) + copies
    trials = []
    monkeypatch.setattr(plain, "step_bytes", lambda *_: trials.append(1) or 10**6)
    monkeypatch.setattr(plain, "free_memory", lambda: trial)
    assert sum(engine.planned_bytes(100).roles.values()) == 4 * PARAMETERS + 10**6
    assert len(trials) == 1
    monkeypatch.setattr(plain, "free_memory", lambda: trial - 1)
    expected = training_roles(small_network(), SGD(0.1), SHAPE, 100)
    assert engine.planned_bytes(100).roles == {**expected, "workspace": copies}
    assert len(trials) == 1
    assert engine.planned_bytes(100).total >= trial


def test_few_images_use_all_pages_of_a_matrix_but_not_all_tiles():
    memory = Memory(32, 4, 1, per_tile=True)
    memory.matrix("outputs", "activations", (7,))
    memory.each_worker("scratch", "activations", 8)
    assert unused_bytes(memory, 1) == 0
    memory.each_tile("sums", "activations", 16)
    assert unused_bytes(memory, 32) == 3 * 128
    assert unused_bytes(memory, 1000) == 0
