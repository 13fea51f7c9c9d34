import numpy as np
import pytest

from handgrad.models import resnet

from ..agreement import assert_predicts
from ..networks import Network, Settings, cpu_engine
from ..reference import reference_step
from ..residuals import ROWS
from ..same_bits import assert_same_bits

NETWORKS = {name: Network(rows) for name, rows in ROWS.items()}


@pytest.mark.parametrize("count", [70, 33, 1])
@pytest.mark.parametrize("name", NETWORKS)
def test_loss_and_gradients_are_the_plain_layers(name, count):
    network, setting = NETWORKS[name], Settings()
    engine = cpu_engine(network, setting, keep=True)
    values = {key: p.value.copy() for key, p in engine.model.parameters().items()}
    batch = network.batch(count)
    result = engine.train_step(batch, 1)
    expected = reference_step(network, setting, values, batch, 1)
    assert result.loss == pytest.approx(expected.loss, rel=2e-6)
    found = engine.training.gradients()
    largest = max(np.abs(gradient).max() for gradient in expected.gradients.values())
    for key, gradient in expected.gradients.items():
        bound = 1e-4 * np.abs(gradient).max() + 1e-6 * largest
        np.testing.assert_allclose(found[key], gradient, rtol=0, atol=bound)


@pytest.mark.parametrize("name", NETWORKS)
def test_predictions_are_the_plain_layers(name):
    engine = cpu_engine(NETWORKS[name])
    for step in (1, 2):
        engine.train_step(NETWORKS[name].batch(70), step)
    assert_predicts(engine, NETWORKS[name])


@pytest.mark.parametrize("name", NETWORKS)
def test_any_number_of_workers_gives_the_same_bits(name):
    network = NETWORKS[name]
    assert_same_bits(network, network.batch(70), network.images(40))


@pytest.mark.parametrize("name", NETWORKS)
def test_only_layers_without_kernels_are_run_plainly(name):
    engine = cpu_engine(NETWORKS[name])
    engine.train_step(NETWORKS[name].batch(9), 1)
    plain = [p.name for p in engine.training.program.phases if p.plain is not None]
    assert all("softmax" in phase for phase in plain)
    assert bool(plain) == ("no kernel" in name)


def test_the_relu_after_a_sum_is_part_of_it():
    program = repr(program_of(NETWORKS["blocks"]))
    assert program.count("sum + relu") == 2
    assert "relu_2 forward" not in program


def test_the_body_is_written_over_where_nobody_reads_it_again():
    buffers = program_of(NETWORKS["blocks"]).memory.table
    assert not [line.name for line in buffers if line.name.startswith("residual_1 ")]


def test_resnet_trains_without_plain_work():
    class Made(Network):
        def model(self, seed=0):
            return resnet(channels=(4, 6), input_shape=self.shape, classes=4, seed=seed)

    network = Made((), (3, 8, 8))
    program = program_of(network)
    assert all(phase.plain is None for phase in program.phases)
    assert_same_bits(network, network.batch(70), network.images(40))


def program_of(network):
    engine = cpu_engine(network)
    engine.train_step(network.batch(9), 1)
    return engine.training.program
