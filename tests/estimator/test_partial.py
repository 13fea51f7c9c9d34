import numpy as np
import pytest

from handgrad.classifier import Classifier
from handgrad.datasets import Split
from handgrad.estimator.partial import Portions

DRAW = np.random.default_rng(0)
IMAGES = DRAW.integers(0, 256, (60, 4, 4), dtype=np.uint8)
LABELS = (IMAGES.mean(axis=(1, 2)) > 127).astype(int)


def network(engine):
    settings = {
        "epochs": 1,
        "batch_size": 16,
        "engine": engine,
        "workers": 1,
        "learning_rate": 0.02,
    }
    return Classifier("mlp", model_options={"hidden_sizes": [8]}, **settings).fit(
        IMAGES, LABELS
    )


@pytest.mark.parametrize("engine", ["cpu", "plain"])
def test_each_portion_is_an_epoch_of_one_optimizer(engine):
    clf = network(engine)
    whole = Split(IMAGES[:, None], LABELS.astype(np.int64))
    portions = Portions(clf.trained_, whole.take(np.arange(16)), epochs=1)
    seen = []
    for start in range(0, 60, 20):
        portions.train(whole.take(np.arange(start, start + 20)), seen.append)
    assert [record.epoch for record in seen] == [2, 3, 4]
    assert [record.step for record in seen] == [2, 4, 6]
    state = portions.engine.state()
    assert np.abs(state["optimizer/linear_1.weight/mean"]).max() > 0


@pytest.mark.parametrize("engine", ["cpu", "plain"])
def test_a_larger_portion_than_the_first_is_taken(engine):
    clf = network(engine)
    whole = Split(IMAGES[:, None], LABELS.astype(np.int64))
    portions = Portions(clf.trained_, whole.take(np.arange(3)))
    before = clf.logits(IMAGES)
    for _ in range(20):
        portions.train(whole, lambda record: None)
    assert not np.array_equal(clf.logits(IMAGES), before)
    assert clf.score(IMAGES, LABELS) > 0.8
