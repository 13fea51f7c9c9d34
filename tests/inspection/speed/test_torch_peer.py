import numpy as np
import pytest
import torch

from handgrad import layers
from handgrad.datasets.normalization import half
from handgrad.errors import ConfigError
from handgrad.inspection.speed.networks import network, pictures
from handgrad.inspection.speed.torch_peer import make_peer, translate_optimizer
from handgrad.optimizers import SGD, Adam, AdamW, RMSProp
from handgrad.randomness import Key


@pytest.fixture(autouse=True)
def threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    "rule",
    [
        SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
        SGD(0.2),
        Adam(0.01, beta1=0.8, weight_decay=0.1),
        AdamW(0.01, weight_decay=0.1),
        RMSProp(0.01, decay=0.95),
    ],
    ids=lambda rule: type(rule).__name__,
)
def test_optimizers_give_the_same_updates(rule):
    rng = np.random.default_rng(0)
    start = rng.standard_normal(50)
    parameter = layers.Linear(50, 1, key=Key(0)).weight
    parameter.value = start.astype(np.float64)[None]
    theirs = torch.nn.Parameter(torch.from_numpy(start[None].copy()))
    twin = translate_optimizer(rule, [theirs])
    state = rule.initial_state(parameter)
    for step in range(1, 4):
        gradient = rng.standard_normal((1, 50))
        theirs.grad = torch.from_numpy(gradient.copy())
        twin.step()
        rule.update(parameter, gradient, state, step)
    np.testing.assert_allclose(parameter.value, theirs.detach().numpy(), rtol=1e-6)


def test_an_optimizer_without_a_torch_equivalent_is_refused():
    class Odd:
        rate = staticmethod(lambda step: 0.1)
        weight_decay = 0.0

        def __repr__(self):
            return "Odd()"

    with pytest.raises(ConfigError, match=r"no torch equivalent of Odd\(\)"):
        translate_optimizer(Odd(), [])


@pytest.mark.parametrize("channels_last", [False, True])
def test_a_peer_learns(channels_last):
    images, targets = pictures((1, 28, 28), 64)
    chosen = network("lenet_relu_max")
    peer = make_peer(
        chosen.build(),
        SGD(0.1),
        half(1),
        images,
        targets,
        channels_last=channels_last,
    )
    losses = [float(peer.step(np.arange(64))) for _ in range(4)]
    assert losses[-1] < losses[0]
    assert peer.logits(peer.images, 40).shape == (64, 10)
