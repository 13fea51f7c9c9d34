import gc
import tracemalloc
from math import prod
from pathlib import Path

import numpy as np
import pytest

from handgrad import models
from handgrad.datasets import memory
from handgrad.errors import ResourceError
from handgrad.optimizers import SGD, Adam
from handgrad.training import start
from handgrad.training.room import check_room, predicted_bytes

from .small import small


@pytest.mark.parametrize(("optimizer", "arrays"), [(SGD(0.1), 1), (Adam(0.1), 3)])
def test_gradients_states_and_outputs_are_counted(optimizer, arrays):
    model = models.mlp(input_shape=(1, 4, 4), hidden_sizes=[5], classes=3)
    outputs = 16 + 16 + 5 + 5 + 3  # image, flattened, linear, ReLU, linear
    parameters = 16 * 5 + 5 + 5 * 3 + 3
    found = predicted_bytes(model, optimizer, (1, 4, 4), 7)
    assert found == 4 * (7 * outputs + arrays * parameters)


CASES = [
    (name, batch, shape)
    for name, shape in (
        ("softmax_regression", (1, 28, 28)),
        ("mlp", (1, 28, 28)),
        ("lenet", (1, 28, 28)),
        ("lenet", (3, 32, 32)),
    )
    for batch in (16, 128, 512)
]


@pytest.mark.parametrize(("name", "batch", "shape"), CASES)
def test_a_step_takes_what_was_predicted_and_not_many_times_more(name, batch, shape):
    """Memory of one step of the plain engine: measured over predicted, 1 to 8."""
    from handgrad.datasets.normalization import unit
    from handgrad.engine.engine import Batch
    from handgrad.engine.plain import PlainEngine
    from handgrad.losses import SoftmaxCrossEntropy

    model = getattr(models, name)(input_shape=shape)
    optimizer = Adam(0.001)
    predicted = predicted_bytes(model, optimizer, shape, batch)
    images = np.zeros((batch, *shape), dtype=np.uint8)
    rows = np.arange(batch)
    gc.collect()
    tracemalloc.start()
    engine = PlainEngine(model, SoftmaxCrossEntropy(), optimizer, unit(shape[0]))
    engine.train_step(Batch(images, rows % 10, rows, rows), 1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 0.95 * predicted < peak < 8 * predicted + 4 * prod(images.shape) + 2**20


def test_more_than_there_is_is_refused_with_both_sizes(monkeypatch):
    model = models.mlp(hidden_sizes=[32])
    wanted = predicted_bytes(model, Adam(0.1), (1, 28, 28), 10**6)
    monkeypatch.setattr(memory, "free_memory", lambda: wanted)
    check_room(model, Adam(0.1), (1, 28, 28), 10**6)
    monkeypatch.setattr(memory, "free_memory", lambda: wanted - 1)
    with pytest.raises(ResourceError, match=r"1,000,000 images at once needs \d.*GB"):
        check_room(model, Adam(0.1), (1, 28, 28), 10**6)


@pytest.mark.parametrize("engine", ["plain", "cpu"])
def test_a_run_that_does_not_fit_is_refused_and_leaves_nothing(
    tmp_path, monkeypatch, engine
):
    monkeypatch.setattr("handgrad.training.room.check_memory", refuse_all)
    with pytest.raises(ResourceError, match="Training with"):
        start(small(engine=engine), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def refuse_all(wanted, what):
    assert wanted > 0
    raise ResourceError(f"{what} needs {wanted} bytes.")


def resident_bytes():
    """Memory of this process that is not on the disk."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


@pytest.mark.nightly
@pytest.mark.parametrize("engine", ["plain", "cpu"])
def test_memory_stays_as_it_is_over_200_epochs(tmp_path, engine):
    training = {"epochs": 220, "batch_size": 40}
    sizes = {}
    run = start(small(engine=engine, training=training), tmp_path / "run")
    for record in run:
        if hasattr(record, "train_loss") and record.epoch in (20, 220):
            gc.collect()
            sizes[record.epoch] = resident_bytes()
    growth = sizes[220] / sizes[20] - 1
    print(f"{engine}: {sizes[20]:,} to {sizes[220]:,} bytes, {growth:.3%}")
    assert growth < 0.01
