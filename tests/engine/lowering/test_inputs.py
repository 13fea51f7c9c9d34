"""What fetches a tile's images, and who needs no floats of them."""

import pytest

from handgrad.datasets.normalization import Normalization
from handgrad.engine.cpu import CpuEngine
from handgrad.engine.plain import PlainEngine
from handgrad.engine.prediction import predictor
from handgrad.errors import ConfigError
from handgrad.layers import Flatten, Linear, Sequential
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.optimizers import SGD
from handgrad.randomness import Key

from ..networks import NETWORKS, cpu_engine, network


def first_operations(program):
    return [op.entry.name for op in program.phases[0].tasks[0].operations][:2]


def test_a_training_may_look_at_images_and_a_prediction_may_not():
    engine = cpu_engine(NETWORKS["perceptron"])
    assert first_operations(engine.training.program) == ["views", "gather"]
    assert first_operations(engine.prediction.program)[0] == "gather"


def test_the_border_of_a_first_convolution_is_part_of_its_inputs():
    engine = cpu_engine(NETWORKS["strides and pairs"])
    phases = engine.training.program.phases
    found = (op for phase in phases for task in phase.tasks for op in task.operations)
    gather = next(op for op in found if op.entry.name == "gather")
    assert {"tall", "wide", "top", "left"} <= set(gather.arguments)


class Inverted(Normalization):
    """Pixels the other way round."""

    def apply(self, images):
        return super().apply(255 - images)


def test_a_normalization_of_ones_own_is_refused():
    net = network()
    model = Sequential([Flatten(), Linear(30, 4, key=Key(5))])
    own = Inverted((0.5,), (0.5,))
    setting = (model, SoftmaxCrossEntropy(), SGD(0.05), own)
    engine = CpuEngine(*setting, input_shape=net.shape)
    expected = "takes a handgrad.datasets.Normalization, got Inverted.*plain engine"
    with pytest.raises(ConfigError, match=expected):
        engine.train_step(net.batch(3), 1)
    with pytest.raises(ConfigError, match=expected):
        engine.logits(net.images(3))
    with pytest.raises(ConfigError, match=expected):
        predictor(model, net.shape, own)
    PlainEngine(*setting, input_shape=net.shape).train_step(net.batch(3), 1)
