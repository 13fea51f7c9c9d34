"""The peers of benchmarks/peers train the same networks; missing ones are skipped."""

import importlib
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from time import sleep

import numpy as np
import pytest

from handgrad.errors import ConfigError, HandgradError
from handgrad.inspection.speed.networks import Network, pictures

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
try:
    pairing, tasks = map(importlib.import_module, ("peers.pairing", "peers.task"))
finally:
    sys.path.pop(0)

ADAM = {"learning_rate": 0.001, "beta2": 0.99}
SMALL = {"hidden_sizes": [6, 5]}
RELU = Network("relu", "mlp", SMALL)
LENET = {"activation": "relu", "pooling": "max"}
CASES = [
    ("sklearn", RELU),
    ("sklearn", Network("softmax", "softmax_regression")),
    ("sklearn", Network("tanh", "mlp", {**SMALL, "activations": "tanh"})),
    ("sklearn", replace(RELU, optimizer="adam", optimizer_options=ADAM)),
    ("thinc", RELU),
    ("thinc", Network("softmax", "softmax_regression", image_shape=(3, 5, 4))),
    ("thinc", replace(RELU, optimizer="adam", optimizer_options=ADAM)),
    *(
        (peer, network)
        for peer in ("jax", "keras", "keras_jit")
        for network in (
            Network("gelu", "mlp", {**SMALL, "activations": "gelu_tanh"}),
            Network("gelu", "mlp", {**SMALL, "activations": "gelu"}),
            Network("silu", "mlp", {**SMALL, "activations": "silu"}),
            replace(RELU, optimizer="adam", optimizer_options=ADAM),
            Network("lenet", "lenet", image_shape=(3, 28, 24)),
            Network("lenet", "lenet", LENET),
        )
    ),
]
MOVES = ({"momentum": 0.9}, {"momentum": 0.9, "nesterov": True})
CASES += [
    (peer, replace(RELU, optimizer_options={"learning_rate": 0.1, **moves}))
    for peer in ("sklearn", "jax", "keras", "keras_jit")
    for moves in MOVES
]


def is_installed(peer):
    module = "keras" if peer.startswith("keras") else peer
    return find_spec(module) is not None


def task_of(network):
    return tasks.Task(network, *pictures(network.image_shape, 96), 32)


@pytest.mark.slow
@pytest.mark.parametrize(("peer", "network"), CASES)
def test_a_peer_matches_the_float64_reference(peer, network):
    if not is_installed(peer):
        pytest.skip(f"{peer} is not installed")
    task = task_of(network)
    ways = pairing.load(peer).ways(task)
    assert len(ways) > 1
    ours, theirs = pairing.compare(task, peer, ways, 1)
    assert max(ours, theirs) <= pairing.bound(network, 32)


@pytest.mark.slow
def test_a_peer_with_other_losses_is_refused():
    other = replace(RELU, optimizer_options={"learning_rate": 0.11})
    ways = pairing.load("sklearn").ways(task_of(other))
    with pytest.raises(HandgradError, match=r"sklearn .* does not train relu"):
        pairing.compare(task_of(RELU), "sklearn", ways, 1)


@pytest.mark.parametrize(
    ("network", "what"),
    [
        (Network("lenet", "lenet"), "Conv2d"),
        (Network("gelu", "mlp", {**SMALL, "activations": "gelu"}), "GELU"),
        (replace(RELU, optimizer="rmsprop"), "RMSProp"),
    ],
)
def test_a_peer_names_what_it_does_not_support(network, what):
    ways = pairing.load("sklearn").ways(task_of(network))
    with pytest.raises(ConfigError, match=f"does not support {what}.*another peer"):
        next(iter(ways.values())).make_step()


@pytest.mark.skipif(find_spec("thinc") is not None, reason="Thinc is installed")
def test_a_missing_peer_is_refused_with_install_instructions():
    with pytest.raises(ConfigError, match=r"needs thinc.* pip install thinc"):
        pairing.load("thinc")


def test_an_unknown_peer_is_refused():
    with pytest.raises(ConfigError, match=r"no peer named 'nobody'\. Known: jax"):
        pairing.load("nobody")


def test_weights_after_flatten_are_reordered_for_channels_last():
    task = task_of(Network("lenet", "lenet", LENET))
    place = next(i for i, p in enumerate(task.pieces()) if len(p.input_shape) == 1)
    shape = task.pieces()[place - 1].input_shape
    image = np.random.default_rng(0).standard_normal(shape)
    weight = task.pieces()[place].array("weight")
    turned = image.transpose(1, 2, 0).reshape(-1) @ task.dense_weight(place)
    np.testing.assert_allclose(turned, weight @ image.reshape(-1), rtol=1e-4)


@pytest.mark.slow
def test_a_race_uses_the_fastest_configuration(monkeypatch):
    monkeypatch.setattr(pairing, "keep_memory", lambda: False)
    sklearn = pairing.load("sklearn")
    ways = sklearn.ways(task_of(RELU))
    slow = replace(next(iter(ways.values())), get_ready=lambda: None)

    def sluggish():
        step = slow.make_step()
        return lambda rows: (sleep(0.05), step(rows))[1]

    both = {**ways, "slow": replace(slow, make_step=sluggish)}
    monkeypatch.setattr(sklearn, "ways", lambda task: both)
    sizes = {"batch_size": 32, "workers": 1, "laps": 2, "images": 96}
    found = pairing.race_peer(RELU, "sklearn", **sizes, lap_seconds=0.01)
    assert found.way == min(found.tried, key=found.tried.get) != "slow"
    assert set(found.tried) == set(both)
