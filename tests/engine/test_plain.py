import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info

from handgrad.datasets.load import load
from handgrad.datasets.normalization import Normalization
from handgrad.engine.engine import Batch
from handgrad.engine.plain import PlainEngine, plain_logits
from handgrad.errors import RunError
from handgrad.losses import L2, SoftmaxCrossEntropy
from handgrad.models.from_layers import from_layers
from handgrad.optimizers import SGD, Adam

TRAIN = load("digits").train
NORMALIZATION = Normalization((0.3,), (0.4,))
LAYERS = [
    {"name": "conv2d", "out_channels": 3, "kernel_size": 3},
    {"name": "batch_norm2d"},
    {"name": "relu"},
    {"name": "max_pool2d", "kernel_size": 2},
    {"name": "flatten"},
    {"name": "dropout", "rate": 0.3},
    {"name": "linear", "out_features": 10},
]


def engine(layers=LAYERS, optimizer=None, dtype=np.float32, **options):
    model = from_layers(layers=layers, input_shape=(1, 8, 8))
    for parameter in (*model.parameters().values(), *model.buffers().values()):
        parameter.value = parameter.value.astype(dtype)
    optimizer = optimizer or SGD(0.1, momentum=0.9)
    return PlainEngine(
        *(model, SoftmaxCrossEntropy(0.1), optimizer, NORMALIZATION),
        input_shape=(1, 8, 8),
        **options,
    )


def batch(rows, train=TRAIN):
    return Batch(train.images, train.targets, np.asarray(rows), np.asarray(rows))


def run(here, steps=3, size=20):
    return [
        here.train_step(batch(range(step * size, (step + 1) * size)), step)
        for step in range(1, steps + 1)
    ]


def test_steps_are_those_of_torch():
    """Forward, loss with L2, backward, clipping and update against autograd."""
    layers = [row for row in LAYERS if row["name"] not in ("dropout", "batch_norm2d")]
    l2, clip = L2(0.01, factor=0.5), 0.5
    here = engine(layers, l2=l2, clip_norm=clip)
    values = {name: p.value.copy() for name, p in here.model.parameters().items()}
    tensors = {
        name: torch.tensor(value, dtype=torch.float64, requires_grad=True)
        for name, value in values.items()
    }
    optimizer = torch.optim.SGD(tensors.values(), lr=0.1, momentum=0.9)
    for step, result in enumerate(run(here), start=1):
        rows = np.arange(step * 20, step * 20 + 20)
        images = torch.tensor(TRAIN.images[rows] / 255.0)
        images = (images - 0.3) / 0.4
        hidden = torch.nn.functional.conv2d(
            images, tensors["conv2d_1.weight"], tensors["conv2d_1.bias"]
        )
        hidden = torch.nn.functional.max_pool2d(hidden.relu(), 2).flatten(1)
        weight = tensors["linear_1.weight"]
        logits = hidden @ weight.T + tensors["linear_1.bias"]
        targets = torch.tensor(TRAIN.targets[rows])
        loss = torch.nn.functional.cross_entropy(logits, targets, label_smoothing=0.1)
        loss = loss + 0.005 * (tensors["conv2d_1.weight"] ** 2).sum()
        loss = loss + 0.005 * (weight**2).sum()
        optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(tensors.values(), clip)
        optimizer.step()
        assert result.loss == pytest.approx(loss.item(), rel=1e-5)
        assert result.gradient_norm == pytest.approx(norm.item(), rel=1e-5)
        assert result.correct == int((logits.argmax(1) == targets).sum())
    # float32 sums of up to 720 terms: eps * sqrt(720) = 3e-6 of values around 1
    for name, parameter in here.model.parameters().items():
        expected = tensors[name].detach().numpy()
        np.testing.assert_allclose(parameter.value, expected, rtol=1e-5, atol=1e-5)


def test_a_draw_belongs_to_the_example_and_the_step():
    one, two = engine(), engine()
    order = np.random.default_rng(0).permutation(20)
    one.train_step(batch(np.arange(20)), 1)
    two.train_step(batch(order), 1)
    for name, array in one.state().items():
        np.testing.assert_allclose(array, two.state()[name], rtol=1e-5, atol=1e-6)
    other = engine(seed=1)
    other.train_step(batch(np.arange(20)), 1)
    weight = "parameters/linear_1.weight"
    assert np.abs(other.state()[weight] - one.state()[weight]).max() > 1e-3


@pytest.mark.parametrize("optimizer", [SGD(0.1), SGD(0.1, momentum=0.9), Adam(0.01)])
def test_a_restored_engine_goes_on_with_the_same_bits(optimizer):
    one = engine(optimizer=optimizer)
    run(one)
    state = one.state()
    two = engine(optimizer=optimizer)
    two.restore(state)
    assert run(one) == run(two)
    for name, array in one.state().items():
        assert two.state()[name].tobytes() == array.tobytes()
        assert state[name].shape == array.shape


def test_a_state_of_another_optimizer_is_refused():
    here = engine(optimizer=Adam(0.01))
    before = here.state()
    with pytest.raises(RunError, match=r"holds no optimizer/conv2d_1\.weight/mean"):
        here.restore(engine().state())
    for name, array in here.state().items():
        np.testing.assert_array_equal(array, before[name])


def test_parameters_stay_in_row_order():
    here = engine()
    run(here)
    assert all(
        parameter.value.flags.c_contiguous
        for parameter in here.model.parameters().values()
    )


def test_logits_do_not_depend_on_how_images_are_cut():
    here = engine()
    images = TRAIN.images[:600]  # more than two batches of prediction
    whole = here.logits(images)
    assert whole.shape == (600, 10)
    assert whole.dtype == np.float32
    parts = np.concatenate([here.logits(images[:100]), here.logits(images[100:])])
    np.testing.assert_allclose(whole, parts, rtol=1e-5, atol=1e-6)
    assert plain_logits(here.model, NORMALIZATION, images[:0]).shape == (0, 10)


def test_prediction_changes_nothing():
    here = engine()
    before = here.state()
    here.logits(TRAIN.images[:50])
    for name, array in here.state().items():
        np.testing.assert_array_equal(array, before[name])


def test_a_step_that_is_not_finite_moves_no_parameter():
    here = engine()
    run(here, 1)
    here.model.parameters()["linear_1.bias"].value[3] = np.nan
    before = here.state()
    result = here.train_step(batch(range(20)), 2)
    assert not result.is_finite
    for name, array in here.state().items():
        if not name.startswith("buffers/"):
            np.testing.assert_array_equal(array, before[name])


def test_matrix_products_run_on_one_thread_and_are_set_free_after(monkeypatch):
    here = engine()
    threads = []
    real = here.loss.forward

    def forward(logits, targets):
        libraries = [i for i in threadpool_info() if i["user_api"] == "blas"]
        threads.extend(library["num_threads"] for library in libraries)
        return real(logits, targets)

    monkeypatch.setattr(here.loss, "forward", forward)

    def blas_threads():
        return [i["num_threads"] for i in threadpool_info() if i["user_api"] == "blas"]

    before = blas_threads()
    run(here, 1)
    assert threads
    assert set(threads) == {1}
    assert blas_threads() == before
