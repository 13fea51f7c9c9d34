"""Cells and outcomes without training: what a row's numbers would be."""

from handgrad.studies.trials import Cell, Trial

ENVIRONMENT = {
    "handgrad": "0.1.0",
    "code_sha256": "ab" * 32,
    "python": "3.11.7",
    "libraries": {"numpy": "2.4.6"},
    "system": "Linux",
    "processor": "A processor",
    "cores": 2,
    "blas": [],
}


def cell(variant, seed=0, *, row="r1", epochs=2, **changed):
    """The cell of a variant, its settings those that are looked at."""
    config = {
        "engine": "cpu",
        "dataset": {"name": "digits", "train_count": None, "validation": "none"},
        "model": {"name": "mlp"},
        "optimizer": {"name": "sgd", "variant": variant},
        "training": {"epochs": epochs, "batch_size": 8},
    }
    for table, values in changed.items():
        config[table] = {**config[table], **values}
    spec = {"kind": "training", "seed": seed, "test": "last", "config": config}
    return Cell(row, variant, Trial(spec))


def outcome(of, *, seconds=2.0, status="done", reason=None, curves=None, **metrics):
    """How the trial of that cell ended."""
    epochs = of.trial.epochs
    return {
        "trial": of.trial.spec,
        "status": status,
        "reason": reason,
        "metrics": {"epochs": float(epochs), **metrics} if status == "done" else {},
        "curves": curves or {},
        "seconds": seconds,
        "environment": ENVIRONMENT,
    }


def outcomes(numbers, metric="test_accuracy"):
    """Cells and outcomes for numbers by variant, one for each seed."""
    cells = [cell(v, s) for v, seeds in numbers.items() for s in range(len(seeds))]
    ended = {
        c.trial.key: outcome(c, **{metric: numbers[c.variant][c.trial.seed]})
        for c in cells
    }
    return cells, ended
