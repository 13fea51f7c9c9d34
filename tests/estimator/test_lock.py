import os
import pickle
import threading
from copy import deepcopy

import numpy as np
import pytest

from handgrad.classifier import Classifier
from handgrad.estimator.lock import restored_on_error, training_lock

IMAGES = np.random.default_rng(0).integers(0, 256, (40, 6, 6), dtype=np.uint8)
LABELS = np.arange(40) % 2


def classifier(**settings):
    return Classifier("softmax_regression", epochs=1, batch_size=8, **settings)


def test_a_classifier_has_one_lock_and_a_copy_another():
    clf = classifier()
    assert training_lock(clf) is training_lock(clf)
    assert training_lock(clf) is not training_lock(deepcopy(clf))
    with training_lock(clf), training_lock(clf):  # a callback may train again
        pass


@pytest.mark.parametrize("engine", ["cpu", "plain"])
def test_portions_of_several_threads_follow_one_another(engine):
    clf = classifier(engine=engine, workers=1)
    start = threading.Barrier(4)

    def train():
        start.wait()
        for _ in range(5):
            clf.partial_fit(IMAGES, LABELS)

    threads = [threading.Thread(target=train) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    alone = classifier(engine=engine, workers=1)
    for _ in range(20):
        alone.partial_fit(IMAGES, LABELS)
    assert [record.epoch for record in clf.history_] == list(range(1, 21))
    assert clf.loss_curve_ == alone.loss_curve_
    assert np.array_equal(clf.logits(IMAGES), alone.logits(IMAGES))
    again = pickle.loads(pickle.dumps(clf)).partial_fit(IMAGES, LABELS)
    assert again.n_iter_ == 21


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")
def test_a_child_of_a_fork_waits_for_no_thread_of_its_parent():
    clf, held, release = classifier(), threading.Event(), threading.Event()

    def hold():
        with training_lock(clf):
            held.set()
            release.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    child = os.fork()
    if child == 0:
        os._exit(0 if training_lock(clf).acquire(blocking=False) else 1)
    assert os.waitpid(child, 0)[1] == 0
    release.set()
    thread.join()


class Thing:
    """What has a network from before, and adopts another one with this history."""

    def __init__(self, trained):
        self.value = 1
        if trained is not None:
            self.trained_ = trained

    def change(self, history, error):
        self.value = 2
        if history is not None:
            self.trained_, self.history_ = "new", history
        raise error


@pytest.mark.parametrize(
    ("trained", "history", "error", "is_kept"),
    [
        (None, None, KeyboardInterrupt, False),
        (None, [], KeyboardInterrupt, True),
        (None, [1], KeyboardInterrupt, True),
        ("old", None, KeyboardInterrupt, False),
        ("old", [], KeyboardInterrupt, False),
        ("old", [1], KeyboardInterrupt, True),
        (None, [1], ValueError, False),
        ("old", [1], ValueError, False),
    ],
)
def test_what_an_error_leaves(trained, history, error, is_kept):
    thing = Thing(trained)
    before = dict(vars(thing))
    with pytest.raises(error), restored_on_error(thing, keeps_interrupted=True):
        thing.change(history, error)
    assert (vars(thing) != before) == is_kept
    assert thing.value == 1 + is_kept


def test_an_interrupted_portion_changes_nothing():
    thing = Thing("old")
    with pytest.raises(KeyboardInterrupt), restored_on_error(thing):
        thing.change([1], KeyboardInterrupt)
    assert vars(thing) == {"value": 1, "trained_": "old"}
