import gc
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from handgrad import free_memory, models
from handgrad.engine.cpu import CpuEngine
from handgrad.engine.plain import PlainEngine
from handgrad.engine.planned_bytes import PlannedBytes
from handgrad.errors import ResourceError
from handgrad.optimizers import Adam
from handgrad.training import build, memory_check, start
from handgrad.training.memory_check import check_parameters

from .small import DIGITS, small

# model, its options, optimizer, batch, pixels per side
CASES = [
    ({"name": "lenet"}, "adam", 1024, 32),
    ({"name": "lenet"}, "sgd", 512, 32),
    ({"name": "lenet", "activation": "relu", "pooling": "max"}, "adam", 1200, 28),
    ({"name": "mlp", "hidden_sizes": [2000, 2000]}, "adam", 256, 28),
    ({"name": "mlp", "hidden_sizes": [3000]}, "sgd", 1024, 28),
    ({"name": "mlp", "hidden_sizes": [1000, 1000, 1000]}, "rmsprop", 64, 32),
    ({"name": "softmax_regression"}, "adam", 1200, 56),
    ({"name": "alexnet"}, "sgd", 32, 32),
    ({"name": "alexnet"}, "adam", 16, 32),
    ({"name": "vgg"}, "adam", 32, 32),
    ({"name": "vgg"}, "sgd", 64, 32),
    ({"name": "perceptron", "hidden": 4000}, "adam", 512, 28),
]


@pytest.mark.nightly
@pytest.mark.parametrize("engine", ["plain", "cpu"])
@pytest.mark.parametrize(("model", "optimizer", "batch", "side"), CASES)
def test_the_prediction_is_within_a_tenth_of_a_runs_peak(
    engine, model, optimizer, batch, side
):
    words = json.dumps([model, optimizer, batch, side, engine])
    done = subprocess.run(
        [sys.executable, "-m", "tests.training.run_memory", words],
        capture_output=True,
        text=True,
        check=True,
    )
    predicted, measured = json.loads(done.stdout.splitlines()[-1])
    print(f"{words}: {predicted / 1e6:.1f} MB of {measured / 1e6:.1f} MB")
    assert measured * 0.9 < predicted < measured * 1.1 + 5e6


# Requests with 10 MB of free memory: model, batch, pixels per side, engine.
CHANNELS = {"channels": [8, 8, 8, 8, 8], "hidden_sizes": [400, 400]}
TOO_LARGE = [
    (name, options, batch, side, engine)
    for engine in ("plain", "cpu")
    for name, options, batch, side in (
        ("mlp", {"hidden_sizes": [1000]}, 32, 28),
        ("mlp", {"hidden_sizes": [400] * 6}, 8, 28),
        ("perceptron", {"hidden": 1200}, 8, 28),
        ("alexnet", CHANNELS, 64, 32),
        ("vgg", {"channels": [8, 16]}, 64, 32),
    )
] + [
    ("softmax_regression", {}, 200, 64, "plain"),
    ("softmax_regression", {}, 400, 64, "plain"),
    ("softmax_regression", {}, 800, 64, "cpu"),
    ("softmax_regression", {}, 1200, 64, "cpu"),
    ("lenet", {}, 100, 32, "plain"),
    ("lenet", {}, 200, 32, "plain"),
    ("lenet", {}, 400, 32, "plain"),
    ("lenet", {}, 800, 32, "plain"),
    ("mlp", {"hidden_sizes": [64]}, 800, 64, "cpu"),
    ("mlp", {"hidden_sizes": [64]}, 1200, 64, "cpu"),
]
SPARE = 10_000_000
SAID = r"at once needs .* of memory, but 10\.00 MB are free\. Use .* --force "


def predicted_bytes(error):
    number, unit = re.search(r"needs ([\d.]+) (\w+) of memory", str(error)).groups()
    return float(number) * free_memory.UNITS[unit]


