"""An outcome without training, and errors that one may have."""

from copy import deepcopy

from handgrad.studies.trials import Trial

ENVIRONMENT = {"handgrad": "0", "python": "3", "processor": "", "cores": 2}


def trial_of(*, seed=0, learning_rate=0.1):
    """A trial that is never run."""
    return Trial(
        {
            "kind": "training",
            "seed": seed,
            "test": "last",
            "config": {
                "engine": "plain",
                "dataset": {"name": "digits", "validation": 0.1, "train_count": None},
                "model": {"name": "softmax_regression"},
                "optimizer": {"name": "sgd", "learning_rate": learning_rate},
                "training": {"epochs": 2, "batch_size": 32},
            },
        }
    )


TRIAL = trial_of()
OUTCOME = {
    "trial": TRIAL.spec,
    "status": "done",
    "reason": None,
    "metrics": {
        "train_loss": 0.5,
        "lowest_train_loss": 0.5,
        "test_accuracy": 0.1 + 0.2,
        "epochs": 2.0,
    },
    "curves": {"train_loss": [2.0, 0.5]},
    "seconds": 1.0,
    "environment": ENVIRONMENT,
}
INSTEAD = (
    *(None, True, "", "x", "\ud800", [], [[]], {}, {"x": None}, [None], ["x"]),
    *(-1, 0, 0.5, 2**70, 1e300, -1e300, float("nan"), float("inf")),
)


def places(value, path=()):
    """The path of every value in plain values."""
    inner = value.items() if isinstance(value, dict) else ()
    inner = enumerate(value[:2]) if isinstance(value, list) else inner
    for key, held in inner:
        yield (*path, key)
        yield from places(held, (*path, key))


def changed(outcome, path, change):
    """A copy with a change at a path."""
    made = deepcopy(outcome)
    holder = made
    for key in path[:-1]:
        holder = holder[key]
    change(holder, path[-1])
    return made


def spoiled():
    """Ways to corrupt an outcome, each a function that yields many corrupted copies."""

    def without(outcome):
        for path in places(outcome):
            yield changed(outcome, path, lambda holder, key: holder.pop(key))

    def with_value(value):
        def put(outcome):
            for path in places(outcome):
                yield changed(
                    outcome, path, lambda holder, key: holder.__setitem__(key, value)
                )

        return put

    return [without, *map(with_value, INSTEAD)]
