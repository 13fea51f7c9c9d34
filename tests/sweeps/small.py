"""A sweep of seconds on the digits, and a ledger filled without training."""

from pathlib import Path

from handgrad.studies.ledger import DONE, Ledger
from handgrad.sweeps.sweep import read_sweep

FILE = """
question = "Which learning rate?"
engine = "plain"

[dataset]
name = "digits"
image_size = [8, 8]
train_count = 200

[model]
name = "mlp"
hidden_sizes = [8]

[training]
epochs = {epochs}
batch_size = 40

[sweep]
{sweep}

[sweep.parameters]
{parameters}
"""
RATE = '"optimizer.learning_rate" = { low = 0.01, high = 1.0, log = true }'
WIDTH = '"model.hidden_sizes" = [[8], [16], [8, 8]]'
ENVIRONMENT = {"handgrad": "0", "python": "3", "processor": "", "cores": 2}
FLIPS = '"dataset.augmentation" = [[], [{ name = "random_flip" }]]'
BATCH = '"training.batch_size" = { low = 10, high = 40, integer = true }'


def write(folder, sweep="", parameters=(RATE, WIDTH), epochs=2):
    """A file of a sweep."""
    path = Path(folder) / "rates.toml"
    made = FILE.format(sweep=sweep, parameters="\n".join(parameters), epochs=epochs)
    path.write_text(made)
    return path


def sweep_of(folder, sweep="", **settings):
    """That file as a sweep."""
    return read_sweep(write(folder, sweep, **settings))


def outcome(cell, value, *, metric="validation_accuracy", **others):
    """How a trial might have ended."""
    epochs = cell.trial.epochs
    metrics = {metric: value, "test_accuracy": value / 2, "epochs": epochs}
    is_done = others.get("status", DONE) == DONE
    return {
        "trial": cell.trial.spec,
        "status": DONE,
        "reason": None if is_done else "Why.",
        "metrics": metrics if is_done else {},
        "curves": {metric: [value * (i + 1) / epochs for i in range(epochs)]},
        "seconds": 1.0,
        "environment": ENVIRONMENT,
        **others,
    }


def fill(sweep, settings, folder, value_of):
    """A ledger in which a trial has the value of its setting's place and seed."""
    ledger = Ledger(folder)
    for place, setting in enumerate(settings):
        for cell in sweep.cells(setting):
            ledger.prepare(cell.trial)
            made = outcome(cell, value_of(place, cell.trial.seed))
            ledger.record(cell.trial.key, made)
    return ledger