@pytest.mark.parametrize(("name", "options", "batch", "side", "engine"), TOO_LARGE)
def test_a_run_that_exceeds_memory_is_refused_before_allocation(
    tmp_path, monkeypatch, name, options, batch, side, engine
):
    config = small(
        engine=engine,
        dataset={**DIGITS, "image_size": [side, side], "train_count": 1200},
        model={"name": name, **options},
        optimizer={"name": "adam", "learning_rate": 0.001},
        training={"epochs": 1, "batch_size": batch},
    )
    monkeypatch.setattr("handgrad.training.build.load_dataset", loaded(config))
    monkeypatch.setattr(free_memory, "free_memory", lambda: SPARE)
    monkeypatch.setattr(memory_check, "free_memory", lambda: SPARE)
    with pytest.raises(ResourceError, match=SAID) as refused:
        start(config, tmp_path / "run")
    assert predicted_bytes(refused.value) > 0.99 * SPARE
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("engine", ["plain", "cpu"])
def test_a_refusal_comes_before_the_memory_is_taken(tmp_path, monkeypatch, engine):
    images = {**DIGITS, "image_size": [32, 32], "train_count": 1200}
    model = {"name": "vgg", "channels": [16, 16]}
    training = {"epochs": 1, "batch_size": 1200}
    config = small(engine=engine, dataset=images, model=model, training=training)
    monkeypatch.setattr("handgrad.training.build.load_dataset", loaded(config))
    start(small(engine=engine, dataset=DIGITS), tmp_path / "small")  # loads libraries
    free = 300_000_000
    monkeypatch.setattr(free_memory, "free_memory", lambda: free)
    monkeypatch.setattr(memory_check, "free_memory", lambda: free)
    before = resident_bytes()
    with pytest.raises(ResourceError, match="of memory, but") as refused:
        start(config, tmp_path / "run")
    predicted = predicted_bytes(refused.value)
    assert predicted > free
    assert resident_bytes() - before < predicted / 4


def test_force_starts_a_run_that_seems_not_to_fit(tmp_path, monkeypatch):
    config = small(engine="cpu")
    monkeypatch.setattr("handgrad.training.build.load_dataset", loaded(config))
    monkeypatch.setattr(free_memory, "free_memory", lambda: 1_000_000)
    monkeypatch.setattr(memory_check, "free_memory", lambda: 1_000_000)
    with pytest.raises(ResourceError, match="--force"):
        start(config, tmp_path / "run")
    run = start(config, tmp_path / "run", force=True)
    for _ in run:
        pass
    assert run.result["epochs"] == 3


def test_parameters_gradients_and_states_are_checked_first(monkeypatch):
    model = models.mlp(input_shape=(1, 4, 4), hidden_sizes=[5], classes=3)
    needed = 4 * 4 * (16 * 5 + 5 + 5 * 3 + 3)  # of each: value, gradient, two states
    monkeypatch.setattr(free_memory, "free_memory", lambda: needed)
    check_parameters(model, Adam(0.1), (1, 4, 4), 7)
    monkeypatch.setattr(free_memory, "free_memory", lambda: needed - 1)
    with pytest.raises(ResourceError, match=r"^Training with 7 images at once needs"):
        check_parameters(model, Adam(0.1), (1, 4, 4), 7)
    assert not any(p.is_drawn for n, p in model.parameters().items() if "weight" in n)


@pytest.mark.parametrize("engine", ["plain", "cpu"])
def test_a_plan_is_made_only_where_memory_may_be_short(tmp_path, monkeypatch, engine):
    asked = []

    def plan(self, batch_size, images=0):
        asked.append((batch_size, images))
        roles = {"parameters": 1, "optimizer": 1, "workspace": 10**8}
        return PlannedBytes(roles, is_kept=True)

    for owner in (PlainEngine, CpuEngine):
        monkeypatch.setattr(owner, "planned_bytes", plan)
    config = small(engine=engine)
    monkeypatch.setattr("handgrad.training.build.load_dataset", loaded(config))
    start(config, tmp_path / "ample")
    assert asked == []
    for owner in (free_memory, memory_check):
        monkeypatch.setattr(owner, "free_memory", lambda: 4_000_000)
    with pytest.raises(ResourceError, match=r"needs 102\.00 MB of memory"):
        start(config, tmp_path / "short")
    assert len(asked) == 1


def loaded(config):
    """The data set, loaded before memory is limited."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(free_memory, "free_memory", lambda: 1 << 60)
        dataset = build.load_dataset(config)
    return lambda config, progress: dataset


def test_a_weight_larger_than_memory_is_refused_before_initialization(tmp_path):
    config = small(model={"name": "mlp", "hidden_sizes": [2 * 10**9]})
    with pytest.raises(ResourceError, match=r"\(2000000000, 64\) needs 512\.00 GB"):
        start(config, tmp_path / "run")


@pytest.mark.parametrize("engine", ["plain", "cpu"])
def test_a_run_that_does_not_fit_is_refused_and_leaves_nothing(
    tmp_path, monkeypatch, engine
):
    monkeypatch.setattr("handgrad.training.memory_check.check_memory", refuse_all)
    with pytest.raises(ResourceError, match="Training with"):
        start(small(engine=engine), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def refuse_all(wanted, what, following):
    assert wanted > 0
    raise ResourceError(f"{what} needs {wanted} bytes.")


def resident_bytes():
    """Resident anonymous memory of this process."""
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
