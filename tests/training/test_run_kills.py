"""Runs of the plain engine killed and resumed: the same bits at the end (R3)."""

import pytest

from handgrad.training import config_from, resume

from .small import DIGITS, MLP, final_bits, go_on, killed, train, train_reporting

IMAGES = {"name": "digits", "image_size": [28, 28], "train_count": 40, "validation": 20}
AUGMENTATION = [
    {"name": "random_crop", "padding": 1},
    {"name": "random_flip"},
    {"name": "cutout", "size": 3},
    {"name": "mixup", "alpha": 1.0},
]
MODELS = {
    "softmax": ({"name": "softmax_regression"}, DIGITS),
    "mlp": (MLP, DIGITS),
    "dropout": ({**MLP, "dropout": 0.3}, DIGITS),
    "lenet": ({"name": "lenet", "activation": "relu", "pooling": "max"}, IMAGES),
    "alexnet": (
        {
            "name": "alexnet",
            "channels": [4, 4, 4, 4, 4],
            "hidden_sizes": [16, 16],
            "batch_norm": True,
            "dropout": 0.2,
        },
        {**IMAGES, "image_size": [32, 32]},
    ),
    "augmented": (MLP, {**DIGITS, "augmentation": AUGMENTATION}),
}
OPTIMIZERS = {
    "sgd": {"name": "sgd", "learning_rate": 0.05},
    "momentum": {"name": "sgd", "learning_rate": 0.02, "momentum": 0.9},
    "adam": {"name": "adam", "learning_rate": 0.003},
}


def tables_of(model, optimizer, *, checkpoint_seconds):
    table, dataset = MODELS[model]
    return {
        "engine": "plain",
        "dataset": dataset,
        "model": table,
        "optimizer": OPTIMIZERS[optimizer],
        "schedule": {"name": "cosine"},
        "loss": {"name": "softmax_cross_entropy", "label_smoothing": 0.1, "l2": 1e-4},
        "training": {
            "epochs": 3,
            "batch_size": 20 if dataset["train_count"] == 40 else 30,
            "clip_norm": 1.0,
            "checkpoint_seconds": checkpoint_seconds,
        },
    }


def resumes_exactly(folder, model, optimizer, kills, seed):
    """Kill a run at random up to `kills` times; it must end with the same bits (R3)."""
    tables = tables_of(model, optimizer, checkpoint_seconds=1000)
    train(folder / "whole", config_from(tables))
    path = folder / "killed"
    tables = tables_of(model, optimizer, checkpoint_seconds=0)
    last = 0
    for number in range(kills):
        safe = killed(
            train_reporting,
            (path, tables),
            lambda random: (random.randint(1, 4), random.uniform(0, 0.02)),
            seed=f"{seed} {model} {optimizer} {number}",
        )
        assert safe >= last or safe == 0, "a resumed run starts from a saved step"
        last = max(last, safe)
        assert resume(path).trainer.position.step >= last
        assert list(path.rglob(".tmp-*")) == []
    assert last > 0
    go_on(path)
    assert final_bits(path) == final_bits(folder / "whole")


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("model", MODELS)
def test_killed_and_resumed_it_ends_with_the_same_bits(
    tmp_path, model, optimizer, seed
):
    kills = 1 + (list(MODELS).index(model) + list(OPTIMIZERS).index(optimizer)) % 2
    resumes_exactly(tmp_path, model, optimizer, kills, seed)


@pytest.mark.nightly
@pytest.mark.parametrize("case", range(11))
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("model", MODELS)
def test_killed_many_times_it_ends_with_the_same_bits(tmp_path, model, optimizer, case):
    resumes_exactly(tmp_path, model, optimizer, 1 + case % 4, case)
