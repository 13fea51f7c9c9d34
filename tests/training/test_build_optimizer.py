import numpy as np
import pytest

from handgrad.training.build_optimizer import build_optimizer, step_decay_length

from .small import RESOLVED, small


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        ({"name": "constant"}, [1.0] * 6),
        ({"name": "constant", "warmup_epochs": 2}, [0.25, 0.5, 0.75, 1, 1, 1]),
        (
            {"name": "step_decay", "every": 2, "factor": 0.5},
            [1, 1, 0.5, 0.5, 0.25, 0.25],
        ),
        (
            {"name": "cosine"},
            [(1 + np.cos(np.pi * done / 6)) / 2 for done in range(6)],
        ),
    ],
)
def test_schedules_are_as_long_as_the_run(schedule, rates):
    config = small(
        optimizer={"name": "sgd", "learning_rate": 1.0},
        schedule=schedule,
        training={"epochs": 3, "batch_size": 48},
    )
    optimizer = build_optimizer(config, 2)
    found = [optimizer.learning_rate(step) for step in range(1, 7)]
    np.testing.assert_allclose(found, rates, rtol=1e-12)


def test_a_step_decay_falls_in_thirds_of_the_run_if_it_says_nothing():
    config = small(training={"epochs": 7, "batch_size": 40}, resolved=RESOLVED)
    assert step_decay_length(config, 5) == 2 * 5
    assert step_decay_length(config) == 2 * 33  # 1,293 images
