"""Comparison of a model with the same network in torch, in float64."""

import numpy as np
import torch

from handgrad.losses import SoftmaxCrossEntropy


def give_float64(model):
    """Convert the model's float32 parameters to float64."""
    for array in (*model.parameters().values(), *model.buffers().values()):
        array.value = array.value.astype(np.float64)


def assert_same_network(model, twin, input_shape, *, training=False):
    """Same logits, same loss, same gradient of every parameter, to 1e-9."""
    give_float64(model)
    twin = twin.double().train(training)
    names = model.parameters()
    with torch.no_grad():
        for ours, theirs in zip(names.values(), twin.parameters(), strict=True):
            theirs.copy_(torch.tensor(ours.value))
    rng = np.random.default_rng(0)
    images = rng.normal(size=(3, *input_shape))
    targets = np.array([0, 2, 1])
    loss = SoftmaxCrossEntropy()
    logits, caches = model.forward(images, training=training)
    value, cache = loss.forward(logits, targets)
    _, gradients = model.backward(loss.backward(cache), caches)
    their_logits = twin(torch.tensor(images))
    reference = torch.nn.functional.cross_entropy(their_logits, torch.tensor(targets))
    reference.backward()
    np.testing.assert_allclose(logits, their_logits.detach(), rtol=0, atol=1e-9)
    assert abs(value - reference.item()) <= 1e-9
    for name, theirs in zip(names, twin.parameters(), strict=True):
        np.testing.assert_allclose(gradients[name], theirs.grad, rtol=0, atol=1e-9)
